"""A short name for a value: equal values have the same one, different values different ones."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Final
from zoneinfo import ZoneInfo

_SCALARS: Final = (bool, int, float, str, bytes, type(None), Decimal)


def cache_key(value: object) -> str:
    """64 hexadecimal digits over frozen dataclasses, enums, scalars, times, and collections of these.

    Types count, so 1, 1.0, True and "1" differ. Fields of dataclasses that take no part in comparing do not count.
    Raises TypeError for anything else, rather than to mix up what it cannot tell apart.
    """
    told = sha256()
    _tell(value, told.update)
    return told.hexdigest()


def _tell(value: object, write: Callable[[bytes], None]) -> None:
    kind = type(value)
    if isinstance(value, Enum):
        _tell_text(f"{kind.__qualname__}.{value.name}", "enum", write)
    elif isinstance(value, _SCALARS):
        # A class of our own that is a text, such as Identifier, is not the same as the text.
        _tell_text(repr(value), kind.__qualname__, write)
    elif isinstance(value, datetime | date):
        _tell_text(value.isoformat(), kind.__qualname__, write)
        _tell(getattr(value, "fold", 0), write)
        _tell(str(getattr(value, "tzinfo", None)), write)
    elif isinstance(value, ZoneInfo):
        _tell_text(value.key, kind.__qualname__, write)
    elif is_dataclass(value) and not isinstance(value, type):
        compared = [field.name for field in fields(value) if field.compare]
        _tell_all([getattr(value, name) for name in compared], kind.__qualname__, write)
    elif isinstance(value, Mapping):
        items = sorted(value.items(), key=lambda item: cache_key(item[0]))
        _tell_all([part for item in items for part in item], "mapping", write)
    elif isinstance(value, tuple | list):
        _tell_all(value, "sequence", write)
    elif isinstance(value, frozenset | set):
        _tell_all(sorted(map(cache_key, value)), "set", write)
    else:
        raise TypeError(f"a {kind.__qualname__} has no cache_key")


def _tell_all(values: Iterable[object], kind: str, write: Callable[[bytes], None]) -> None:
    listed = list(values)
    _tell_text(str(len(listed)), kind, write)
    for value in listed:
        _tell(value, write)


def _tell_text(text: str, kind: str, write: Callable[[bytes], None]) -> None:
    # surrogatepass: a text of a client may hold halves of characters.
    told = text.encode("utf-8", "surrogatepass")
    write(f"{kind}:{len(told)}:".encode())
    write(told)
