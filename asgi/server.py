"""The HTTP server, run by a service that owns its socket, signals and stores."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from asgi.sockets.guard import Guard, SocketLimits
from asgi.sockets.http_protocol import HttpProtocol
from asgi.sockets.memory import MemoryWatch
from asgi.sockets.open_files import reserve_connections
from asgi.sockets.websocket_protocol import WebSocketProtocol
from resolvers.freed_memory import FREED
from settings import Settings

SHUTDOWN_TIMEOUT_S = 10
PING_INTERVAL_S = 20
"""How often a WebSocket is pinged, and how long its pong may take."""


class Server(uvicorn.Server):
    """uvicorn with limits for sockets (asgi/sockets), and without its own signal handling.

    That would end the process before the stores are closed.
    """

    def __init__(self, app: ASGIApp, settings: Settings, *, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=HttpProtocol,
                ws=WebSocketProtocol,
                log_config=None,
                access_log=False,  # ours names no addresses: telemetry/access_log.py
                server_header=False,
                lifespan="off",
                timeout_keep_alive=settings.keep_alive_s,
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
                ws_max_size=settings.max_request_bytes,
                ws_ping_interval=PING_INTERVAL_S,
                ws_ping_timeout=PING_INTERVAL_S,
            )
        )
        connections = reserve_connections(settings.max_connections)
        self.guard = Guard(SocketLimits.from_settings(settings, connections))
        self.server_state = self.guard
        self.memory = MemoryWatch(settings.workers)
        self._on_start = on_start

    def stop(self) -> None:
        """Stop after the requests in flight; called again, stop at once."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()

    async def on_tick(self, counter: int) -> bool:
        self.guard.check()
        is_short = self.memory.is_short
        if is_short:
            self.guard.relieve()
        if FREED.is_due or is_short:
            await asyncio.to_thread(FREED.give_back)
        return await super().on_tick(counter)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Create uvloop's event loop where it is installed, otherwise the standard library's."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()
