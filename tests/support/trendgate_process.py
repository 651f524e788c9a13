"""Runs the command line as users do: in its own process and data folder."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def environment(data_dir: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}
    return kept | {"TRENDGATE_DATA_DIR": str(data_dir)}


def run(data_dir: Path, *arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    with start(data_dir, *arguments) as process:
        out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(data_dir: Path, *arguments: str | Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "server.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(data_dir),
    )


_ASK = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine

async def ask():
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    for select in sys.argv[2:]:
        print(*(await engine.query(select)).rows(), sep="; ")
    await engine.close()

asyncio.run(ask())
"""


def query_events(data_dir: Path, *selects: str) -> list[str]:
    """The rows of each statement as a line. Runs in another process: this one has a ClickHouse open already."""
    command = [sys.executable, "-c", _ASK, str(data_dir / "events"), *selects]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    return done.stdout.splitlines()
