"""What the readers yield: consecutive rows of a file, as columns at once or one by one."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self

import pyarrow as pa

from datasource.loader.limits import MAX_REJECTS
from errors import cut

_MAX_RAW_BYTES: Final = 2000
_MAX_REASON_LENGTH: Final = 300


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file. `fields` is None when the row could not be read; `reason` says why.

    `row` counts from 1: the line in JSON Lines, the record (without the header) in CSV and Parquet.
    """

    row: int
    raw: bytes
    fields: Mapping[str, object] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not loaded."""

    row: int
    reason: str
    raw: bytes

    @classmethod
    def of(cls, record: Record, reason: object) -> Self:
        """Reject a row; only the beginning of its text is kept."""
        return cls(record.row, cut(str(reason), _MAX_REASON_LENGTH), record.raw[:_MAX_RAW_BYTES])


class Rejects:
    """The rejected rows of a chunk: all are counted, the first ones are kept."""

    def __init__(self, rejects: Iterable[Reject] = ()) -> None:
        self.kept = list(rejects)
        self.count = len(self.kept)

    def add(self, record: Record, reason: object) -> None:
        self.count += 1
        if len(self.kept) < MAX_REJECTS:
            self.kept.append(Reject.of(record, reason))


class RowSource(Protocol):
    """The rows of a table as the file has them."""

    def properties_of(self, index: int) -> Mapping[str, object]:
        """Return the properties of the row with this index in the table."""
        ...

    def raw_row(self, index: int) -> bytes | None:
        """Return the row's bytes, or None where the format has none."""
        ...


@dataclass(frozen=True, slots=True)
class FieldTable:
    """Rows whose fields are Arrow columns.

    `source` has the exact values of arrays and objects, whose types Arrow would unify.
    """

    fields: pa.Table
    first_row: int
    source: RowSource


class Chunk(Protocol):
    """Some consecutive rows of a file."""

    @property
    def position(self) -> int:
        """How many bytes of the file have been read at the end of this chunk."""
        ...

    @property
    def size(self) -> int:
        """How many bytes of memory the rows take, roughly."""
        ...

    def table(self) -> FieldTable | None:
        """Return all rows as columns, or None when they must be read one by one."""
        ...

    def records(self) -> Iterator[Record]:
        """Yield the rows one by one, unreadable ones with a reason."""
        ...


@dataclass(frozen=True, slots=True)
class RecordChunk:
    """Rows that have been read one by one."""

    rows: tuple[Record, ...]
    position: int

    @property
    def size(self) -> int:
        return sum(len(row.raw) for row in self.rows)

    def table(self) -> FieldTable | None:
        return None

    def records(self) -> Iterator[Record]:
        return iter(self.rows)
