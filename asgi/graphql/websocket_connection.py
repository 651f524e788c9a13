"""A WebSocket's connection, on which each operation is a request of its own."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from starlette.websockets import WebSocket
from strawberry.exceptions import ConnectionRejectionError

from errors import ErrorCode
from resolvers.context import RequestContext
from settings import Settings

OpenContext = Callable[[WebSocket, str, str | None], Awaitable[RequestContext]]
"""Opens the context of an operation from its socket, request id and Authorization header."""


class Connection:
    """Opens a context per operation, since a connection may outlive its API key and anything loaded before."""

    def __init__(self, websocket: WebSocket, open_context: OpenContext, settings: Settings) -> None:
        self._websocket = websocket
        self._open_context = open_context
        self._settings = settings
        self._has_key = False
        self._operations = 0
        self.request_id: Final = str(websocket.state.request_id)
        self.connection_params: Mapping[str, object] = {}  # Strawberry stores connection_init's payload here

    @property
    def authorization(self) -> str | None:
        """The Authorization of connection_init, where browsers send it, or else that of the handshake."""
        for name, value in self.connection_params.items():
            if name.lower() == "authorization":
                return value if isinstance(value, str) else ""
        return self._websocket.headers.get("authorization")

    @property
    def idle_s(self) -> float:
        """How long the connection may be without operations, in seconds."""
        return self._settings.socket_idle_s if self._has_key else self._settings.keyless_socket_idle_s

    async def open_context(self) -> RequestContext:
        """Open a context for the next operation, authenticating its key again."""
        self._operations += 1
        request_id = f"{self.request_id}.{self._operations}"
        return await self._open_context(self._websocket, request_id, self.authorization)

    async def check_key(self) -> None:
        """Raise ConnectionRejectionError if the key is invalid; without a key, fields decide."""
        if self.authorization is None:
            return
        context = await self._open_context(self._websocket, self.request_id, self.authorization)
        error = context.authentication_error
        if error is not None and error.code is ErrorCode.UNAUTHENTICATED:
            raise ConnectionRejectionError
        if error is None:
            self._has_key = True
            # Connections without a key make room for others; see asgi/sockets.
            getattr(self._websocket.state, "keep", _no_op)()


def _no_op() -> None:
    """Stands for the server's own where there is none: in tests, and with other servers."""
