"""Requests on more connections than the server may have."""

from typing import Final

from starlette.types import ASGIApp, Receive, Scope, Send

from asgi.responses import error_response
from errors import ErrorCode

ALWAYS_ANSWERED: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""Paths that say how the gateway is; a busy gateway must not look like one that is down."""
RETRY_AFTER_S: Final = 1


class OverloadMiddleware:
    """Answers 503 where the server has marked the connection as one too many."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_overloaded = scope["type"] in ("http", "websocket") and scope["state"].get("is_overloaded", False)
        if is_overloaded and scope["path"] not in ALWAYS_ANSWERED:
            response = error_response(
                503,
                "The gateway has too many connections.",
                path=scope["path"],
                hint="Try again in a second, and use one connection for several requests.",
                extensions={"code": str(ErrorCode.RATE_LIMITED), "retryAfter": RETRY_AFTER_S},
                headers={"retry-after": str(RETRY_AFTER_S), "connection": "close"},
            )
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)
