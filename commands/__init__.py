"""The command line. Each command is a module with `register(cli)`, listed in COMMANDS."""

from importlib import import_module
from typing import Annotated, Any

import typer

from commands.errors import ErrorReportingGroup
from telemetry.version import installed_version

COMMANDS = (
    *("serve", "migrate", "doctor", "load", "demo", "project", "cohort"),
    *("organization", "member", "role", "access", "key", "audit", "schema"),
)
"""In the order of the help. Each name is also that of the module."""


class CommandGroup(ErrorReportingGroup):
    """Imports only the module of the command that runs: most of a short command's time is spent on imports."""

    def list_commands(self, _ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        # An unknown name is answered with similar ones, which requires all of them.
        for name in (cmd_name,) if cmd_name in COMMANDS else COMMANDS:
            if name not in self.commands:
                cli = typer.Typer(rich_markup_mode=None)
                cli.callback()(_root)
                import_module(f"commands.{name}").register(cli)
                self.commands[name] = typer.main.get_group(cli).commands[name]
        return super().get_command(ctx, cmd_name)


def build_cli() -> typer.Typer:
    cli = typer.Typer(
        name="trendgate",
        cls=CommandGroup,
        help="Trendgate: a GraphQL gateway for product-analytics trends over ClickHouse.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    cli.callback()(_root)
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
