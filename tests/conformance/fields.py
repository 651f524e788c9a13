"""Strict reading of JSON: a key of an object that is not read fails the case."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class CaseError(Exception):
    """A case, or an answer, that this runner cannot read; it fails the case."""


class Fields:
    """A JSON object whose keys are read one by one; see `read_object`."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise CaseError(f"{where}: must be an object, not {value!r}")
        self.where = where
        self._left: dict[str, object] = dict(value)

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: object = None) -> object:
        """Read a value; the default if it is missing or null."""
        value = self._left.pop(key, None)
        return default if value is None else value

    def text(self, key: str) -> str | None:
        """Read a string; None if it is missing, null or empty."""
        value = self.take(key)
        if not isinstance(value, str | None):
            raise CaseError(f"{self.where}.{key}: must be a string, not {value!r}")
        return value or None

    def required_text(self, key: str) -> str:
        """Read a required string."""
        value = self.text(key)
        if value is None:
            raise CaseError(f"{self.where}.{key} is missing")
        return value

    def integer(self, key: str) -> int | None:
        """A whole number."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise CaseError(f"{self.where}.{key}: must be an integer, not {value!r}")
        return value

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise CaseError(f"{self.where}.{key}: must be a number, not {value!r}")
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """Read a boolean; the default if it is missing or null."""
        value = self.take(key, default)
        if not isinstance(value, bool):
            raise CaseError(f"{self.where}.{key}: must be true or false, not {value!r}")
        return value

    def items(self, key: str) -> list[tuple[str, object]]:
        """Read the items of a list, each with its position; none if it is missing or null."""
        return items_of(self.take(key, []), f"{self.where}.{key}")

    def mapping(self, key: str) -> dict[str, object]:
        """Read an object with arbitrary keys, such as properties."""
        value = self.take(key, {})
        if not isinstance(value, dict):
            raise CaseError(f"{self.where}.{key}: must be an object, not {value!r}")
        return value

    def drop(self, keys: Iterable[str]) -> None:
        """Skip keys that change no value."""
        for key in keys:
            self._left.pop(key, None)

    def refuse_rest(self) -> None:
        """Raises CaseError when a key was not taken."""
        if self._left:
            raise CaseError(f"{self.where}: unknown key {', '.join(map(repr, self._left))}")


@contextmanager
def read_object(value: object, where: str) -> Iterator[Fields]:
    """Yield the fields of an object, all of which must have been read at the end."""
    fields = Fields(value, where)
    yield fields
    fields.refuse_rest()


def items_of(value: object, where: str) -> list[tuple[str, object]]:
    """Yield the items of a JSON list, each with its position."""
    if not isinstance(value, list):
        raise CaseError(f"{where}: must be a list, not {value!r}")
    return [(f"{where}.{index}", item) for index, item in enumerate(value)]


def without_missing(**values: object) -> dict[str, object]:
    """The arguments that are not None, as an object."""
    return {key: value for key, value in values.items() if value is not None}
