"""A server with small limits in a thread of its own, on either event loop, and sockets to it."""

import asyncio
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi.middleware.overload import OverloadMiddleware
from asgi.server import Server, new_event_loop
from settings import Settings

MEDIUM = 512 * 1024
"""Fits into the buffers of the operating system."""
LARGE = 24 * 1024 * 1024
_LARGE_BODY = b"x" * LARGE  # made once, since that alone can take as long as the event loop may be held
DRIP_S = 0.05
DEADLINE_S = 20.0
"""An upper bound for what takes a fraction of a second."""


class Client:
    """A connection whose end can be waited for."""

    def __init__(self, port: int, *, buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(DEADLINE_S)
        self.socket.connect(("127.0.0.1", port))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, path: str, *headers: str) -> None:
        lines = [f"GET {path} HTTP/1.1", "host: test", *headers, "", ""]
        self.send("\r\n".join(lines).encode())

    def read(self, size: int = 65536) -> bytes:
        """Read what has arrived; nothing if the server has closed the connection."""
        try:
            return self.socket.recv(size)
        except ConnectionResetError:
            return b""

    def read_answer(self) -> bytes:
        """Read an answer of which the length is announced; less if the server closes the connection."""
        answer = b""
        while (missing := _missing(answer)) > 0 and (part := self.read(missing)):
            answer += part
        return answer

    def read_to_end(self) -> bytes:
        parts = iter(self.read, b"")
        return b"".join(parts)

    def drip(self, data: bytes) -> bytes:
        """Send the data several times a second until the server answers or closes; return what it sends."""
        for _ in range(int(DEADLINE_S / DRIP_S)):
            if not self.is_silent(DRIP_S):
                return self.read()
            with suppress(ConnectionResetError, BrokenPipeError):
                self.send(data)
        raise AssertionError("the server never closed the connection")

    def is_open(self) -> bool:
        """Whether the server keeps the connection and has sent nothing."""
        return self.is_silent(0.01)

    def is_silent(self, seconds: float) -> bool:
        """Whether the server neither sends nor closes for a while."""
        readable = select.poll()
        readable.register(self.socket, select.POLLIN)
        return not readable.poll(seconds * 1000)


def _missing(answer: bytes) -> int:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    return (int(length[1]) if length else 0) - len(body) if end else 1


@dataclass(frozen=True)
class Running:
    """A running server: its port, and the event with which requests of /wait end."""

    port: int
    server: Server
    release: threading.Event
    clients: list[Client] = field(default_factory=list)

    def wait_for(self, *, connections: int) -> None:
        """Wait until the server has so many connections."""
        until = time.monotonic() + DEADLINE_S
        while len(self.server.guard.connections) != connections:
            assert time.monotonic() < until, "the server never closed the connection"
            time.sleep(0.02)

    def connect(self, *, buffer: int | None = None) -> Client:
        client = Client(self.port, buffer=buffer)
        self.clients.append(client)
        return client


Serve = Callable[..., Any]


def small_app(release: threading.Event) -> Starlette:
    async def small(_: Request) -> Response:
        return Response("small")

    async def large(_: Request) -> Response:
        return Response(_LARGE_BODY)

    async def medium(_: Request) -> Response:
        return Response(b"x" * MEDIUM)

    async def echo(request: Request) -> Response:
        try:
            return Response(await request.body())
        except ClientDisconnect:
            return Response(status_code=499)

    async def wait(_: Request) -> Response:
        while not release.is_set():  # noqa: ASYNC110 - set by another thread
            await asyncio.sleep(0.01)
        return Response("done")

    async def hello(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                if await websocket.receive_text() == "key":
                    websocket.state.keep()
                await websocket.send_text("hello")
        except WebSocketDisconnect:
            return

    routes = [
        Route("/small", small),
        Route("/healthz", small),
        Route("/medium", medium),
        Route("/large", large),
        Route("/echo", echo, methods=["POST"]),
        Route("/wait", wait),
        WebSocketRoute("/socket", hello),
    ]
    app = Starlette(routes=routes)
    app.add_middleware(OverloadMiddleware)
    return app


@pytest.fixture(params=[new_event_loop, asyncio.new_event_loop], ids=["uvloop", "asyncio"])
def serve(request: pytest.FixtureRequest) -> Serve:
    """Serves the small app with the given settings."""

    @contextmanager
    def serving(**settings: Any) -> Iterator[Running]:
        started, release = threading.Event(), threading.Event()
        server = Server(small_app(release), Settings(**settings), on_start=started.set)
        with socket.create_server(("127.0.0.1", 0)) as listener:

            def run() -> None:
                with asyncio.Runner(loop_factory=request.param) as runner:
                    runner.run(server.serve(sockets=[listener]))

            thread = threading.Thread(target=run)
            thread.start()
            assert started.wait(DEADLINE_S)
            running = Running(listener.getsockname()[1], server, release)
            try:
                yield running
            finally:
                for client in running.clients:
                    client.socket.close()
                release.set()
                server.stop()
                server.stop()
                thread.join()

    return serving
