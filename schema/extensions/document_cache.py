"""Parsed documents and the results of introspection, bounded by their bytes."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from cachetools import LRUCache

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class _Entry(Generic[Value]):
    value: Value
    size: int


class DocumentCache(Generic[Value]):
    """Holds at most `max_bytes`, plus `max_keyless_bytes` for callers without a key, who cannot evict the rest."""

    def __init__(self, max_bytes: int, max_keyless_bytes: int) -> None:
        self._entries: LRUCache[Hashable, _Entry[Value]] = LRUCache(max_bytes, getsizeof=lambda each: each.size)
        self._keyless: LRUCache[Hashable, _Entry[Value]] = LRUCache(
            max_keyless_bytes, getsizeof=lambda each: each.size
        )

    @property
    def size(self) -> int:
        """Bytes in use."""
        return int(self._entries.currsize + self._keyless.currsize)

    def find(self, key: Hashable) -> Value | None:
        entry = self._entries.get(key) or self._keyless.get(key)
        return None if entry is None else entry.value

    def store(self, key: Hashable, value: Value, size: int, *, is_keyless: bool) -> None:
        entries = self._keyless if is_keyless else self._entries
        if size <= entries.maxsize:
            entries[key] = _Entry(value, size)
