"""The command line. A module per command; each has `register(app)`, and is named in COMMANDS."""

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
    for command in COMMANDS:
        command.register(cli)
    return cli
