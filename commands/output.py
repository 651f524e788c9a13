import sys
from collections.abc import Sequence
from datetime import datetime

import typer

from telemetry.text import printable


def print_line(text: str, *, err: bool = False) -> None:
    """Print one line. What stored names and labels contain is shown, and controls no terminal."""
    typer.echo(printable(text), err=err)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print an aligned table on a terminal; elsewhere tab-separated lines, header first, for other programs."""
    if not sys.stdout.isatty():
        for cells in (columns, *rows):
            typer.echo("\t".join(map(printable, cells)))
    elif rows:
        _print_aligned(columns, rows)
    else:
        typer.echo(empty)


def format_minute(instant: datetime | None) -> str:
    """A point in time, which is in UTC, to the minute."""
    return instant.strftime("%Y-%m-%d %H:%MZ") if instant else ""


def _print_aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    # Only terminals need them, and importing them takes longer than most commands.
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for cells in rows:
        table.add_row(*(Text(printable(cell)) for cell in cells))
    Console().print(table)
