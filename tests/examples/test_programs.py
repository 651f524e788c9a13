"""The example programs, run as their users run them."""

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
# Counted from the files of the demo's package, as tests/test_demo_figures.py does.
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
        "TRENDGATE_URL": f"{demo.address}/graphql",
        "TRENDGATE_KEY": demo.key if key is None else key,
    }
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture(scope="session")
def typescript() -> list[str | Path]:
    """The command of the example, built."""
    node.install(TYPESCRIPT)
    for tool in ("@graphql-codegen/cli/cjs/bin.js", "typescript/bin/tsc"):
        done = node.call(TYPESCRIPT / "node_modules" / tool, cwd=TYPESCRIPT)
        assert done.returncode == 0, done.stdout + done.stderr
    return [node.NODE, TYPESCRIPT / "dist" / "main.js"]


PYTHON: list[str | Path] = [sys.executable, EXAMPLES / "python" / "flights.py"]


def test_python_example_prints_the_table(demo: Demo) -> None:
    done = run(PYTHON, demo)
    assert [line.split() for line in done.stdout.splitlines()] == TABLE, done.stderr


def test_typescript_example_prints_the_table(demo: Demo, typescript: list[str | Path]) -> None:
    done = run(typescript, demo)
    assert [line.split() for line in done.stdout.splitlines()] == TABLE, done.stderr


def test_examples_say_what_was_refused(demo: Demo, typescript: list[str | Path]) -> None:
    for command in (PYTHON, typescript):
        done = run(command, demo, key="phx_wrong")
        assert done.returncode == 1
        assert done.stderr.startswith("UNAUTHENTICATED: ")
        assert "Traceback" not in done.stderr
