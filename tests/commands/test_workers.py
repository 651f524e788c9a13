"""`serve` with several processes, whose events are on a ClickHouse server."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from tests.commands.test_clickhouse_server import url_of
from tests.datasource.clickhouse.native_servers import serving
from tests.support import trendgate_process
from tests.support.command_line import Run, error_of
from tests.support.native_server import Backend, NativeServer
from tests.support.trendgate_process import START_S, serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")

Process = subprocess.Popen[str]


@pytest.fixture
def server(backend: Backend) -> Iterator[NativeServer]:
    with serving(backend, password="secret") as server:
        yield server


def workers_of(process: Process) -> set[int]:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    return {int(child) for child in children.read_text(encoding="utf-8").split()}


def wait_until(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + START_S
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@contextmanager
def served(data_dir: Path, server: NativeServer, **settings: str) -> Iterator[tuple[Process, str]]:
    with serve(data_dir, "--workers", "2", TRENDGATE_CLICKHOUSE_URL=url_of(server), **settings) as (process, url):
        yield process, url


def is_ready(url: str) -> bool:
    return httpx2.get(f"{url}/readyz").status_code == 200


def test_workers_serve_on_one_socket_and_stop_with_the_command(server: NativeServer, tmp_path: Path) -> None:
    with served(tmp_path, server) as (process, url):
        workers = workers_of(process)
        assert len(workers) == 2
        assert all(is_ready(url) for _ in range(10))
        process.terminate()
        assert process.wait(timeout=START_S) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == f"Data folder: {tmp_path}\nPress Ctrl-C to stop.\n"
        assert process.stderr.read() == ""
        assert not any(map(is_alive, workers))


def test_worker_that_ends_is_replaced(server: NativeServer, tmp_path: Path) -> None:
    with served(tmp_path, server) as (process, url):
        killed, other = sorted(workers_of(process))
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers_of(process) - {killed}) == 2)
        assert other in workers_of(process)
        assert is_ready(url)
        process.terminate()
        assert process.wait(timeout=START_S) == 0
        assert process.stderr is not None
        assert re.search(rf"worker {killed} ended with status -9 and is replaced", process.stderr.read())


def test_restart_replaces_all_workers_while_requests_are_answered(server: NativeServer, tmp_path: Path) -> None:
    with served(tmp_path, server) as (process, url):
        first = workers_of(process)
        process.send_signal(signal.SIGHUP)

        def is_replaced() -> bool:
            assert httpx2.get(f"{url}/healthz").status_code == 200
            now = workers_of(process)
            return len(now) == 2 and not now & first

        wait_until(is_replaced)
        process.terminate()
        assert process.wait(timeout=START_S) == 0


def test_workers_stop_when_the_command_is_killed(server: NativeServer, tmp_path: Path) -> None:
    with served(tmp_path, server) as (process, _):
        workers = workers_of(process)
        process.kill()
        wait_until(lambda: not any(map(is_alive, workers)))


def test_failure_to_start_is_reported_once(server: NativeServer, tmp_path: Path) -> None:
    url = url_of(server).replace("secret", "wrong")
    done = trendgate_process.run(tmp_path, "serve", "--workers", "2", "--port", "0", TRENDGATE_CLICKHOUSE_URL=url)
    assert done.returncode == 1
    assert done.stderr.count("error: ") == 2
    assert "A worker did not start" in done.stderr
    assert "Traceback" not in done.stderr


def test_embedded_clickhouse_has_one_worker(run: Run) -> None:
    assert "Several workers need a ClickHouse server." in error_of(run("serve", "--workers", "2"))
