import os
import pty
import re
import shlex
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.command_line import ROOT, CommandResult, Run, error_of, stdout_of, table_rows
from tests.support.trendgate_process import run as run_in_process

NEXT_STEPS = """\
Data folder: {folder}. Next:
  trendgate member add me@example.com --level owner
  trendgate key create --member me@example.com --label laptop --scope read
  trendgate load --project 1 events.jsonl
  trendgate serve
"""


def test_command_in_a_process_prints_its_result_or_error(start: Run, tmp_path: Path) -> None:
    assert start("project", "create", "Flights") == CommandResult(
        0, "Created project 1: Flights\n", NEXT_STEPS.format(folder=tmp_path / "data")
    )
    assert error_of(start("project", "create", "Flights")) == (
        "error: The organization already has a project named 'Flights'.\n"
    )


def test_next_steps_work_as_printed(run: Run, tmp_path: Path) -> None:
    made = run("project", "create", "Flights", "--organization", "Acme & sons")
    add, create_key, load, _ = [line.split(maxsplit=1)[1] for line in made.stderr.splitlines()[1:]]
    assert stdout_of(run(*shlex.split(add))) == "Added me@example.com to Acme & sons as owner\n"
    assert stdout_of(run(*shlex.split(create_key))).startswith("phx_")
    (tmp_path / "events.jsonl").write_text('{"event": "a", "distinct_id": "p", "timestamp": "2026-01-01"}\n')
    words = load.replace("events.jsonl", str(tmp_path / "events.jsonl"))
    assert run_in_process(tmp_path / "data", *words.split()).stdout.startswith("loaded 1 events")


@pytest.mark.parametrize(
    "words",
    [
        *((noun, "list") for noun in ("project", "organization", "member", "role", "key")),
        ("audit",),
        ("access", "list", "--project", "1"),
        ("key", "revoke", "phx_...0000"),
        ("cohort", "calculate", "--project", "1"),
        ("load", "--project", "1", __file__, "--format", "jsonl"),
    ],
)
def test_commands_for_what_exists_make_no_data_folder(run: Run, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert error_of(run(*words)) == (
        f"error: There is no metadata store at {tmp_path}/data/metadata.sqlite3.\n"
        "hint: Set TRENDGATE_DATA_DIR to where yours is, or create a project: trendgate project create NAME.\n"
    )
    elsewhere = {"TRENDGATE_DATABASE_URL": f"sqlite:///{tmp_path}/data/other.sqlite3"}
    said = error_of(run(*words, **elsewhere))
    assert f"at {tmp_path}/data/other.sqlite3.\nhint: Set TRENDGATE_DATABASE_URL to" in said
    assert not (tmp_path / "data").exists()


def test_commands_of_the_metadata_store_import_no_front_end_and_no_trends(start: Run) -> None:
    stdout_of(start("migrate"))
    imports = start("member", "list", PYTHONPROFILEIMPORTTIME="1").stderr
    modules = {line.rpartition("|")[2].strip() for line in imports.splitlines()}
    assert "commands.metadata" in modules
    heavy = {"graphql", "numpy", "pyarrow", "sqlglot", "starlette", "strawberry"}
    assert modules.isdisjoint(heavy)


def test_first_steps_from_nothing_to_a_key_and_back(run: Run) -> None:
    assert run("migrate").stdout == "The metadata store is up to date.\n"
    made = run("project", "create", "Flights", "--timezone", "America/New_York", "--week-start", "saturday")
    assert made.stdout == "Created project 1: Flights\n"
    assert table_rows(run("project", "list")) == [
        ["id", "name", "organization", "timezone", "week start"],
        ["1", "Flights", "Default", "America/New_York", "saturday"],
    ]
    added = run("member", "add", "Ada@Example.com", "--name", "Ada", "--level", "owner")
    assert added.stdout == "Added Ada@Example.com to Default as owner\n"
    assert table_rows(run("member", "list"))[1:] == [["Ada@Example.com", "Ada", "Default", "owner", "yes"]]

    key = run(
        *("key", "create", "--member", "ADA@example.com", "--label", "CI", "--project", "1"),
        *("--scope", "insight:read", "--scope", "project:read"),
    )
    assert key.status == 0
    assert re.fullmatch(r"phx_[0-9A-Za-z]{40,48}\n", key.stdout)
    assert "won't be shown again" in key.stderr

    heading, line = table_rows(run("key", "list"))
    listed = dict(zip(heading, line, strict=True))
    mask = f"phx_...{key.stdout.strip()[-4:]}"
    assert (listed["mask"], listed["label"], listed["owner"]) == (mask, "CI", "Ada@Example.com")
    assert (listed["scopes"], listed["projects"]) == ("insight:read project:read", "1")
    assert (listed["last used"], listed["expires"], listed["state"], listed["revoked"]) == (
        *("never", "never"),
        *("active", ""),
    )
    assert run("key", "revoke", mask).stdout == f"Revoked {mask}: CI\n"
    assert run("key", "revoke", listed["id"]).status == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\dZ", table_rows(run("key", "list"))[1][10])


def test_organization_is_required_if_there_are_several(run: Run) -> None:
    assert run("project", "create", "A", "--organization", "Acme").status == 0
    assert run("project", "create", "B").status == 0
    assert run("member", "add", "ada@example.com", "--organization", "Zeta").status == 0
    assert [line[1:3] for line in table_rows(run("project", "list"))[1:]] == [["A", "Acme"], ["B", "Acme"]]
    assert error_of(run("project", "create", "C")) == (
        "error: There are several organizations.\nhint: Choose one with --organization: Acme, Zeta.\n"
    )


def test_stores_of_a_newer_version_end_in_two_lines(start: Run, settings: dict[str, str]) -> None:
    assert start("migrate").status == 0
    folder = Path(settings["TRENDGATE_DATA_DIR"])
    with closing(sqlite3.connect(folder / "metadata.sqlite3")) as metadata, metadata:
        metadata.execute("UPDATE alembic_version SET version_num = '9001'")
    for words in (("project", "list"), ("migrate",), ("serve", "--port", "0")):
        said = error_of(start(*words))
        assert said.startswith(
            "error: The metadata store belongs to a newer version of Trendgate: it is at migration"
        )
        assert said.endswith("upgrade: docs/deployment.md.\n")
        assert said.count("\n") == 2


def test_lists_of_an_empty_store_print_only_the_header(run: Run) -> None:
    stdout_of(run("migrate"))
    for noun in ("project", "organization", "member", "role", "key"):
        assert len(table_rows(run(noun, "list"))) == 1


def test_table_on_a_terminal_is_aligned(settings: dict[str, str], run: Run) -> None:
    run("project", "create", "A [bold]name[/bold]")
    ours, theirs = pty.openpty()
    environment = os.environ | settings | {"TERM": "dumb", "COLUMNS": "100"}
    subprocess.run(
        [sys.executable, str(ROOT / "server.py"), "project", "list"], env=environment, stdout=theirs, check=True
    )
    shown = os.read(ours, 4096).decode()
    os.close(ours)
    os.close(theirs)
    assert re.search(r"id +name +organization +timezone +week start", shown)
    assert re.search(r"1 +A \[bold\]name\[/bold\] +Default +UTC +sunday", shown)
    assert "\t" not in shown


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("project", "create", "A", "--timezone", "Europe/Berln"), "error: Unknown time zone 'Europe/Berln'.\n"),
        (("project", "create", " "), "error: The name of the project is empty.\n"),
        (("member", "add", "ada"), "error: 'ada' is not a valid e-mail address.\n"),
        (
            ("key", "create", "--member", "ada@example.com", "--label", "x", "--scope", "*"),
            "error: There is no member with the e-mail address 'ada@example.com'.\n",
        ),
        (("key", "revoke", "phx_...zzzz"), "error: There is no key 'phx_...zzzz'.\n"),
    ],
)
def test_error_is_a_clear_line_and_status_1(run: Run, words: tuple[str, ...], error: str) -> None:
    stdout_of(run("migrate"))
    assert error_of(run(*words)).startswith(error)


def test_key_with_a_bad_scope_lists_the_valid_ones(run: Run) -> None:
    run("member", "add", "ada@example.com")
    words = ("key", "create", "--member", "ada@example.com", "--label", "x", "--scope", "insights:read")
    error = error_of(run(*words))
    assert error.startswith("error: Unknown scope 'insights:read'.\nhint: Did you mean insight:read?")
    assert "project:write" in error


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("project", "create"), "'name'"),
        (("project", "create", "A", "--week-start", "someday"), "someday"),
        (("key", "create", "--member", "a@b", "--label", "x"), "--scope"),
        (("key", "create", "--member", "a@b", "--label", "x", "--scope", "*", "--project", "one"), "'--project'"),
        (("projekt",), "projekt"),
        (("migrate", "--fast"), "--fast"),
    ],
)
def test_usage_error_is_status_2_and_names_the_mistake(run: Run, words: tuple[str, ...], wrong: str) -> None:
    result = run(*words)
    assert result.status == 2
    assert wrong in result.stderr
    assert "Traceback" not in result.stderr


def test_all_invalid_settings_are_named(run: Run) -> None:
    error = error_of(run("migrate", TRENDGATE_PORT="http", TRENDGATE_QUERY_TIMEOUT_S="-1"))
    assert "TRENDGATE_PORT: Input should be a valid integer" in error
    assert "TRENDGATE_QUERY_TIMEOUT_S: Input should be greater than 0" in error


def test_unreachable_database_is_reported_without_its_password(start: Run) -> None:
    error = error_of(start("migrate", TRENDGATE_DATABASE_URL="postgresql://me:s3cret@127.0.0.1:1/none"))
    assert "error: " in error
    assert "s3cret" not in error


def test_version_is_printed(run: Run) -> None:
    assert re.fullmatch(r"trendgate \S+\n", stdout_of(run("--version")))


@pytest.mark.parametrize(
    "words", [(), ("project",), ("organization",), ("member",), ("role",), ("access",), ("key",)]
)
def test_help_names_the_commands(run: Run, words: tuple[str, ...]) -> None:
    result = run(*words, "--help")
    assert result.status == 0
    expected = {
        (): ["migrate", "project", "organization", "member", "role", "access", "key", "audit"],
        ("project",): ["create", "list"],
        ("organization",): ["list", "update"],
        ("member",): ["add", "list", "level", "activate", "deactivate", "remove"],
        ("role",): ["create", "list", "delete", "add", "remove"],
        ("access",): ["list", "set", "remove", "explain"],
        ("key",): ["create", "list", "roll", "revoke"],
    }[words]
    assert all(re.search(rf"^  {command} ", result.stdout, re.MULTILINE) for command in expected)


def test_similar_commands_are_suggested(run: Run) -> None:
    assert "No such command 'projekt'. Did you mean 'project'?" in run("projekt").stderr
