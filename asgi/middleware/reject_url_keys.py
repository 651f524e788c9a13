"""API keys do not belong into addresses, which end up in logs, histories and referrers."""

from starlette.datastructures import QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi.responses import reply_error
from permissions.api_keys import PREFIX

_NAMES = frozenset(
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


class NoKeysInUrls:
    """Refuses a request whose address carries a key, instead of letting the habit go unnoticed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and carries_key(QueryParams(scope["query_string"])):
            refusal = reply_error(
                400,
                "The address carries an API key.",
                path=scope["path"],
                hint=(
                    "Send the header 'Authorization: Bearer phx_...' instead. Addresses are written to logs: "
                    "replace a key that was sent this way."
                ),
            )
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def carries_key(parameters: QueryParams) -> bool:
    """Whether a parameter is named as a key would be, or has a key as its value."""
    return any(is_key(name, value) for name, value in parameters.multi_items())


def is_key(name: str, value: str) -> bool:
    """The same of one parameter."""
    return name.lower().replace("-", "").replace("_", "") in _NAMES or value.startswith(PREFIX)
