"""CSV and Parquet files, read to rows of the same shape as those of JSON Lines."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from datasource.loader.chunks import FieldTable, Record
from datasource.loader.read_jsonl import open_file, parse_json, parse_properties_object
from datasource.loader.row_fields import PROPERTY_PREFIX
from errors import BadUserInput

_CSV_CHUNK_ROWS: Final = 10_000
_PARQUET_CHUNK_ROWS: Final = 40_000
_MAX_CELL_BYTES: Final = 256 * 2**20
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordChunk:
    """Rows that have been read one by one."""

    rows: tuple[Record, ...]
    position: int

    def table(self) -> FieldTable | None:
        return None

    def records(self) -> Iterator[Record]:
        return iter(self.rows)


def read_csv(path: Path) -> Iterator[RecordChunk]:
    """Read a CSV file with a header line.

    An empty cell is an absent value. In columns named `properties.KEY`, JSON numbers, `true` and `false` keep
    their types, and every other cell is a string. Raises BadUserInput for an invalid header.
    """
    csv.field_size_limit(_MAX_CELL_BYTES)
    with open_file(path) as (raw, binary):
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
        lines = csv.reader(text, strict=True)
        header = _read_header(path, lines)
        rows = _csv_records(header, lines)
        while batch := tuple(islice(rows, _CSV_CHUNK_ROWS)):
            yield RecordChunk(batch, raw.tell())


def _read_header(path: Path, lines: Iterator[list[str]]) -> list[str]:
    try:
        header = next(lines, [])
    except csv.Error as error:
        raise BadUserInput("Invalid CSV header in {file}: {reason}.", file=path, reason=error) from error
    duplicates = tuple(sorted({name for name in header if header.count(name) > 1}))
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
            for batch in file.iter_batches(_PARQUET_CHUNK_ROWS):
                table = pa.Table.from_batches([batch])
                yield TableChunk(table, row, size * (row - 1 + len(table)) // total)
                row += len(table)
    except pa.ArrowInvalid as error:
        raise BadUserInput("{file} is not a valid Parquet file.", file=path) from error
