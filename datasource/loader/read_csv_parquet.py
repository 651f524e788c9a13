"""CSV and Parquet files, as rows of the same shape as JSON Lines has."""

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
from datasource.loader.read_jsonl import load_json, open_file, properties_in
from errors import BadUserInput

PROPERTY_PREFIX: Final = "properties."
_CSV_ROWS: Final = 10_000
_PARQUET_ROWS: Final = 40_000
_LONGEST_CELL: Final = 256 * 2**20
_JSON_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class RecordChunk:
    """Rows that were read one by one already."""

    rows: tuple[Record, ...]
    position: int

    def table(self) -> FieldTable | None:
        """See Chunk.table."""
        return None

    def records(self) -> Iterator[Record]:
        """See Chunk.records."""
        return iter(self.rows)


def read_csv(path: Path) -> Iterator[RecordChunk]:
    """A CSV file with a header line.

    An empty cell is an absent value. In columns named `properties.KEY` a cell that is a JSON number, `true` or
    `false` is that, all else is text. Raises BadUserInput for a header that cannot be used.
    """
    csv.field_size_limit(_LONGEST_CELL)
    with open_file(path) as (raw, binary):
        text = io.TextIOWrapper(binary, encoding="utf-8-sig", errors="surrogateescape", newline="")
        cells = csv.reader(text, strict=True)
        header = _header(path, cells)
        rows = _csv_records(header, cells)
        while batch := tuple(islice(rows, _CSV_ROWS)):
            yield RecordChunk(batch, raw.tell())


def _header(path: Path, cells: Iterator[list[str]]) -> list[str]:
    try:
        header = next(cells, [])
    except csv.Error as wrong:
        raise BadUserInput(f"The header of {path} cannot be read: {wrong}.") from wrong
    double = sorted({name for name in header if header.count(name) > 1})
    if double:
        raise BadUserInput(f"The header of {path} names a column twice: {', '.join(double)}.")
    return header


def _csv_records(header: list[str], cells: Iterator[list[str]]) -> Iterator[Record]:
    row = 0
    while True:
        row += 1
        try:
            line = next(cells)
        except StopIteration:
            return
        except csv.Error as wrong:
            yield Record(row, b"", None, f"not valid CSV: {wrong}")
            continue
        if line:
            yield _csv_record(row, header, line)


def _csv_record(row: int, header: list[str], line: list[str]) -> Record:
    text = ",".join(line).encode(errors="surrogateescape")
    try:
        text.decode()
    except UnicodeDecodeError:
        return Record(row, text, None, "not valid UTF-8")
    if len(line) != len(header):
        return Record(row, text, None, f"has {len(line)} cells where the header has {len(header)}")
    given = {name: cell for name, cell in zip(header, line, strict=True) if cell}
    fields: dict[str, object] = {
        name: cell_value(cell) if name.startswith(PROPERTY_PREFIX) else cell for name, cell in given.items()
    }
    return Record(row, orjson.dumps(given), fields)


def cell_value(cell: str) -> object:
    """A property's value from a CSV cell."""
    if cell in ("true", "false"):
        return cell == "true"
    return load_json(cell) if _JSON_NUMBER.fullmatch(cell) else cell


@dataclass(frozen=True, slots=True)
class TableChunk:
    """Rows of typed columns."""

    fields: pa.Table
    first_row: int
    position: int

    def table(self) -> FieldTable | None:
        """See Chunk.table."""
        return FieldTable(self.fields, self.first_row, self)

    def records(self) -> Iterator[Record]:
        """See Chunk.records."""
        for row, fields in enumerate(self.fields.to_pylist(maps_as_pydicts="lossy"), self.first_row):
            given = {name: value for name, value in fields.items() if value is not None}
            yield Record(row, orjson.dumps(given, default=str, option=orjson.OPT_NON_STR_KEYS), given)

    def properties_of(self, index: int) -> Mapping[str, object]:
        """See PropertyTexts."""
        return properties_in(self.fields["properties"][index].as_py())

    def row_text(self, index: int) -> bytes | None:  # noqa: ARG002 - a Parquet row has no text
        """See PropertyTexts."""
        return None


def read_parquet(path: Path) -> Iterator[TableChunk]:
    """A Parquet file. Raises BadUserInput when it is none."""
    try:
        with pq.ParquetFile(path) as file:
            total, row, size = max(file.metadata.num_rows, 1), 1, path.stat().st_size
            for batch in file.iter_batches(_PARQUET_ROWS):
                table = pa.Table.from_batches([batch])
                yield TableChunk(table, row, size * (row - 1 + len(table)) // total)
                row += len(table)
    except pa.ArrowInvalid as wrong:
        raise BadUserInput(f"{path} is not a Parquet file that can be read.") from wrong
