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
import orjson
import pyarrow as pa
import pyarrow.json

from datasource.loader.chunks import FieldTable, Record

CHUNK_BYTES: Final = 16 * 2**20
_BLOCK_BYTES: Final = 4 * 2**20
_STRING_FIELDS: Final = ("event", "distinct_id", "timestamp", "uuid", "person_id", "elements_chain")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
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


def read_jsonl(path: Path) -> Iterator["JsonlChunk"]:
    """Read the file some megabytes at a time; `.gz` files are decompressed."""
    typing, row = JsonTyping(), 1
    with open_file(path) as (raw, file):
        rest = b""
        if file.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            file.seek(0)
        while block := file.read(CHUNK_BYTES):
            cut = block.rfind(b"\n") + 1
            if cut == 0:
                rest += block
                continue
            chunk = JsonlChunk(rest + block[:cut], row, raw.tell(), typing)
            row, rest = row + chunk.data.count(b"\n"), block[cut:]
            yield chunk
        if rest:
            yield JsonlChunk(rest, row, raw.tell(), typing)


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

    @cached_property
    def lines(self) -> list[bytes]:
        """Without their ends."""
        lines = self.data.split(b"\n")
        return lines if lines[-1] else lines[:-1]

    def table(self) -> FieldTable | None:
        if not is_plain_jsonl(self.data):
            return None
        fields = self.typing.read(self.data, _STRING_FIELDS, "properties")
        if fields is None or fields.num_rows != self.data.count(b"\n") + (not self.data.endswith(b"\n")):
            return None
        return FieldTable(fields, self.first_row, self)

    def records(self) -> Iterator[Record]:
        """Yield the lines, without blank ones."""
        for row, line in enumerate(self.lines, self.first_row):
            if raw := line.strip():
                yield parse_record(row, raw)

    def properties_of(self, index: int) -> Mapping[str, object]:
        return parse_properties_object(cast(dict[str, object], parse_json(self.lines[index]))["properties"])

    def raw_row(self, index: int) -> bytes | None:
        return self.lines[index].strip()


def parse_record(row: int, raw: bytes) -> Record:
    """Parse one line of JSON."""
    try:
        value = parse_json(raw)
    except orjson.JSONDecodeError as error:
        return Record(row, raw, None, f"not valid JSON: {error}")
    if not isinstance(value, dict):
        return Record(row, raw, None, "not a JSON object")
    return Record(row, raw, value)


def parse_properties_object(value: object) -> Mapping[str, object]:
    """Return the properties in an object, or in the JSON of one."""
    return cast(Mapping[str, object], parse_json(value) if isinstance(value, str) else value)


def parse_json(text: bytes | str) -> object:
    """Parse JSON with exact integers of any length. Raises orjson.JSONDecodeError."""
    value = orjson.loads(text)
    data = text.encode() if isinstance(text, str) else text
    # orjson turns integers beyond 64 bits into doubles.
    return json.loads(data) if _LONG_INTEGER.search(data) else value


def is_plain_jsonl(data: bytes) -> bool:
    """Whether each line begins and ends like an object, none is blank, and all is UTF-8."""
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
    return data.isascii() or _is_utf8(data)


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
