"""The command line. Each command is a module with `register(cli)`, listed in COMMANDS."""

from typing import Annotated

import typer

from commands import (
    access,
    audit,
    cohort,
    demo,
    key,
    load,
    member,
    migrate,
    organization,
    project,
    role,
    schema,
    serve,
)
from commands.errors import ErrorReportingGroup
from telemetry.version import installed_version

COMMANDS = (
    *(serve, migrate, load, demo, project, cohort),
    *(organization, member, role, access, key, audit, schema),
)


def build_cli() -> typer.Typer:
    cli = typer.Typer(
        name="trendgate",
        cls=ErrorReportingGroup,
        help="Trendgate: a GraphQL gateway for product-analytics trends over ClickHouse.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    cli.callback()(_root)
    for command in COMMANDS:
        command.register(cli)
    return cli


def _print_version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"trendgate {installed_version()}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass
