"""More connections than the server may have."""

import resource
from collections.abc import Iterator

import pytest

from asgi.sockets.open_files import OTHER_FILES, reserve_connections
from tests.asgi.sockets.conftest import Client, Serve

BUSY = b"HTTP/1.1 503 Service Unavailable\r\n"


def ask(client: Client, path: str = "/small") -> bytes:
    client.get(path)
    return client.read_answer()


def test_longest_wait_makes_room(serve: Serve) -> None:
    with serve(max_connections=3) as running:
        silent, used, reading = (running.connect() for _ in range(3))
        reading.send(b"POST /echo HTTP/1.1\r\nhost: test\r\ncontent-length: 2\r\n\r\na")
        running.wait_for(connections=3)
        assert ask(used).endswith(b"small")
        order = [silent, reading, used]
        for longest in list(order):
            newcomer = running.connect()
            assert ask(newcomer).endswith(b"small")
            assert not longest.is_open()
            order = [*order[1:], newcomer]
            assert all(each.is_open() for each in order)


def test_requests_beyond_are_answered_503_while_health_is_not(serve: Serve) -> None:
    with serve(max_connections=2) as running:
        busy = [running.connect() for _ in range(2)]
        for client in busy:
            client.get("/wait")
        running.wait_for(connections=2)
        answer = ask(running.connect())
        assert answer.startswith(BUSY)
        assert b"retry-after: 1\r\n" in answer
        assert b'"code":"RATE_LIMITED"' in answer
        assert ask(running.connect(), "/healthz").endswith(b"small")
        running.release.set()
        for client in busy:
            assert client.read_answer().endswith(b"done")
        assert ask(running.connect()).endswith(b"small")


def test_thousand_silent_connections_do_not_keep_others_out(serve: Serve) -> None:
    with serve(max_connections=50) as running:
        silent = [running.connect() for _ in range(1_000)]
        for _ in range(20):
            assert ask(running.connect()).endswith(b"small")
        assert sum(client.is_open() for client in silent) <= 50


@pytest.fixture
def files() -> Iterator[tuple[int, int]]:
    """The limits of open files, restored afterwards. The hard one could not be raised again, so it stays."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield limits
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_limit_of_open_files_is_raised_as_far_as_needed(files: tuple[int, int]) -> None:
    _, hard = files
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    assert reserve_connections(1_000) == 1_000
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 1_000 + OTHER_FILES


def test_limit_of_open_files_that_is_too_low_is_reported(
    files: tuple[int, int], caplog: pytest.LogCaptureFixture
) -> None:
    _, hard = files
    assert reserve_connections(hard + 1) == hard - OTHER_FILES
    assert f"allows {hard - OTHER_FILES} connections" in caplog.text
