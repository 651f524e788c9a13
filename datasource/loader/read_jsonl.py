"""JSON Lines: files cut into pieces of whole lines, and the pieces read as columns or line by line."""

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
_TEXT_FIELDS: Final = ("event", "distinct_id", "timestamp", "uuid", "person_id", "elements_chain")
_MARK: Final = b"\xef\xbb\xbf"
"""Some programs put it before UTF-8; it means nothing."""
_LONG_INTEGER = re.compile(rb"[:,\[]\s*-?\d{19,}\s*[,}\]]")


class JsonTyping:
    """Property keys whose texts look like times: Arrow must be told to leave them as texts."""

    def __init__(self) -> None:
        self._times: dict[str, None] = {}

    def read(self, text: bytes, fields: tuple[str, ...], inside: str | None) -> pa.Table | None:
        """The lines as columns; None when they are not all alike, or not valid."""
        while True:
            try:
                table = pa.json.read_json(
                    pa.BufferReader(text),
                    read_options=pa.json.ReadOptions(block_size=_BLOCK_BYTES),
                    parse_options=pa.json.ParseOptions(explicit_schema=self._schema(fields, inside)),
                )
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
                return None
            times = [name for name in _times(table, inside) if name not in self._times]
            if not times:
                return table
            self._times.update(dict.fromkeys(times))

    def _schema(self, fields: tuple[str, ...], inside: str | None) -> pa.Schema:
        texts = [pa.field(name, pa.string()) for name in self._times]
        if inside is None:
            return pa.schema([pa.field(name, pa.string()) for name in fields] + texts)
        outer = [pa.field(name, pa.string()) for name in fields]
        return pa.schema([*outer, pa.field(inside, pa.struct(texts))] if texts else outer)


def read_lines(path: Path) -> Iterator["LineChunk"]:
    """The file's lines, some megabytes at a time; `.gz` is unpacked on the way."""
    typing, row = JsonTyping(), 1
    with open_file(path) as (raw, file):
        rest = b""
        if file.read(len(_MARK)) != _MARK:
            file.seek(0)
        while block := file.read(CHUNK_BYTES):
            cut = block.rfind(b"\n") + 1
            if cut == 0:
                rest += block
                continue
            chunk = LineChunk(rest + block[:cut], row, raw.tell(), typing)
            row, rest = row + chunk.data.count(b"\n"), block[cut:]
            yield chunk
        if rest:
            yield LineChunk(rest, row, raw.tell(), typing)


@contextmanager
def open_file(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The file as it lies there, whose position tells the progress, and its content, unpacked if it is a `.gz`."""
    with path.open("rb") as raw:
        if path.suffix != ".gz":
            yield raw, raw
            return
        with gzip.GzipFile(fileobj=raw) as content:
            yield raw, cast(IO[bytes], content)


@dataclass(frozen=True)
class LineChunk:
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
        """See Chunk.table."""
        if not is_plain_lines(self.data):
            return None
        fields = self.typing.read(self.data, _TEXT_FIELDS, "properties")
        if fields is None or fields.num_rows != self.data.count(b"\n") + (not self.data.endswith(b"\n")):
            return None
        return FieldTable(fields, self.first_row, self)

    def records(self) -> Iterator[Record]:
        """See Chunk.records; blank lines are none."""
        for row, line in enumerate(self.lines, self.first_row):
            text = line.strip()
            if text:
                yield read_object(row, text)

    def properties_of(self, index: int) -> Mapping[str, object]:
        """See PropertyTexts."""
        return properties_in(cast(dict[str, object], load_json(self.lines[index]))["properties"])

    def row_text(self, index: int) -> bytes | None:
        """See PropertyTexts."""
        return self.lines[index].strip()


def read_object(row: int, text: bytes) -> Record:
    """The record in one line of JSON."""
    try:
        value = load_json(text)
    except orjson.JSONDecodeError as wrong:
        return Record(row, text, None, f"not valid JSON: {wrong}")
    if not isinstance(value, dict):
        return Record(row, text, None, "not a JSON object")
    return Record(row, text, value)


def properties_in(value: object) -> Mapping[str, object]:
    """The properties in a value that is known to be an object or the JSON text of one."""
    return cast(Mapping[str, object], load_json(value) if isinstance(value, str) else value)


def load_json(text: bytes | str) -> object:
    """The value of a JSON text, integers of any length exact. Raises orjson.JSONDecodeError."""
    value = orjson.loads(text)
    data = text.encode() if isinstance(text, str) else text
    # orjson makes doubles of integers beyond 64 bits.
    return json.loads(data) if _LONG_INTEGER.search(data) else value


def is_plain_lines(data: bytes) -> bool:
    """Whether each line is one object as far as its ends tell, none is blank, and all is UTF-8."""
    if not (data.startswith(b"{") and data.endswith((b"}", b"}\n", b"}\r\n"))):
        return False
    letters = np.frombuffer(data, np.uint8)
    breaks = np.flatnonzero(letters == ord("\n"))
    breaks = breaks[:-1] if data.endswith(b"\n") else breaks
    before = letters[breaks - 1]
    if np.any(before == ord("\r")):
        before = np.where(before == ord("\r"), letters[breaks - 2], before)
    if np.any(before != ord("}")) or np.any(letters[breaks + 1] != ord("{")):
        return False
    return data.isascii() or _is_utf8(data)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _times(table: pa.Table, inside: str | None) -> list[str]:
    kinds = table.schema
    if inside is not None:
        if inside not in kinds.names or not pa.types.is_struct(kinds.field(inside).type):
            return []
        kinds = kinds.field(inside).type
    return [field.name for field in kinds if pa.types.is_timestamp(field.type)]
