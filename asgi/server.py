"""The HTTP server, run by a service that owns its socket, signals and stores."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from settings import Settings

SHUTDOWN_TIMEOUT_S = 10
PING_INTERVAL_S = 20
"""How often a WebSocket is pinged, and how long its pong may take."""


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before the stores are closed."""

    def __init__(self, app: ASGIApp, settings: Settings, *, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,  # ours names no addresses: telemetry/access_log.py
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=SHUTDOWN_TIMEOUT_S,
                ws="websockets-sansio",
                ws_max_size=settings.max_request_bytes,
                ws_ping_interval=PING_INTERVAL_S,
                ws_ping_timeout=PING_INTERVAL_S,
            )
        )
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
