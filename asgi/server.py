"""The HTTP server as a part of a larger run, which owns its socket, its signals and its stores."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp

from settings import Settings

GRACE_S = 10
PING_S = 20
"""How often a WebSocket is asked for a sign of life, and how long it may take to give it."""


class Server(uvicorn.Server):
    """uvicorn without its own signal handling, which would end the process before the stores are closed."""

    def __init__(self, app: ASGIApp, settings: Settings, *, on_start: Callable[[], None]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=settings.access_log,
                server_header=False,
                lifespan="off",
                timeout_graceful_shutdown=GRACE_S,
                ws="websockets-sansio",
                ws_max_size=settings.max_request_bytes,
                ws_ping_interval=PING_S,
                ws_ping_timeout=PING_S,
            )
        )
        self._on_start = on_start

    def stop(self) -> None:
        """Finish the requests in flight; asked again, do not wait for them."""
        self.force_exit = self.should_exit
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """See uvicorn."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await super().startup(sockets)
        self._on_start()
