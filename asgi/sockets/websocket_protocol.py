"""WebSockets: uvicorn's protocol, which reads nothing from a client that does not read."""

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from asgi.sockets.guard import Guard

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """A guest until its client has shown a key; how long it may be idle is decided by graphql/websocket.py."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        assert isinstance(server_state, Guard)  # noqa: S101 - asgi/server.py gives no other
        self._guard = server_state
        super().__init__(config, server_state, {**app_state, "keep": lambda: self._guard.guests.stop(self)}, _loop)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._guard.guests.start(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._guard.forget(self)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._guard.wait_for_reader(self)
        # Pings are answered at once: a client that sends them and reads nothing would fill the memory.
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._guard.has_read(self)
        if not self.read_paused:
            self.transport.resume_reading()

    async def receive(self) -> "ASGIReceiveEvent":
        await self.writable.wait()
        return await super().receive()

    def time_out(self) -> None:
        self.transport.close()
