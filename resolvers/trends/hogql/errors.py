"""What an expression may not say, and where it says so."""

from sqlglot import exp

from errors import BadUserInput
from resolvers.trends.query import InputPath

_LONGEST_NAME = 60


class Refusal(Exception):
    """A part of an expression that cannot be used; `start` is its offset in the text."""

    def __init__(self, message: str, spot: exp.Expr | int, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.start = spot if isinstance(spot, int) else _start(spot)

    def located(self, text: str, path: InputPath) -> BadUserInput:
        """The error that the client sees: lines and columns count from 1."""
        before = text[: self.start]
        line = before.count("\n") + 1
        column = len(before) - (before.rfind("\n") + 1) + 1
        return BadUserInput(f"Line {line}, column {column}: {self.message}", path=path, hint=self.hint)


def quoted(name: str) -> str:
    """A name from the text, as messages show it."""
    short = name if len(name) <= _LONGEST_NAME else f"{name[:_LONGEST_NAME]}..."
    return f"`{short}`"


def _start(node: exp.Expr) -> int:
    starts = [part.meta["start"] for part in node.walk() if "start" in part.meta]
    return min(starts, default=0)
