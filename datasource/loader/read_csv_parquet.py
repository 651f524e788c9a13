"""CSV and Parquet files, read to rows of the same shape as those of JSON Lines."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final, Self

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from datasource.loader.chunks import FieldTable, Record, RecordChunk
from datasource.loader.limits import MAX_COLUMNS, MAX_LINE_BYTES
from datasource.loader.read_jsonl import open_file, parse_json, parse_properties_object
from datasource.loader.row_fields import PROPERTY_PREFIX
from errors import BadUserInput

_CSV_CHUNK_ROWS: Final = 10_000
_PARQUET_CHUNK_ROWS: Final = 40_000
_PARQUET_CHUNK_BYTES: Final = 64 * 2**20
_LINE_ENDS: Final = ("\n", "\r")
_CHUNK_BYTES: Final = 16 * 2**20
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


def read_csv(path: Path) -> Iterator[RecordChunk]:
    """Read a CSV file with a header line.

    An empty cell is an absent value. In columns named `properties.KEY`, JSON numbers, `true` and `false` keep
    their types, and every other cell is a string. Raises BadUserInput for an invalid header.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    with open_file(path) as (raw, binary):
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
        lines = csv.reader(_BoundedLines(text), strict=True)
        header = _read_header(path, lines)
        rows = _csv_records(header, lines)
        while batch := _take(rows):
            yield RecordChunk(batch, raw.tell())


class _BoundedLines:
    """The lines of a file; one that is too long is an error, and the next one follows."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE_BYTES)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE_BYTES and not line.endswith(_LINE_ENDS):
            while (part := self._text.readline(MAX_LINE_BYTES)) and not part.endswith(_LINE_ENDS):
                pass
            raise csv.Error(f"the line is longer than {MAX_LINE_BYTES:,} characters")
        return line


def _take(rows: Iterator[Record]) -> tuple[Record, ...]:
    taken: list[Record] = []
    size = 0
    while len(taken) < _CSV_CHUNK_ROWS and size < _CHUNK_BYTES and (record := next(rows, None)) is not None:
        taken.append(record)
        size += len(record.raw)
    return tuple(taken)


def _read_header(path: Path, lines: Iterator[list[str]]) -> list[str]:
    try:
        header = next(lines, [])
    except csv.Error as error:
        raise BadUserInput("Invalid CSV header in {file}: {reason}.", file=path, reason=error) from error
    if len(header) > MAX_COLUMNS:
        raise BadUserInput(
            "{file} has {count:,} columns; at most {limit:,} are allowed.",
            file=path,
            count=len(header),
            limit=MAX_COLUMNS,
        )
    duplicates = tuple(sorted(name for name, count in Counter(header).items() if count > 1))
    if duplicates:
        raise BadUserInput("Duplicate columns in the header of {file}: {names}.", file=path, names=duplicates)
    return header


def _csv_records(header: list[str], lines: Iterator[list[str]]) -> Iterator[Record]:
    row = 0
    while True:
        row += 1
        try:
            line = next(lines)
        except StopIteration:
            return
        except csv.Error as error:
            yield Record(row, b"", None, f"not valid CSV: {error}")
            continue
        if line:
            yield _csv_record(row, header, line)


def _csv_record(row: int, header: list[str], cells: list[str]) -> Record:
    raw = ",".join(cells).encode(errors="surrogateescape")
    try:
        raw.decode()
    except UnicodeDecodeError:
        return Record(row, raw, None, "not valid UTF-8")
    if len(cells) != len(header):
        return Record(row, raw, None, f"has {len(cells)} cells, but the header has {len(header)}")
    given = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
    fields: dict[str, object] = {
        name: parse_cell(cell) if name.startswith(PROPERTY_PREFIX) else cell for name, cell in given.items()
    }
    return Record(row, orjson.dumps(given), fields)


def parse_cell(cell: str) -> object:
    """Return the property value in a CSV cell."""
    if cell in ("true", "false"):
        return cell == "true"
    return parse_json(cell) if _JSON_NUMBER.fullmatch(cell) else cell


@dataclass(frozen=True, slots=True)
class TableChunk:
    """Rows of typed columns."""

    fields: pa.Table
    first_row: int
    position: int

    @property
    def size(self) -> int:
        return int(self.fields.nbytes)

    def table(self) -> FieldTable | None:
        return FieldTable(self.fields, self.first_row, self)

    def records(self) -> Iterator[Record]:
        for row, fields in enumerate(self.fields.to_pylist(maps_as_pydicts="lossy"), self.first_row):
            given = {name: value for name, value in fields.items() if value is not None}
            yield Record(row, orjson.dumps(given, default=str, option=orjson.OPT_NON_STR_KEYS), given)

    def properties_of(self, index: int) -> Mapping[str, object]:
        return parse_properties_object(self.fields["properties"][index].as_py())

    def raw_row(self, index: int) -> bytes | None:  # noqa: ARG002 - Parquet has no rows of bytes
        return None


def read_parquet(path: Path) -> Iterator[TableChunk]:
    """Read a Parquet file. Raises BadUserInput when it is not one."""
    try:
        with pq.ParquetFile(path) as file:
            total, row, size = max(file.metadata.num_rows, 1), 1, path.stat().st_size
            for batch in file.iter_batches(_rows_at_once(file.metadata)):
                table = pa.Table.from_batches([batch])
                yield TableChunk(table, row, size * (row - 1 + len(table)) // total)
                row += len(table)
    except pa.ArrowInvalid as error:
        raise BadUserInput("{file} is not a valid Parquet file.", file=path) from error


def _rows_at_once(metadata: pq.FileMetaData) -> int:
    """As many rows as take the memory of a chunk, by the largest rows on average of a row group."""
    groups = (metadata.row_group(index) for index in range(metadata.num_row_groups))
    row_bytes = max((group.total_byte_size // max(group.num_rows, 1) for group in groups), default=0)
    return max(1, min(_PARQUET_CHUNK_ROWS, _PARQUET_CHUNK_BYTES // max(row_bytes, 1)))
