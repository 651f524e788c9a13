"""Pages of other origins, in browsers: which may ask, and what they may send and read."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from asgi.middleware.request_id import REQUEST_ID_HEADER
from settings import Settings

SENT_HEADERS = (
    "apollo-require-preflight",
    "apollographql-client-name",
    "apollographql-client-version",
    "authorization",
    "content-type",
    "traceparent",
    "tracestate",
    "x-apollo-operation-name",
    REQUEST_ID_HEADER,
)
READ_HEADERS = (REQUEST_ID_HEADER, "retry-after")
PREFLIGHT_S = 7_200
"""How long a browser may remember; the most that all of them do."""


def allow_origins(settings: Settings) -> list[Middleware]:
    """Nothing without origins: a browser then keeps other pages from reading any answer.

    Credentials are never allowed. Keys travel in a header that the page itself sets, so `*` gives nothing away.
    """
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=SENT_HEADERS,
            expose_headers=READ_HEADERS,
            max_age=PREFLIGHT_S,
        )
    ]
