"""Stored texts that would control the operator's terminal, or look like further lines of output, are escaped."""

import ast
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from datasource.metadata.store import MetadataStore
from tests.support.command_line import ROOT, CommandResult, InStore, Run, table_rows

HOSTILE = "\x1b[2J\x1b]0;title\x07\r\nerror: forged\u2028\u202egnp\x9b31m"
ESCAPED = r"\x1b[2J\x1b]0;title\x07\r\nerror: forged\u2028\u202egnp\x9b31m"
SPOILT = (
    "UPDATE organizations SET name = name || :hostile",
    "UPDATE projects SET name = name || :hostile",
    "UPDATE roles SET name = name || :hostile",
    "UPDATE users SET name = name || :hostile",
    "UPDATE api_keys SET label = label || :hostile, mask = mask || :hostile",
)


@pytest.fixture
def hostile(acme: Run, in_store: InStore) -> Run:
    """Acme, whose names were stored by something that did not check them."""
    key = ("key", "create", "--for-project", "1", "--label", "nightly", "--scope", "insight:read")
    assert acme(*key).status == 0
    assert (
        acme("access", "set", "none", "--project", "1", "--resource", "insight", "--role", "Analysts").status == 0
    )

    async def spoil(store: MetadataStore) -> None:
        async with store.write() as session:
            for statement in SPOILT:
                await session.execute(text(statement), {"hostile": HOSTILE})

    in_store(spoil)
    return acme


def check(result: CommandResult) -> None:
    output = result.stdout + result.stderr
    assert "Traceback" not in output
    assert all(character.isprintable() or character in "\n\t" for character in output), repr(output)
    assert not any(line.startswith("error: forged") for line in output.splitlines())
    assert ESCAPED in output


@pytest.mark.parametrize(
    "words",
    [
        ("organization", "list"),
        ("project", "list"),
        ("member", "list"),
        ("role", "list"),
        ("key", "list"),
        ("access", "list", "--project", "1"),
        ("access", "explain", "ada@example.com", "--project", "1", "--resource", "insight"),
        ("access", "set", "viewer", "--project", "1", "--resource", "insight", "--member", "eve@example.com"),
        ("access", "set", "viewer", "--project", "1", "--resource", "insight", "--id", "1"),
        ("access", "remove", "--project", "1", "--resource", "insight"),
        ("project", "create", "P"),
        ("member", "add", HOSTILE),
        ("project", "create", "P", "--timezone", HOSTILE),
        ("key", "revoke", HOSTILE),
    ],
)
def test_names_are_escaped(hostile: Run, words: tuple[str, ...]) -> None:
    check(hostile(*words))


def test_names_in_the_audit_log_are_escaped(hostile: Run) -> None:
    heading, row = table_rows(hostile("key", "list"))
    check(hostile("key", "revoke", dict(zip(heading, row, strict=True))["id"]))
    check(hostile("audit", "--project", "1"))


def test_cells_of_a_row_stay_on_their_line(hostile: Run) -> None:
    rows = table_rows(hostile("project", "list"))
    assert [row[1] for row in rows] == ["name", f"Flights{ESCAPED}", f"Trains{ESCAPED}"]


def test_terminal_shows_the_escapes(hostile: Run, settings: dict[str, str]) -> None:
    assert hostile("project", "list").status == 0
    ours, theirs = pty.openpty()
    environment = os.environ | settings | {"TERM": "dumb", "COLUMNS": "100"}
    command = [sys.executable, str(ROOT / "server.py"), "project", "list"]
    subprocess.run(command, env=environment, stdout=theirs, check=True)
    shown = os.read(ours, 8192).decode()
    os.close(ours)
    os.close(theirs)
    assert r"Flights\x1b[2J\x1b]0;title" in shown
    assert set(shown).isdisjoint("\x1b\x07\x9b\u2028\u202e")


def test_commands_print_through_the_functions_that_escape() -> None:
    allowed = {"__init__.py": 1, "output.py": 3, "schema.py": 1, "migrate.py": 1}
    for file in sorted((ROOT / "commands").glob("*.py")):
        assert _calls(file) == allowed.get(file.name, 0), f"{file.name}: use print_line"


def _calls(file: Path) -> int:
    """The number of calls of `typer.echo` and `print`."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    calls = (ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call))
    return sum(name in {"typer.echo", "print"} for name in calls)
