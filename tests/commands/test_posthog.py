"""Commands on the tables of a PostHog installation, in the embedded ClickHouse."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command_line import ROOT, CommandResult, Run, error_of, stdout_of, table_rows

POSTHOG = {"TRENDGATE_EVENTS_LAYOUT": "posthog"}

_MAKE = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from tests.support.posthog_tables import DATABASE, DDL, person_id

async def make():
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    for statement in DDL[1:]:
        await engine.command(statement.replace(f"{DATABASE}.", ""))
    for number in (1, 2):
        values = {"id": str(person_id(number))}
        await engine.command("INSERT INTO person (id, team_id, version) VALUES ({id:UUID}, 7, 1)", values)
        await engine.command(
            "INSERT INTO cohortpeople VALUES ({id:UUID}, 12, 7, 1, 3)", values
        )
    await engine.close()

asyncio.run(make())
"""


@pytest.fixture
def installation(settings: dict[str, str]) -> None:
    """PostHog's tables in the embedded ClickHouse. Another process creates them: chdb opens one folder each."""
    folder = Path(settings["TRENDGATE_DATA_DIR"]) / "events"
    folder.mkdir(parents=True)
    subprocess.run([sys.executable, "-c", _MAKE, str(folder)], cwd=ROOT, check=True, timeout=120)


def _adopt(run: Run, *words: str) -> CommandResult:
    return run("project", "adopt", "--team-id", "7", *words, **POSTHOG)


def test_team_is_adopted_with_its_id(run: Run) -> None:
    words = ("--timezone", "Europe/Berlin", "--week-start", "monday", "--group-type", "0=company")
    assert stdout_of(_adopt(run, *words, "--group-type", "2=plan=b")) == "Adopted project 7: PostHog team 7\n"
    assert table_rows(run("project", "list"))[1:] == [
        ["7", "PostHog team 7", "Default", "Europe/Berlin", "monday"]
    ]
    other = run("project", "adopt", "--team-id", "3", "--name", "Shop", **POSTHOG)
    assert stdout_of(other) == "Adopted project 3: Shop\n"


def test_id_in_use_is_rejected(run: Run) -> None:
    stdout_of(_adopt(run))
    assert "The id 7 already belongs to the project 'PostHog team 7'" in error_of(_adopt(run, "--name", "B"))
    assert "not a valid team id" in error_of(run("project", "adopt", "--team-id", "0", **POSTHOG))


@pytest.mark.parametrize("text", ["company", "a=company", "=company", "9=company", "0=", "-1=x"])
def test_invalid_group_type_is_rejected(run: Run, text: str) -> None:
    assert "group type" in error_of(_adopt(run, "--group-type", text))


@pytest.mark.parametrize(
    "words",
    [
        ("project", "create", "A"),
        ("load", "--project", "7", "README.md"),
        ("demo",),
        ("serve", "--demo", "--port", "0"),
    ],
)
def test_commands_that_write_events_are_rejected(run: Run, words: tuple[str, ...]) -> None:
    assert "is not available with TRENDGATE_EVENTS_LAYOUT=posthog" in error_of(run(*words, **POSTHOG))


def test_adopting_requires_an_installation(run: Run) -> None:
    for words in (
        ("project", "adopt", "--team-id", "7"),
        ("cohort", "adopt", "c", "--project", "7", "--cohort-id", "1"),
    ):
        assert "No PostHog installation is configured" in error_of(run(*words))


@pytest.mark.usefixtures("installation")
def test_cohort_is_adopted_with_its_members(start: Run, run: Run) -> None:
    stdout_of(_adopt(run))
    words = ("cohort", "adopt", "payers", "--project", "7", "--cohort-id")
    assert stdout_of(start(*words, "12", **POSTHOG)) == "Adopted cohort 12: payers (2 members now)\n"
    assert "The id 12 already belongs to a cohort" in error_of(start(*words, "12", "--version", "3", **POSTHOG))
    empty = error_of(start(*words, "13", "--static", **POSTHOG))
    assert empty.startswith("error: PostHog has no members of cohort 13.\nhint: ")
    refused = error_of(start("cohort", "calculate", "--project", "7", **POSTHOG))
    assert refused.startswith("error: Calculating cohorts is not available")


def test_database_without_posthog_tables_is_rejected(start: Run) -> None:
    assert "The database does not look like a PostHog installation's" in error_of(
        start("serve", "--port", "0", **POSTHOG)
    )


def test_native_projects_are_rejected_by_the_posthog_layout(start: Run, run: Run) -> None:
    stdout_of(run("project", "create", "Own"))
    assert "projects with native events: 1" in error_of(_adopt(run))
    assert "projects with native events: 1" in error_of(start("serve", "--port", "0", **POSTHOG))


def test_adopted_projects_are_rejected_by_the_native_layout(start: Run, run: Run) -> None:
    stdout_of(_adopt(run))
    error = error_of(start("serve", "--port", "0"))
    assert "projects adopted from a PostHog installation: 7" in error
    assert "TRENDGATE_EVENTS_LAYOUT=posthog" in error
    assert "adopted" in error_of(run("project", "create", "Own"))
