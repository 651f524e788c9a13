"""The grants, commands and names in docs/posthog.md match the code."""

import re
import shlex
from pathlib import Path

import typer
from typer.core import TyperGroup

from commands import build_cli
from datasource.layouts.posthog_columns import COHORT_TABLES, NEEDED_TABLES, SESSIONS
from errors import ErrorCode

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "posthog.md").read_text()


def test_grants_cover_every_table_that_is_read() -> None:
    granted = set(re.findall(r"GRANT SELECT ON posthog\.(\w+) TO", PAGE))
    assert granted == {*NEEDED_TABLES, *COHORT_TABLES, SESSIONS}


def test_commands_and_options_of_the_page_exist() -> None:
    root = typer.main.get_command(build_cli())
    written = re.findall(r"^\.venv/bin/trendgate (.+)$", PAGE.replace("\\\n", " "), re.MULTILINE)
    assert len(written) > 4
    for line in written:
        found = root
        for word in shlex.split(line):
            if isinstance(found, TyperGroup):
                found = found.get_command(typer.Context(found), word) or found
        known = {option for parameter in found.params for option in parameter.opts}
        assert found is not root
        assert set(re.findall(r"--[\w-]+", line)) <= known, line


def test_names_of_the_page_are_in_the_schema_or_among_the_codes() -> None:
    sdl = (ROOT / "schema.graphql").read_text()
    for name in ("eventDefinitions", "propertyDefinitions", "propertyValues", "projectUpdate", "samplingFactor"):
        assert f"`{name}`" in PAGE
        assert re.search(rf"\b{name}\b", sdl)
    assert f"`{ErrorCode.NOT_AVAILABLE}`" in PAGE
