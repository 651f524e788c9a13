"""Unexpected exceptions outside GraphQL execution."""

from contextlib import suppress

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from asgi.middleware.request_id import RESPONSE_STARTS
from asgi.responses import error_response
from schema.errors import MASKED_MESSAGE, mask

_WS_INTERNAL_ERROR = 1011


class MaskErrorsMiddleware:
    """Answers 500 without details and logs the exception under an error id. Needs the request's id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_observed(message: Message) -> None:
            nonlocal has_started
            has_started = has_started or message["type"] in RESPONSE_STARTS
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        except Exception as error:
            extensions = mask(error, request_id=scope["state"]["request_id"])
            if not has_started:
                response = error_response(500, MASKED_MESSAGE, extensions=extensions, path=scope["path"])
                await response(scope, receive, send)
            elif scope["type"] == "websocket":
                with suppress(Exception):  # it may be closed already
                    await send({"type": "websocket.close", "code": _WS_INTERNAL_ERROR, "reason": MASKED_MESSAGE})
