"""HTTP/1.1: uvicorn's protocol, with limits for the time and size of heads and bodies."""

import asyncio
from enum import Enum, auto
from http import HTTPStatus
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from asgi.sockets.guard import Guard

HEAD_BYTES: Final = 64 * 1024
"""The longest head of a request: its first line and its headers."""
READ_BYTES: Final = 256 * 1024
"""What event loops read at a time, at most."""
LONGEST_FRAMING: Final = 8
"""Bytes on the wire per byte of a body, at most: a chunk of one byte takes six."""
MAX_PIPELINED: Final = 16
"""Requests that may arrive before the first of them is answered."""


class HeadRejected(Exception):
    """Ends the parsing of a request whose head exceeds a limit."""


class Arriving(Enum):
    """The part of a request that has begun to arrive."""

    HEAD = auto()
    BODY = auto()


class HttpProtocol(HttpToolsProtocol):
    """Tells the guard what it waits for. Every clock ends with the connection, so none is left behind."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(server_state, Guard)  # noqa: S101 - asgi/server.py gives no other
        self._guard = server_state
        self._arriving: Arriving | None = None
        self._received = 0
        self._receivable = HEAD_BYTES + READ_BYTES
        self._error = HTTPStatus.BAD_REQUEST

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's is
        super().connection_made(transport)
        self._guard.head.start(self)
        self._guard.limit_buffers(self)
        self._guard.make_room(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.forget(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        # The parser collects a header of any length before it reports it.
        self._received += len(data)
        if self._received > self._receivable:
            is_body = self._arriving is Arriving.BODY
            self._refuse(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE if is_body else HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            )
        else:
            super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._arriving = Arriving.HEAD
        self._guard.idle.stop(self)
        self._guard.head.start(self)

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > HEAD_BYTES:
            self._error = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise HeadRejected
        if len(self.pipeline) >= MAX_PIPELINED:
            raise HeadRejected
        self._arriving = Arriving.BODY
        self._received, self._receivable = 0, self._guard.limits.body_bytes * LONGEST_FRAMING + READ_BYTES
        self._guard.head.stop(self)
        self._guard.body.start(self)
        self.scope["state"]["is_overloaded"] = self._guard.is_full
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._arriving = None
        self._received, self._receivable = 0, HEAD_BYTES + READ_BYTES
        self._guard.body.stop(self)
        super().on_message_complete()
        if self._latest is not None and self._latest.response_complete:
            self._guard.idle.start(self)  # the response did not wait for the body

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and self._arriving is None:
            self._guard.idle.start(self)

    def handle_websocket_upgrade(self) -> None:
        self._guard.forget(self)
        self.app_state = {**self.app_state, "is_overloaded": self._guard.is_full}
        super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._guard.wait_for_reader(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._guard.has_read(self)

    def send_400_response(self, msg: str) -> None:
        if self._error is HTTPStatus.BAD_REQUEST:
            super().send_400_response(msg)
        else:
            self._refuse(self._error)

    def time_out(self) -> None:
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    @property
    def _latest(self) -> RequestResponseCycle | None:
        """The latest request whose head has arrived."""
        return self.cycle

    def _refuse(self, status: HTTPStatus) -> None:
        """Close the connection; say why if the client expects no other answer first."""
        if self._may_answer():
            headers = "content-length: 0\r\nconnection: close"
            self.transport.write(f"HTTP/1.1 {status.value} {status.phrase}\r\n{headers}\r\n\r\n".encode())
        self.transport.close()

    def _may_answer(self) -> bool:
        match self._arriving:
            case Arriving.HEAD:
                return self._latest is None or self._latest.response_complete
            case Arriving.BODY:
                return not self.cycle.response_started and not self.pipeline
            case None:
                return False
