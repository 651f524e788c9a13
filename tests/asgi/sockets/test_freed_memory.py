"""The server gives back the memory of large answers."""

import asyncio
import threading

import pytest

import asgi.server
from resolvers.freed_memory import FreedMemory
from tests.asgi.sockets.conftest import DEADLINE_S, Serve


def test_a_running_server_gives_memory_back_off_its_loop(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    on_loop: list[bool] = []
    given_back = threading.Event()

    def trim() -> None:
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            on_loop.append(False)
        else:
            on_loop.append(True)
        given_back.set()

    freed = FreedMemory(trim)
    # The real one depends on how much the whole test process has freed.
    monkeypatch.setattr(asgi.server, "FREED", freed)
    freed.note_work()
    with serve() as server:
        assert given_back.wait(DEADLINE_S)
        client = server.connect()
        client.get("/small")
        assert client.read_answer().endswith(b"small")
    assert on_loop == [False]
