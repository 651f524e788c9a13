import sys
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import typer

from telemetry.text import printable


def print_line(text: str, *, err: bool = False) -> None:
    """Print one line. What stored names and labels contain is shown, and controls no terminal."""
    typer.echo(printable(text), err=err)


@dataclass(frozen=True)
class BriefTable:
    """What a terminal shows of a table with many columns.

    The cells of `unbroken` columns stay on one line; `widest` has the most characters of a line in other columns.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    unbroken: Collection[str] = ()
    widest: Mapping[str, int] = field(default_factory=dict)


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str, brief: BriefTable | None = None
) -> None:
    """Print an aligned table on a terminal; elsewhere tab-separated lines, header first, for other programs."""
    if not sys.stdout.isatty():
        for cells in (columns, *rows):
            typer.echo("\t".join(map(printable, cells)))
    elif rows:
        _print_aligned(brief or BriefTable(columns, rows))
    else:
        typer.echo(empty)


def format_minute(instant: datetime | None) -> str:
    """A point in time, which is in UTC, to the minute."""
    return instant.strftime("%Y-%m-%d %H:%MZ") if instant else ""


def format_day(instant: datetime | None) -> str:
    """The day of a point in time, in UTC."""
    return instant.strftime("%Y-%m-%d") if instant else ""


def _print_aligned(shown: BriefTable) -> None:
    # Only terminals need them, and importing them takes longer than most commands.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in shown.columns:
        is_unbroken = column in shown.unbroken
        table.add_column(column, overflow="fold", no_wrap=is_unbroken, max_width=shown.widest.get(column))
    for cells in shown.rows:
        table.add_row(*(Text(printable(cell)) for cell in cells))
    Console().print(table)
