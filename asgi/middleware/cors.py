"""Cross-origin requests from browsers: allowed origins, methods and headers."""

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from asgi.middleware.request_id import REQUEST_ID_HEADER
from settings import Settings

ALLOWED_HEADERS = (
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
EXPOSED_HEADERS = (REQUEST_ID_HEADER, "retry-after")
MAX_AGE_S = 7_200
"""How long browsers may cache a preflight response; the longest that all of them honor."""


def cors_middleware(settings: Settings) -> list[Middleware]:
    """Build the CORS middleware, or none without allowed origins, so that browsers block other pages.

    Credentials are never allowed: API keys travel in a header that the page itself sets, so `*` is safe.
    """
    if not settings.cors_origins:
        return []
    return [
        Middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=ALLOWED_HEADERS,
            expose_headers=EXPOSED_HEADERS,
            max_age=MAX_AGE_S,
        )
    ]
