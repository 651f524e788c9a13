"""Loads files of events, persons and groups into the native layout.

A file is read in chunks, and while some chunks are stored the next ones are read. Whatever interrupts it, what is
stored stays right, and loading the same file again stores only what is missing.
"""

import asyncio
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path
from typing import Final

from datasource.clickhouse.engine import Engine
from datasource.loader.chunks import Chunk
from datasource.loader.groups import GroupTypeIndex
from datasource.loader.journal import repair
from datasource.loader.read_csv_parquet import RecordChunk, TableChunk, read_csv, read_parquet
from datasource.loader.read_jsonl import read_lines
from datasource.loader.rejects import RejectsFile
from datasource.loader.sinks import Kind, Read, Sink, kind_of, sink_for
from errors import BadUserInput, NotFound

__all__ = [
    "Chunk",
    "FileFormat",
    "Job",
    "Kind",
    "LoadReport",
    "RecordChunk",
    "RejectsFile",
    "TableChunk",
    "load_chunks",
    "load_file",
    "open_chunks",
    "repair",
    "sink_for",
]

BATCH_ROWS: Final = 100_000
BATCH_BYTES: Final = 96 * 2**20
"""A batch, which is stored at once, ends with the chunk that reaches either."""

_ROWS_TO_TELL: Final = 100


class FileFormat(StrEnum):
    """How a file is written."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


_READERS: Final[Mapping[FileFormat, Callable[[Path], Iterator[Chunk]]]] = {
    FileFormat.JSONL: read_lines,
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
    """What a load did so far. `already_there` counts events; `unused` names fields of which nothing is loaded."""

    stored: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(Kind, 0))
    already_there: int = 0
    rejected: int = 0
    rows: int = 0
    position: int = 0
    unused: dict[str, None] = field(default_factory=dict)
    started: float = field(default_factory=time.perf_counter)

    @property
    def seconds(self) -> float:
        """Since the load began."""
        return time.perf_counter() - self.started


Progress = Callable[[LoadReport], None]


@dataclass(frozen=True, slots=True)
class Job:
    """One load: where bad rows go, and the report that is kept up to date all along, also when it is cancelled."""

    rejects: RejectsFile
    report: LoadReport = field(default_factory=LoadReport)
    progress: Progress = lambda _: None


async def load_file(
    engine: Engine,
    project_id: int,
    path: Path,
    job: Job,
    *,
    type_index: GroupTypeIndex,
    kind: Kind | None = None,
    file_format: FileFormat | None = None,
) -> None:
    """Load a file. `kind` and `file_format` are told by the rows and the file's name unless given.

    Raises NotFound without the file, BadUserInput when it cannot be read as what it is.
    """
    chunks = open_chunks(path, file_format)
    first = await asyncio.to_thread(next, chunks, None)
    if first is None:
        return
    kind = kind or kind_of(islice(first.records(), _ROWS_TO_TELL))
    sink = sink_for(kind, engine, project_id, type_index)
    await load_chunks(chain([first], chunks), sink, path, job)


def open_chunks(path: Path, file_format: FileFormat | None = None) -> Iterator[Chunk]:
    """The chunks of a file. Raises NotFound, or BadUserInput when its format cannot be told."""
    if not path.exists():
        raise NotFound(f"There is no file {path}.", hint="Check the path.")
    if not path.is_file():
        raise BadUserInput(f"{path} is not a file.", hint="Name the files one by one.")
    return _readable(path, _READERS[file_format or _format_of(path)](path))


def _readable(path: Path, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    try:
        yield from chunks
    except (OSError, EOFError, zlib.error) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise BadUserInput(f"{path} cannot be read any further: {reason}.") from failure


def _format_of(path: Path) -> FileFormat:
    suffix = path.with_suffix("").suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() not in _SUFFIXES:
        raise BadUserInput(
            f"The name of {path} does not say what format it has.",
            hint="Say --format jsonl, csv or parquet.",
        )
    return _SUFFIXES[suffix.lower()]


async def load_chunks(chunks: Iterator[Chunk], sink: Sink, source: Path, job: Job) -> None:
    """Read the chunks and store what they hold, a batch at a time; `source` is how rejects name the file."""
    loop = asyncio.get_running_loop()
    batches = _batches(chunks, sink)
    ahead = loop.run_in_executor(None, _next_batch, batches)
    try:
        while parts := await asyncio.shield(ahead):
            ahead = loop.run_in_executor(None, _next_batch, batches)
            await _finish(_store(parts, sink, source, job))
            job.progress(job.report)
    finally:
        # The thread cannot be stopped; it must be done before anything it uses goes away.
        await asyncio.wait([ahead])


def _batches(chunks: Iterator[Chunk], sink: Sink) -> Iterator[list[Read]]:
    parts: list[Read] = []
    start = 0
    for chunk in chunks:
        parts.append(sink.read(chunk))
        if sum(part.rows for part in parts) >= BATCH_ROWS or chunk.position - start >= BATCH_BYTES:
            yield parts
            parts, start = [], chunk.position
    if parts:
        yield parts


def _next_batch(batches: Iterator[list[Read]]) -> list[Read]:
    return next(batches, [])


async def _finish(storing: Coroutine[None, None, None]) -> None:
    # Interrupted in the middle, a batch would have to be repaired: it ends first.
    task = asyncio.ensure_future(storing)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise


async def _store(parts: Sequence[Read], sink: Sink, source: Path, job: Job) -> None:
    outcome, report = await sink.store(parts), job.report
    refused = [reject for part in parts for reject in part.rejects] + list(outcome.rejects)
    job.rejects.add(source, refused)
    report.stored[sink.kind] += outcome.stored
    report.already_there += outcome.known
    report.rejected += len(refused)
    report.rows += sum(part.rows for part in parts)
    report.position = parts[-1].position
    report.unused.update(dict.fromkeys(name for part in parts for name in part.unused))
