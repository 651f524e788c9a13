import sys
from collections.abc import Sequence
from datetime import datetime

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
    """Print an aligned table on a terminal; elsewhere tab-separated lines, header first, for other programs."""
    if not sys.stdout.isatty():
        for cells in (columns, *rows):
            typer.echo("\t".join(_one_line(cell) for cell in cells))
    elif rows:
        _print_aligned(columns, rows)
    else:
        typer.echo(empty)


def format_minute(instant: datetime | None) -> str:
    """A point in time, which is in UTC, to the format_minute."""
    return instant.strftime("%Y-%m-%d %H:%MZ") if instant else ""


def _print_aligned(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for cells in rows:
        table.add_row(*(Text(_one_line(cell)) for cell in cells))
    Console().print(table)


def _one_line(cell: str) -> str:
    return " ".join(cell.split()) if not cell.isprintable() else cell
