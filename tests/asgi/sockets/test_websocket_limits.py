"""WebSockets that make room, and clients of them that do not read."""

import os
from contextlib import suppress

from tests.asgi.sockets.conftest import Client, Running, Serve

HANDSHAKE = (
    "upgrade: websocket",
    "connection: upgrade",
    "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==",
    "sec-websocket-version: 13",
)


def frame(data: bytes, kind: int = 1) -> bytes:
    """A masked frame: 1 is text, 9 a ping."""
    assert len(data) < 126
    return bytes([0x80 | kind, 0x80 | len(data), 0, 0, 0, 0]) + data


def open_socket(running: Running, text: bytes = b"hi", *, buffer: int | None = None) -> Client:
    client = running.connect(buffer=buffer)
    client.get("/socket", *HANDSHAKE)
    assert client.read(32).startswith(b"HTTP/1.1 101 ")
    client.send(frame(text))
    while not client.read().endswith(b"hello"):
        pass
    return client


def test_sockets_without_a_key_make_room(serve: Serve) -> None:
    with serve(max_connections=2) as running:
        known, guest = open_socket(running, b"key"), open_socket(running)
        newcomer = running.connect()
        newcomer.get("/small")
        assert newcomer.read_answer().endswith(b"small")
        assert (known.is_open(), guest.is_open()) == (True, False)


def test_socket_beyond_is_answered_503(serve: Serve) -> None:
    with serve(max_connections=1) as running:
        known = open_socket(running, b"key")
        client = running.connect()
        client.get("/socket", *HANDSHAKE)
        assert client.read_answer().startswith(b"HTTP/1.1 503 ")
        assert known.is_open()


def test_client_that_sends_pings_and_reads_no_pongs_is_cut(serve: Serve) -> None:
    with serve(send_timeout_s=1.0) as running:
        client = open_socket(running, buffer=4096)
        client.socket.settimeout(0.1)
        pings, sent, most = frame(os.urandom(120), 9) * 500, 0, 0
        [connection] = running.server.guard.connections
        while running.server.guard.connections:
            with suppress(TimeoutError, ConnectionResetError, BrokenPipeError):
                sent += client.socket.send(pings[sent % 63_000 :])
            most = max(most, connection.transport.get_write_buffer_size())
        assert most < 1024 * 1024
