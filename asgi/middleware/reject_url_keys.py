"""API keys in URLs, which end up in logs, browser histories and referrers."""

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi.responses import error_response
from permissions.api_keys import PREFIX

_KEY_PARAMETERS = frozenset(
    {
        "accesstoken",
        "apikey",
        "apitoken",
        "auth",
        "authorization",
        "authtoken",
        "bearer",
        "bearertoken",
        "key",
        "personalapikey",
        "secret",
        "token",
    }
)


class RejectUrlKeysMiddleware:
    """Rejects requests with an API key in the URL, so that the mistake is noticed at once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and has_key(QueryParams(scope["query_string"])):
            response = error_response(
                400,
                "The URL contains an API key.",
                path=scope["path"],
                hint=(
                    "Send the header 'Authorization: Bearer phx_...' instead, and replace this key, since URLs "
                    "are written to logs."
                ),
            )
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)


def has_key(parameters: QueryParams) -> bool:
    """Whether any parameter has the name or the value of an API key."""
    return any(is_key(name, value) for name, value in parameters.multi_items())


def is_key(name: str, value: str) -> bool:
    """Whether a parameter has the name or the value of an API key."""
    return name.lower().replace("-", "").replace("_", "") in _KEY_PARAMETERS or value.startswith(PREFIX)
