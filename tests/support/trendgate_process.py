"""The command line in its own process with its own data folder."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
START_S = 60


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """The environment with only these settings of Trendgate."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}
    return {**inherited, "TRENDGATE_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **settings}


def run(data_dir: Path, *arguments: str | Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    with start(data_dir, *arguments, **settings) as process:
        out, err = process.communicate(timeout=300)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


def start(data_dir: Path, *arguments: str | Path, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "server.py", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(data_dir, **settings),
    )


@contextmanager
def serve(data_dir: Path, *arguments: str, **settings: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """A running server and its URL."""
    with start(data_dir, "serve", "--port", "0", *arguments, **settings) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            match = re.search(r"http://[\d.]+:\d+", first)
            assert match, (first, process.communicate(timeout=START_S))
            yield process, match[0]
        finally:
            process.kill()


_QUERY = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine

async def query():
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    for select in sys.argv[2:]:
        print(*(await engine.query(select)).rows(), sep="; ")
    await engine.close()

asyncio.run(query())
"""


def query_events(data_dir: Path, *selects: str) -> list[str]:
    """Return the rows of each statement as a line, from a new process: this one has another folder open."""
    command = [sys.executable, "-c", _QUERY, str(data_dir / "events"), *selects]
    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True, timeout=120)
    return result.stdout.splitlines()
