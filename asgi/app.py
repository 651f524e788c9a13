"""The application: routes, what surrounds them, and the stores' lifetime."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from asgi.frame import BodyLimit, RequestFrame
from asgi.health import healthz, readyz
from asgi.page import DIST, HashedAssets, read_page
from asgi.replies import reply_error
from asgi.stores import Stores, open_stores
from asgi.url_keys import NoKeysInUrls
from asgi.view import GraphQLView
from schema.build import GatewaySchema, build_schema
from settings import Settings

COMPRESSED_FROM_BYTES = 1000


def utc_now() -> datetime:
    """The clock of requests."""
    return datetime.now(UTC)


def create_app(
    settings: Settings | None = None,
    *,
    stores: Stores | None = None,
    clock: Callable[[], datetime] = utc_now,
    schema: GatewaySchema | None = None,
) -> Starlette:
    """The ASGI application. It opens its stores when it starts, or works with those given and leaves them open.

    `schema` is one with more than the gateway's own resources.
    """
    settings = settings or Settings()
    app = Starlette(
        routes=_routes(settings, clock, schema or build_schema(settings)),
        middleware=[
            Middleware(RequestFrame),
            Middleware(GZipMiddleware, minimum_size=COMPRESSED_FROM_BYTES, compresslevel=5),
            Middleware(NoKeysInUrls),
            Middleware(BodyLimit, limit=settings.max_request_bytes),
        ],
        exception_handlers={HTTPException: _reply_http_error},
        lifespan=_lifespan(settings) if stores is None else None,
    )
    if stores is not None:
        app.state.stores = stores
    return app


def _routes(settings: Settings, clock: Callable[[], datetime], schema: GatewaySchema) -> list[BaseRoute]:
    page = read_page() if settings.graphiql else None
    view = GraphQLView(schema, settings=settings, clock=clock, page=page)
    routes: list[BaseRoute] = [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if page is not None:
        routes.append(Mount("/graphql/assets", HashedAssets(directory=DIST / "assets")))
    return routes


def _lifespan(settings: Settings) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_stores(settings) as stores:
            app.state.stores = stores
            yield

    return lifespan


async def _reply_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    hint = "GraphQL is at /graphql." if error.status_code == 404 else None
    message = "Nothing is at this address." if error.status_code == 404 else error.detail
    return reply_error(error.status_code, message, hint=hint, headers=error.headers)
