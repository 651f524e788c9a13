"""JSON Lines: files split into chunks of whole lines, which are read as columns or line by line."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Final, cast

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.json

from datasource.loader.chunks import Chunk, FieldTable, Record, RecordChunk
from datasource.loader.limits import (
    MAX_DEPTH,
    MAX_LINE_BYTES,
    MAX_PROPERTIES,
    MAX_TABLE_CELLS,
)

CHUNK_BYTES: Final = 16 * 2**20
_BLOCK_BYTES: Final = 4 * 2**20
_STRING_FIELDS: Final = ("event", "distinct_id", "timestamp", "uuid", "person_id", "elements_chain")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_KEY = re.compile(rb'"([^"\\]*)"\s*:')
_TOO_LONG: Final = f"the line is longer than {MAX_LINE_BYTES:,} bytes"
_LONG_INTEGER = re.compile(rb"[:,\[]\s*-?\d{19,}\s*[,}\]]")


class JsonTyping:
    """The schema for Arrow's JSON reader, which grows with the property keys whose strings look like times.

    Arrow would otherwise parse those strings.
    """

    def __init__(self) -> None:
        self._times: dict[str, None] = {}

    def read(self, lines: bytes, fields: tuple[str, ...], inside: str | None) -> pa.Table | None:
        """Read the lines as columns, or return None when a line is invalid or types differ between lines."""
        while True:
            try:
                table = pa.json.read_json(
                    pa.BufferReader(lines),
                    read_options=pa.json.ReadOptions(block_size=_BLOCK_BYTES),
                    parse_options=pa.json.ParseOptions(explicit_schema=self._schema(fields, inside)),
                )
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                return None
            times = [name for name in _time_columns(table, inside) if name not in self._times]
            if not times:
                return table
            self._times.update(dict.fromkeys(times))

    def _schema(self, fields: tuple[str, ...], inside: str | None) -> pa.Schema:
        strings = [pa.field(name, pa.string()) for name in self._times]
        if inside is None:
            return pa.schema([pa.field(name, pa.string()) for name in fields] + strings)
        outer = [pa.field(name, pa.string()) for name in fields]
        return pa.schema([*outer, pa.field(inside, pa.struct(strings))] if strings else outer)


def read_jsonl(path: Path) -> Iterator[Chunk]:
    """Read the file some megabytes at a time; `.gz` files are decompressed."""
    typing, row = JsonTyping(), 1
    with open_file(path) as (raw, file):
        rest = b""
        if file.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            file.seek(0)
        while block := file.read(CHUNK_BYTES):
            cut = block.rfind(b"\n") + 1
            if cut:
                chunk = JsonlChunk(rest + block[:cut], row, raw.tell(), typing)
                row, rest = row + chunk.data.count(b"\n"), block[cut:]
                yield chunk
            else:
                rest += block
            if len(rest) > MAX_LINE_BYTES:
                _skip_line(file)
                yield RecordChunk((Record(row, rest[:MAX_LINE_BYTES], None, _TOO_LONG),), raw.tell())
                row, rest = row + 1, b""
        if rest:
            yield JsonlChunk(rest, row, raw.tell(), typing)


def _skip_line(file: IO[bytes]) -> None:
    while (part := file.readline(CHUNK_BYTES)) and not part.endswith(b"\n"):
        pass


@contextmanager
def open_file(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """Open a file: the raw file, whose position is the progress, and its decompressed content."""
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield raw, raw
            return
        with gzip.GzipFile(fileobj=raw) as content:
            yield raw, cast(IO[bytes], content)


@dataclass(frozen=True)
class JsonlChunk:
    """Whole lines of a JSON Lines file."""

    data: bytes
    first_row: int
    position: int
    typing: JsonTyping

    @property
    def size(self) -> int:
        return len(self.data)

    @cached_property
    def lines(self) -> list[bytes]:
        """Without their ends."""
        lines = self.data.split(b"\n")
        return lines if lines[-1] else lines[:-1]

    def table(self) -> FieldTable | None:
        if not is_plain_jsonl(self.data) or not is_small_table(self.data):
            return None
        fields = self.typing.read(self.data, _STRING_FIELDS, "properties")
        if fields is None or fields.num_rows != self.data.count(b"\n") + (not self.data.endswith(b"\n")):
            return None
        return FieldTable(fields, self.first_row, self)

    def records(self) -> Iterator[Record]:
        """Yield the lines, without blank ones."""
        start, row = 0, self.first_row
        while start < len(self.data):
            end = self.data.find(b"\n", start)
            end = len(self.data) if end < 0 else end
            if raw := self.data[start:end].strip():
                yield parse_record(row, raw)
            start, row = end + 1, row + 1

    def properties_of(self, index: int) -> Mapping[str, object]:
        return parse_properties_object(cast(dict[str, object], parse_json(self.lines[index]))["properties"])

    def raw_row(self, index: int) -> bytes | None:
        return self.lines[index].strip()


def parse_record(row: int, raw: bytes) -> Record:
    """Parse one line of JSON."""
    if len(raw) > MAX_LINE_BYTES:
        return Record(row, raw, None, _TOO_LONG)
    try:
        value = parse_json(raw)
    except RecursionError:
        return Record(row, raw, None, f"nested more than {MAX_DEPTH} levels deep")
    except orjson.JSONDecodeError as error:
        return Record(row, raw, None, f"not valid JSON: {error}")
    if not isinstance(value, dict):
        return Record(row, raw, None, "not a JSON object")
    return Record(row, raw, value)


def parse_properties_object(value: object) -> Mapping[str, object]:
    """Return the properties in an object, or in the JSON of one."""
    return cast(Mapping[str, object], parse_json(value) if isinstance(value, str) else value)


def parse_json(text: bytes | str) -> object:
    """Parse JSON with exact integers of any length. Raises orjson.JSONDecodeError, or RecursionError."""
    value = orjson.loads(text)
    data = text.encode() if isinstance(text, str) else text
    # orjson turns integers beyond 64 bits into doubles.
    return json.loads(data) if _LONG_INTEGER.search(data) else value


def is_plain_jsonl(data: bytes) -> bool:
    """Whether all is UTF-8 and each line looks like an object, within the limits of a row; none is blank."""
    if not (data.startswith(b"{") and data.endswith((b"}", b"}\n", b"}\r\n"))):
        return False
    characters = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(characters == ord("\n"))
    breaks = breaks[:-1] if data.endswith(b"\n") else breaks
    before = characters[breaks - 1]
    if np.any(before == ord("\r")):
        before = np.where(before == ord("\r"), characters[breaks - 2], before)
    if np.any(before != ord("}")) or np.any(characters[breaks + 1] != ord("{")):
        return False
    return _has_short_shallow_lines(characters, breaks) and (data.isascii() or _is_utf8(data))


def _has_short_shallow_lines(characters: npt.NDArray[np.uint8], breaks: npt.NDArray[np.intp]) -> bool:
    edges = np.concatenate(([-1], breaks, [len(characters)]))
    if np.diff(edges).max() > MAX_LINE_BYTES:
        return False
    # Setting this bit makes braces of brackets. Those in strings count too, so the depth is never too low.
    folded = characters | 0x20
    opening, closing = folded == ord("{"), folded == ord("}")
    places = np.flatnonzero(opening | closing)
    depths = np.cumsum(np.where(opening[places], 1, -1))
    firsts = np.searchsorted(places, edges[:-1])
    before = np.concatenate(([0], depths))[firsts]
    return bool((np.maximum.reduceat(depths, firsts) - before).max() <= MAX_DEPTH)


def is_small_table(lines: bytes) -> bool:
    """Whether Arrow's columns of the lines fit into memory: every key at any depth has a place in every row."""
    keys = len(set(_KEY.findall(lines)))
    return keys <= MAX_PROPERTIES and keys * (lines.count(b"\n") + 1) <= MAX_TABLE_CELLS


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _time_columns(table: pa.Table, inside: str | None) -> list[str]:
    types = table.schema
    if inside is not None:
        if inside not in types.names or not pa.types.is_struct(types.field(inside).type):
            return []
        types = types.field(inside).type
    return [field.name for field in types if pa.types.is_timestamp(field.type)]
