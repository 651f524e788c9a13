"""What surrounds every request: its id, the limit of its body, and a last net for failures."""

import re
from contextlib import suppress
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi.responses import reply_failure
from schema.errors import MASKED_MESSAGE, mask

REQUEST_ID_HEADER = "x-request-id"

_STARTS = ("http.response.start", "websocket.accept", "websocket.http.response.start")
_FAILED = 1011
"""The code of a WebSocket that is closed because the server failed."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}", re.ASCII)


class RequestFrame:
    """Gives each request an id, the client's own where it is a harmless text, and echoes it.

    What fails inside without an answer is masked and logged under an error id. The handshake of a WebSocket is a
    request, too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = _choose_id(Headers(scope=scope).get(REQUEST_ID_HEADER))
        scope.setdefault("state", {})["request_id"] = request_id
        has_started = False

        async def send_framed(message: Message) -> None:
            nonlocal has_started
            if message["type"] in _STARTS:
                has_started = True
                message.setdefault("headers", [])
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID_HEADER] = request_id
                headers.setdefault("x-content-type-options", "nosniff")
            await send(message)

        try:
            await self._app(scope, receive, send_framed)
        except Exception as failure:
            extensions = mask(failure, request_id=request_id)
            if not has_started:
                response = reply_failure(500, MASKED_MESSAGE, extensions, path=scope["path"])
                await response(scope, receive, send_framed)
            elif scope["type"] == "websocket":
                with suppress(Exception):  # it may be closed
                    await send({"type": "websocket.close", "code": _FAILED, "reason": MASKED_MESSAGE})


class BodyLimit:
    """Refuses a request body of more than `limit` bytes, announced or not."""

    def __init__(self, app: ASGIApp, *, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            announced = Headers(scope=scope).get("content-length", "")
            if announced.isdecimal() and int(announced) > self._limit:
                raise self._refusal()
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._refusal()
            return message

        await self._app(scope, receive_limited, send)

    def _refusal(self) -> HTTPException:
        return HTTPException(413, f"The request body is larger than {self._limit} bytes, which is the limit.")


def _choose_id(sent: str | None) -> str:
    return sent if sent and _REQUEST_ID.fullmatch(sent) else uuid4().hex
