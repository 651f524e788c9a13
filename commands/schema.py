from pathlib import Path
from typing import Annotated

import typer

from errors import ErrorCode, GatewayError

COMMITTED = Path(__file__).resolve().parent.parent / "schema.graphql"


def register(cli: typer.Typer) -> None:
    cli.command("schema")(show)


def show(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with schema.graphql instead; status 1 when it is stale.")
    ] = False,
) -> None:
    """Print the GraphQL schema, in SDL."""
    from schema.build import print_sdl

    sdl = print_sdl()
    if not check:
        typer.echo(sdl, nl=False)
    elif not COMMITTED.is_file() or COMMITTED.read_text(encoding="utf-8") != sdl:
        raise GatewayError(
            ErrorCode.BAD_USER_INPUT,
            "schema.graphql is not what the code says.",
            hint="Write it anew: python server.py schema > schema.graphql",
        )
