"""The names of ClickHouse's types, taken apart."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

_PART: Final = re.compile(r"'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|[(),]|[^'`(),]+")
_ENUM: Final = re.compile(r"('(?:[^'\\]|\\.)*') = (-?\d+)")
_NAMED: Final = re.compile(r"(`(?:[^`\\]|\\.)*`|[A-Za-z_]\w*) (.+)", re.DOTALL)
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED: Final = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "0": "\0", "a": "\a", "v": "\v"}


def split_type(kind: str) -> tuple[str, tuple[str, ...]]:
    """The name and what stands in its brackets: `Map(String, Array(UInt8))` -> Map, (String, Array(UInt8))."""
    name, bracket, rest = kind.partition("(")
    return (name, tuple(_split(rest[:-1]))) if bracket else (name, ())


def _split(text: str) -> Iterator[str]:
    depth, part = 0, ""
    for piece in _PART.findall(text):
        depth += (piece == "(") - (piece == ")")
        if piece == "," and depth == 0:
            yield part.strip()
            part = ""
        else:
            part += piece
    if part.strip():
        yield part.strip()


def split_named(args: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names and types of a tuple's parts; without names they are empty."""
    found = [_NAMED.fullmatch(arg) for arg in args]
    named = [match.groups() for match in found if match]
    if len(named) < len(args):
        return ("",) * len(args), tuple(args)
    return tuple(_unquote(name) if name[0] == "`" else name for name, _ in named), tuple(kind for _, kind in named)


def read_enum(args: Sequence[str]) -> dict[int, str]:
    """The names of an enumeration by their numbers."""
    found = (_ENUM.fullmatch(arg) for arg in args)
    return {int(match.group(2)): _unquote(match.group(1)) for match in found if match}


def _unquote(text: str) -> str:
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match.group(1), match.group(1)), text[1:-1])
