"""The id of each request."""

import re
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID_HEADER = "x-request-id"
RESPONSE_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
"""Messages that carry the headers of a response, the handshake of a WebSocket included."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


class RequestIdMiddleware:
    """Gives each request an id and returns it in the response: the client's own if it is safe to log."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _choose_id(Headers(scope=scope).get(REQUEST_ID_HEADER))
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] in RESPONSE_STARTS:
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers.setdefault("x-content-type-options", "nosniff")
            await send(message)

        await self._app(scope, receive, send_with_id)


def _choose_id(requested: str | None) -> str:
    return requested if requested and _REQUEST_ID.fullmatch(requested) else uuid4().hex
