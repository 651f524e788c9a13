"""Strict reading of JSON: every key of an object must be asked for, or the case fails."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class CaseError(Exception):
    """A case, or an answer, that this runner cannot read; it fails the case."""


class Fields:
    """A JSON object whose keys are taken one by one; see `read_object`."""

    def __init__(self, value: object, where: str) -> None:
        if not isinstance(value, dict):
            raise CaseError(f"{where}: an object is needed, not {value!r}")
        self.where = where
        self._left: dict[str, object] = dict(value)

    def __contains__(self, key: str) -> bool:
        return key in self._left

    def take(self, key: str, default: object = None) -> object:
        """The key's value, or the default where it is absent or null."""
        value = self._left.pop(key, None)
        return default if value is None else value

    def text(self, key: str) -> str | None:
        """A text, None where it is absent, null or empty."""
        value = self.take(key)
        if not isinstance(value, str | None):
            raise CaseError(f"{self.where}.{key}: a text is needed, not {value!r}")
        return value or None

    def required_text(self, key: str) -> str:
        """A text that must be there."""
        value = self.text(key)
        if value is None:
            raise CaseError(f"{self.where}.{key} is missing")
        return value

    def integer(self, key: str) -> int | None:
        """A whole number."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int | None):
            raise CaseError(f"{self.where}.{key}: a whole number is needed, not {value!r}")
        return value

    def number(self, key: str) -> float | None:
        """A number."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int | float | None):
            raise CaseError(f"{self.where}.{key}: a number is needed, not {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """A boolean, false where it is absent or null."""
        value = self.take(key, False)
        if not isinstance(value, bool):
            raise CaseError(f"{self.where}.{key}: true or false is needed, not {value!r}")
        return value

    def items(self, key: str) -> list[tuple[str, object]]:
        """The members of a list, each with its place; none where it is absent or null."""
        return items_of(self.take(key, []), f"{self.where}.{key}")

    def mapping(self, key: str) -> dict[str, object]:
        """An object whose keys are the case's own, such as properties."""
        value = self.take(key, {})
        if not isinstance(value, dict):
            raise CaseError(f"{self.where}.{key}: an object is needed, not {value!r}")
        return value

    def drop(self, keys: Iterable[str]) -> None:
        """Pass over keys that are known to change no figure."""
        for key in keys:
            self._left.pop(key, None)

    def refuse_rest(self) -> None:
        """Raises CaseError when a key was not taken."""
        if self._left:
            raise CaseError(f"{self.where}: unknown key {', '.join(map(repr, self._left))}")


@contextmanager
def read_object(value: object, where: str) -> Iterator[Fields]:
    """The fields of an object; at the end every one of them must have been taken."""
    fields = Fields(value, where)
    yield fields
    fields.refuse_rest()


def items_of(value: object, where: str) -> list[tuple[str, object]]:
    """The members of a JSON list, each with its place."""
    if not isinstance(value, list):
        raise CaseError(f"{where}: a list is needed, not {value!r}")
    return [(f"{where}.{index}", item) for index, item in enumerate(value)]


def without_missing(**values: object) -> dict[str, object]:
    """The arguments that are not None, as an object."""
    return {key: value for key, value in values.items() if value is not None}
