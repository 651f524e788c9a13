import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

from commands.environment import load_settings, require_own_tables
from commands.metadata import require_metadata, require_project
from commands.options import ProjectOption
from commands.output import print_line
from datasource.clickhouse.errors import ClickHouseError
from datasource.loader.load import (
    FileFormat,
    LoadJob,
    LoadReport,
    RejectsFile,
    RowKind,
    load_file,
    open_chunks,
)
from datasource.metadata.data_versions import changing_data
from datasource.metadata.group_types import ensure_group_type
from errors import ErrorCode, GatewayError
from resolvers.stores import Stores, open_stores, repair_all
from settings import Settings

REJECTED: Final = 3
INTERRUPTED: Final = 130


def register(cli: typer.Typer) -> None:
    cli.command()(load)


def load(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="The files, in loading order.", show_default=False),
    ],
    project: ProjectOption,
    kind: Annotated[
        RowKind | None,
        typer.Option(help="What the rows are. Default: detected.", show_default=False),
    ] = None,
    file_format: Annotated[
        FileFormat | None,
        typer.Option(
            "--format", help="The format of the files. Default: detected from their names.", show_default=False
        ),
    ] = None,
    rejects: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="The file for rejected rows. Default: FILE.rejects.jsonl in the data folder.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Load events, persons or groups from JSON Lines, CSV (both also as .gz) or Parquet.

    Each file holds rows of one kind. Rows that are stored already are skipped, so repeating a load is safe and an
    interrupted one continues. Loading persons before their events is faster than after them.

    Exit status: 0 if all rows were loaded, 3 if some were rejected, 1 on an error, 130 if interrupted.
    """
    require_own_tables(load_settings(), "load")
    request = Request(tuple(files), project, kind, file_format, rejects)
    for path in request.files:
        open_chunks(path, file_format)
    report = LoadReport()
    try:
        written = asyncio.run(run(load_settings(), request, report))
    except KeyboardInterrupt as interrupted:
        print_line(f"interrupted: {_counts(report)} so far. Run the command again to continue.", err=True)
        raise typer.Exit(INTERRUPTED) from interrupted
    if report.unused:
        print_line(f"not loaded: {', '.join(report.unused)}")
    print_line(summary(report, written))
    for reason, count in report.reasons.most_common(3):
        print_line(f"rejected {count}: {reason}", err=True)
    if report.rejected:
        raise typer.Exit(REJECTED)


@dataclass(frozen=True, slots=True)
class Request:
    """The files to load, and where to."""

    files: tuple[Path, ...]
    project_id: int
    kind: RowKind | None
    file_format: FileFormat | None
    rejects: Path | None


async def run(settings: Settings, request: Request, report: LoadReport) -> list[RejectsFile]:
    """Load every file; return the rejects files that were written."""
    require_metadata(settings)
    async with open_stores(settings) as stores:
        await require_project(stores.metadata, request.project_id)
        await repair_all(stores.metadata, stores.events)
        written: list[RejectsFile] = []
        shared = RejectsFile(request.rejects) if request.rejects else None
        for path in request.files:
            rejects = shared or RejectsFile(settings.data_dir / f"{path.name}.rejects.jsonl")
            async with changing_data(stores.metadata, request.project_id):
                await _load(stores, request, path, rejects, report)
            if rejects.count and rejects not in written:
                written.append(rejects)
        return written


async def _load(stores: Stores, request: Request, path: Path, rejects: RejectsFile, report: LoadReport) -> None:
    async def type_index(name: str) -> int | None:
        return await ensure_group_type(stores.metadata, request.project_id, name)

    with rejects, progress_bar(path) as progress:
        try:
            await load_file(
                stores.events,
                request.project_id,
                path,
                LoadJob(rejects, report, progress),
                type_index=type_index,
                kind=request.kind,
                file_format=request.file_format,
            )
        except (ClickHouseError, OSError) as failure:
            raise GatewayError(
                ErrorCode.INTERNAL,
                "Loading {file} failed: {cause}.",
                file=str(path),
                cause=failure.strerror if isinstance(failure, OSError) else f"ClickHouse error {failure.code}",
                check="the server's log" if stores.events.is_shared else "the free space of the data folder",
                hint="The rows stored so far are kept. Check {check}, then load again.",
            ) from failure


@contextmanager
def progress_bar(path: Path) -> Iterator["ShowProgress"]:
    """Show how much of the file has been read, if standard error is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,.0f} per second"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        yield ShowProgress(bar, path)


class ShowProgress:
    """Updates a progress bar."""

    def __init__(self, bar: Progress, path: Path) -> None:
        self._bar = bar
        self._task = bar.add_task(path.name, total=path.stat().st_size, rows=0, rate=0.0)

    def __call__(self, report: LoadReport) -> None:
        rate = report.rows / max(report.seconds, 1e-6)
        self._bar.update(self._task, completed=report.position, rows=report.rows, rate=rate)


def summary(report: LoadReport, rejects: Sequence[RejectsFile]) -> str:
    """The counts of a load."""
    rate = report.rows / max(report.seconds, 1e-6)
    line = f"loaded {_counts(report)}, in {report.seconds:.1f} s ({rate:,.0f} per second)"
    if rejects:
        line += f"; rejects in {', '.join(map(_describe, rejects))}"
    return line


def _describe(rejects: RejectsFile) -> str:
    left_out = f" (without the last {rejects.left_out})" if rejects.left_out else ""
    return f"{rejects.path}{left_out}"


def _counts(report: LoadReport) -> str:
    events = report.stored[RowKind.EVENTS]
    others = [f"{count} {kind}" for kind, count in report.stored.items() if count and kind is not RowKind.EVENTS]
    has_events = events or report.already_stored or not others
    loaded = [f"{events} events", *others] if has_events else others
    known = [f"{report.already_stored} already stored"] if has_events else []
    return ", ".join([*loaded, f"{report.rejected} rejected", *known])
