"""Errors in an expression, with the place in its text."""

from sqlglot import exp

from errors import BadUserInput, Message
from resolvers.trends.query import InputPath

_LONGEST_NAME = 60


class HogQLError(Exception):
    """An error in a part of an expression; `start` is its offset in the text.

    Like those of a GatewayError, message and hint are literal templates for the values.
    """

    def __init__(self, template: str, node: exp.Expr | int, hint: str | None = None, /, **values: object) -> None:
        super().__init__(template)
        self.message = Message(template, values)
        self.hint = None if hint is None else Message(hint, values)
        self.start = node if isinstance(node, int) else _start(node)

    def locate(self, text: str, path: InputPath) -> BadUserInput:
        """The error that the client sees: lines and columns count from 1."""
        before = text[: self.start]
        return BadUserInput(
            "Line {line}, column {column}: {message}",
            path=path,
            hint=self.hint,
            line=before.count("\n") + 1,
            column=len(before) - (before.rfind("\n") + 1) + 1,
            message=self.message,
        )


def quoted(name: str) -> str:
    """A name from the text, as messages quote it."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    return f"`{short}`"


def _start(node: exp.Expr) -> int:
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)
