import re
from pathlib import Path
from typing import Annotated

import typer

from errors import ErrorCode, GatewayError

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = ROOT / "schema.graphql"
RELEASED = ROOT / "tests" / "schema" / "schema.released.graphql"
CHANGELOG = ROOT / "CHANGELOG.md"


def register(cli: typer.Typer) -> None:
    cli.command("schema")(show)


def show(
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Compare with the committed SDL instead of printing. Exits with 1 when schema.graphql is stale, "
            "or when a breaking change since the last release is not listed in CHANGELOG.md.",
        ),
    ] = False,
) -> None:
    """Print the GraphQL schema, in SDL."""
    from schema.build import print_sdl

    sdl = print_sdl()
    if check:
        _check_committed(sdl)
        _check_released(sdl)
    else:
        typer.echo(sdl, nl=False)


def _check_committed(sdl: str) -> None:
    if not COMMITTED.is_file() or COMMITTED.read_text(encoding="utf-8") != sdl:
        raise GatewayError(
            ErrorCode.BAD_USER_INPUT,
            "schema.graphql is stale.",
            hint="Run `python server.py schema > schema.graphql`.",
        )


def _check_released(sdl: str) -> None:
    from schema.sdl_diff import breaking_changes

    named = named_as_breaking(CHANGELOG.read_text(encoding="utf-8"))
    changes = breaking_changes(RELEASED.read_text(encoding="utf-8"), sdl)
    missing = [change for change in changes if change.coordinate not in named]
    if missing:
        listed = tuple(f"`{change.coordinate}`: {change.description}" for change in missing)
        raise GatewayError(
            ErrorCode.BAD_USER_INPUT,
            "The schema breaks clients of the last release: {changes}",
            changes=listed,
            hint="Keep and deprecate it, or mention it in CHANGELOG.md under Unreleased, Breaking, in backticks.",
        )


def named_as_breaking(changelog: str) -> frozenset[str]:
    """The names in backticks in the section Breaking of the unreleased changes."""
    unreleased = _after("## Unreleased", changelog).partition("\n## ")[0]
    entries = _after("### Breaking", unreleased).partition("\n### ")[0]
    return frozenset(re.findall(r"`([^`\n]+)`", entries))


def _after(heading: str, text: str) -> str:
    return f"\n{text}".partition(f"\n{heading}\n")[2]
