"""Objects that clients sent, read member by member; whatever is not understood is refused with its path."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from math import isfinite
from typing import TypeVar

import orjson

from errors import BadUserInput
from resolvers.trends.query import InputPath

Choice = TypeVar("Choice")

_INTEGER = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_FLAGS = {"true": True, "false": False}


class Fields:
    """The members of an object, taken one by one. null, an empty text and an absent member are the same."""

    def __init__(self, values: Mapping[str, object], path: InputPath = ()) -> None:
        self.path = path
        self._left = dict(values)

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def take(self, name: str) -> object:
        """The member as it was sent."""
        value = self._left.pop(name, None)
        return None if value == "" else value

    def take_exact(self, name: str) -> object:
        """The member, where an empty text is a value."""
        return self._left.pop(name, None)

    def at(self, name: str) -> InputPath:
        """Where the member is."""
        return (*self.path, name)

    def text(self, name: str) -> str | None:
        return read_text(self.take(name), self.at(name))

    def flag(self, name: str) -> bool:
        return read_flag(self.take(name), self.at(name)) or False

    def integer(self, name: str) -> int | None:
        return read_integer(self.take(name), self.at(name))

    def number(self, name: str) -> float | None:
        return read_number(self.take(name), self.at(name))

    def choice(self, name: str, choices: Mapping[str, Choice]) -> Choice | None:
        """What the text stands for; refused are others than the choices."""
        text = self.text(name)
        return None if text is None else choose(text, choices, self.at(name))

    def items(self, name: str) -> list[tuple[InputPath, object]]:
        """The members of a list, each with its path."""
        return list_items(self.take(name), self.at(name))

    def drop(self, names: Iterable[str]) -> None:
        """Pass over what is known to change no figure."""
        for name in names:
            self._left.pop(name, None)

    def refuse_rest(self, known: Sequence[str]) -> None:
        """Raises BadUserInput for a member that nobody asked for."""
        for name in self._left:
            raise BadUserInput(f"{name} is not known here.", path=self.at(name), hint=suggest(name, known))


@contextmanager
def read_members(value: object, path: InputPath, *, known: Sequence[str]) -> Iterator[Fields]:
    """The members of an object, all of which must have been taken at the end."""
    if not isinstance(value, dict):
        raise BadUserInput(f"An object is needed, not {shown(value)}.", path=path)
    fields = Fields(value, path)
    yield fields
    fields.refuse_rest(known)


def read_text(value: object, path: InputPath) -> str | None:
    if value is not None and not isinstance(value, str):
        raise BadUserInput(f"A text is needed, not {shown(value)}.", path=path)
    return value


def read_flag(value: object, path: InputPath) -> bool | None:
    """A boolean, or its name in any case."""
    flag = _FLAGS.get(value.lower(), value) if isinstance(value, str) else value
    if flag is not None and not isinstance(flag, bool):
        raise BadUserInput(f"true or false is needed, not {shown(value)}.", path=path)
    return flag


def read_integer(value: object, path: InputPath) -> int | None:
    """A whole number of GraphQL's size, or its digits."""
    number = int(value) if isinstance(value, str) and _INTEGER.fullmatch(value) else value
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int) or abs(number) >= 2**31:
        raise BadUserInput(f"A whole number is needed, not {shown(value)}.", path=path)
    return number


def read_number(value: object, path: InputPath) -> float | None:
    """A finite number, or a text that is one."""
    number = value
    if isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    elif value is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not isfinite(number):
        raise BadUserInput(f"A number is needed, not {shown(value)}.", path=path)
    return float(number)


def list_items(value: object, path: InputPath) -> list[tuple[InputPath, object]]:
    """The members of a list, each with its path; a null is an empty list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadUserInput(f"A list is needed, not {shown(value)}.", path=path)
    return [((*path, index), item) for index, item in enumerate(value)]


def read_json(value: object, path: InputPath) -> object:
    """What a JSON text holds, or the value itself."""
    if not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as wrong:
        raise BadUserInput(
            f"This is not JSON: {wrong}.",
            path=path,
            hint='Lists and objects are written as JSON: [{"id": "sign up"}].',
        ) from wrong


def choose(text: str, choices: Mapping[str, Choice], path: InputPath) -> Choice:
    """What the text stands for; raises BadUserInput with the choices that there are."""
    if text not in choices:
        raise BadUserInput(f"{shown(text)} is none of the values here.", path=path, hint=suggest(text, [*choices]))
    return choices[text]


def suggest(wrong: str, known: Sequence[str]) -> str:
    """Which of the known names may be meant, or all of them."""
    close = get_close_matches(wrong[:100].lower(), known, n=1, cutoff=0.6)
    meant = f"Did you mean {close[0]}? " if close else ""
    return f"{meant}Known are {', '.join(known)}."


def shown(value: object) -> str:
    """A value as a message may quote it."""
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = orjson.dumps(value).decode() if isinstance(value, str | bool | int | float | None) else "that"
    return text if len(text) <= 100 else "one of that length"
