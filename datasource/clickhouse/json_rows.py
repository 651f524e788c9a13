"""The rows of ClickHouse's format JSONCompactEachRowWithNames as columns."""

from collections.abc import Iterator
from typing import Final

import orjson

FORMAT: Final = "JSONCompactEachRowWithNames"
_BYTES_AT_ONCE: Final = 256 * 1024
"""A parser of JSON holds every thread of the process while it reads, so it never reads much."""


def read_columns(document: bytes) -> dict[str, list[object]]:
    """Return the columns by name, in order."""
    lines = iter(document.splitlines())
    names: list[str] = orjson.loads(next(lines))
    columns: list[list[object]] = [[] for _ in names]
    for rows in _batches(lines):
        for column, values in zip(columns, zip(*rows, strict=True), strict=True):
            column.extend(values)
    return dict(zip(names, columns, strict=True))


def _batches(lines: Iterator[bytes]) -> Iterator[list[list[object]]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        batch.append(line)
        size += len(line)
        if size >= _BYTES_AT_ONCE:
            yield orjson.loads(b"[" + b",".join(batch) + b"]")
            batch, size = [], 0
    if batch:
        yield orjson.loads(b"[" + b",".join(batch) + b"]")
