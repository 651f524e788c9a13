"""Loads files of events, persons and groups into Trendgate's own tables.

The next chunks of a file are read while a batch of earlier ones is stored. After any interruption the stored rows
are consistent, and loading the same file again stores only the missing ones.
"""

import asyncio
import re
import time
import zlib
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Final

from datasource.clickhouse.engine import Engine
from datasource.loader.chunks import Chunk, RecordChunk
from datasource.loader.groups import GroupTypeIndex
from datasource.loader.journal import repair
from datasource.loader.limits import MAX_UNUSED
from datasource.loader.read_csv_parquet import TableChunk, read_csv, read_parquet
from datasource.loader.read_jsonl import read_jsonl
from datasource.loader.rejects import RejectsFile
from datasource.loader.sinks import ParsedChunk, RowKind, Sink, create_sink, detect_kind
from errors import BadUserInput, NotFound

__all__ = [
    "Chunk",
    "FileFormat",
    "LoadJob",
    "LoadReport",
    "RecordChunk",
    "RejectsFile",
    "RowKind",
    "TableChunk",
    "create_sink",
    "load_chunks",
    "load_file",
    "open_chunks",
    "repair",
]

BATCH_ROWS: Final = 100_000
BATCH_BYTES: Final = 96 * 2**20
"""A batch, which is stored at once, ends with the chunk that reaches one of the two."""

_DETECTION_ROWS: Final = 100

_TIMESTAMP: Final = re.compile(r"^timestamp [-+.\de]+")
_MAX_REASONS: Final = 100


class FileFormat(StrEnum):
    """The format of a file."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


_READERS: Final[Mapping[FileFormat, Callable[[Path], Iterator[Chunk]]]] = {
    FileFormat.JSONL: read_jsonl,
    FileFormat.CSV: read_csv,
    FileFormat.PARQUET: read_parquet,
}
_SUFFIXES: Final[Mapping[str, FileFormat]] = {
    ".jsonl": FileFormat.JSONL,
    ".ndjson": FileFormat.JSONL,
    ".json": FileFormat.JSONL,
    ".csv": FileFormat.CSV,
    ".parquet": FileFormat.PARQUET,
}


@dataclass(slots=True)
class LoadReport:
    """The result of a load so far. `already_stored` counts events; `unused` are fields that are not loaded."""

    stored: dict[RowKind, int] = field(default_factory=lambda: dict.fromkeys(RowKind, 0))
    already_stored: int = 0
    rejected: int = 0
    rows: int = 0
    position: int = 0
    unused: dict[str, None] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    """How often the rows were rejected for each reason, without the values in it."""
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """The time since the load began."""
        return time.perf_counter() - self.started


Progress = Callable[[LoadReport], None]


@dataclass(frozen=True, slots=True)
class LoadJob:
    """One load: its file of rejects, and its report, which is up to date even when the load is cancelled."""

    rejects: RejectsFile
    report: LoadReport = field(default_factory=LoadReport)
    progress: Progress = lambda _: None


async def load_file(
    engine: Engine,
    project_id: int,
    path: Path,
    job: LoadJob,
    *,
    type_index: GroupTypeIndex,
    kind: RowKind | None = None,
    file_format: FileFormat | None = None,
) -> None:
    """Load a file. `kind` and `file_format` are detected from the rows and the file's name unless given.

    Raises NotFound when the file does not exist, and BadUserInput when it cannot be read.
    """
    chunks = open_chunks(path, file_format)
    first = await asyncio.to_thread(next, chunks, None)
    if first is None:
        return
    kind = kind or detect_kind(islice(first.records(), _DETECTION_ROWS))
    sink = create_sink(kind, engine, project_id, type_index)
    await load_chunks(chain([first], chunks), sink, path, job)


def open_chunks(path: Path, file_format: FileFormat | None = None) -> Iterator[Chunk]:
    """Open a file. Raises NotFound, or BadUserInput when its format is unknown."""
    if not path.exists():
        raise NotFound("File not found: {file}.", file=path, hint="Check the path.")
    if not path.is_file():
        raise BadUserInput("{file} is not a file.", file=path, hint="List the files one by one.")
    return _readable(path, _READERS[file_format or _format_of(path)](path))


def _readable(path: Path, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    try:
        yield from chunks
    except (OSError, EOFError, zlib.error) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise BadUserInput("{file} cannot be read any further: {reason}.", file=path, reason=reason) from failure


def _format_of(path: Path) -> FileFormat:
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in _SUFFIXES:
        raise BadUserInput(
            "The format of {file} cannot be detected from its name.",
            file=path,
            hint="Add --format jsonl, csv or parquet.",
        )
    return _SUFFIXES[suffix.lower()]


async def load_chunks(chunks: Iterator[Chunk], sink: Sink, source: Path, job: LoadJob) -> None:
    """Store the chunks in batches. `source` is the file that rejects name."""
    loop = asyncio.get_running_loop()
    batches = _batches(chunks, sink)
    ahead = loop.run_in_executor(None, _next_batch, batches)
    try:
        while parts := await asyncio.shield(ahead):
            ahead = loop.run_in_executor(None, _next_batch, batches)
            await _finish(_store(parts, sink, source, job))
            job.progress(job.report)
    finally:
        # The thread cannot be stopped, and must end before what it uses is closed.
        await asyncio.wait([ahead])


def _batches(chunks: Iterator[Chunk], sink: Sink) -> Iterator[list[ParsedChunk]]:
    parts: list[ParsedChunk] = []
    size = 0
    for chunk in chunks:
        parts.append(sink.parse(chunk))
        size += chunk.size
        if sum(part.rows for part in parts) >= BATCH_ROWS or size >= BATCH_BYTES:
            yield parts
            parts, size = [], 0
    if parts:
        yield parts


def _next_batch(batches: Iterator[list[ParsedChunk]]) -> list[ParsedChunk]:
    return next(batches, [])


async def _finish(storing: Coroutine[None, None, None]) -> None:
    # A batch that was interrupted would have to be repaired, so let it end.
    task = asyncio.ensure_future(storing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


def _without_value(reason: str) -> str:
    """Return a reason without the value of its row, which differs between rows rejected for the same reason."""
    begin = min((place for place in map(reason.find, "'\"") if place >= 0), default=-1)
    if begin < 0:
        return _TIMESTAMP.sub("timestamp …", reason)
    end = reason.rfind(reason[begin], begin + 1)
    return f"{reason[:begin]}…{reason[end + 1 :] if end > 0 else ''}"


async def _store(parts: Sequence[ParsedChunk], sink: Sink, source: Path, job: LoadJob) -> None:
    outcome, report = await sink.store(parts), job.report
    for rejects in (*(part.rejects for part in parts), outcome.rejects):
        job.rejects.add(source, rejects)
        report.rejected += rejects.count
        for reason in (_without_value(reject.reason) for reject in rejects.kept):
            if reason in report.reasons or len(report.reasons) < _MAX_REASONS:
                report.reasons[reason] += 1
    report.stored[sink.kind] += outcome.stored
    report.already_stored += outcome.already_stored
    report.rows += sum(part.rows for part in parts)
    report.position = parts[-1].position
    for name in (name for part in parts for name in part.unused):
        if len(report.unused) < MAX_UNUSED:
            report.unused[name] = None
