"""What the readers hand on: some consecutive rows of a file, as columns at once or one by one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a file. `fields` is None when the row could not be read, and `reason` says why.

    `row` counts from 1: the line in JSON Lines, the record (without the header) in CSV and Parquet.
    """

    row: int
    text: bytes
    fields: Mapping[str, object] | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that is not loaded."""

    row: int
    reason: str
    text: bytes


@dataclass(frozen=True, slots=True)
class FieldTable:
    """The rows' fields as Arrow columns; `property_texts` has the JSON text of each row's properties.

    Only where Arrow cannot say what exactly stood in the file (arrays and objects) are the texts needed.
    """

    fields: pa.Table
    first_row: int
    property_texts: "PropertyTexts"


class PropertyTexts(Protocol):
    """Where the exact texts of a table's rows are."""

    def properties_of(self, index: int) -> Mapping[str, object]:
        """The properties of the row with this index in the table."""
        ...

    def row_text(self, index: int) -> bytes | None:
        """The row as it stood in the file, or None where the file has no such thing."""
        ...


class Chunk(Protocol):
    """Some consecutive rows of a file."""

    @property
    def position(self) -> int:
        """How many bytes of the file are read when this chunk is done."""
        ...

    def table(self) -> FieldTable | None:
        """All rows as columns, or None when they must be read one by one."""
        ...

    def records(self) -> Iterator[Record]:
        """The rows one by one; whatever cannot be read is among them, with the reason."""
        ...
