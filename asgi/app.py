"""The application: routes, what surrounds them, and the stores' lifetime."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from asgi.exports import PATH as EXPORTS
from asgi.exports import Exports
from asgi.graphql.graphiql import open_page
from asgi.graphql.view import GraphQLView
from asgi.health import healthz, readyz
from asgi.metrics import MetricsEndpoint, StoresCollector
from asgi.middleware.compression import Compression
from asgi.middleware.cors import allow_origins
from asgi.middleware.reject_url_keys import NoKeysInUrls
from asgi.middleware.request_id import BodyLimit, RequestFrame
from asgi.middleware.telemetry import HttpObservation
from asgi.responses import reply_error
from asgi.rest.endpoint import rest_routes
from datasource.clickhouse.instrumented_engine import InstrumentedEngine
from resolvers.stores import Stores, open_stores
from schema.build import GatewaySchema, build_schema
from settings import Settings
from telemetry.metrics import Metrics


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
    metrics = Metrics()
    routes = _routes(settings, clock, schema or build_schema(settings), metrics)
    app = Starlette(
        routes=routes,
        middleware=[
            *allow_origins(settings),
            Middleware(RequestFrame),
            Middleware(
                HttpObservation,
                metrics=metrics,
                routes=[route.path for route in routes if isinstance(route, Route)],
            ),
            Middleware(Compression),
            Middleware(NoKeysInUrls),
            Middleware(BodyLimit, limit=settings.max_request_bytes),
        ],
        exception_handlers={HTTPException: _reply_http_error},
        lifespan=_lifespan(settings, metrics) if stores is None else None,
    )
    if stores is not None:
        app.state.stores = _observe(stores, settings, metrics)
    return app


def _routes(
    settings: Settings, clock: Callable[[], datetime], schema: GatewaySchema, metrics: Metrics
) -> list[BaseRoute]:
    page = open_page() if settings.graphiql and not settings.operations_registered_only else None
    html = None if page is None else page.html
    view = GraphQLView(schema, settings=settings, clock=clock, page=html, metrics=metrics)
    routes: list[BaseRoute] = [
        Route("/graphql", view),
        WebSocketRoute("/graphql", view),
        *rest_routes(settings, clock),
        Route(EXPORTS, Exports(settings, clock, schema).endpoint(), methods=["GET"]),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
    ]
    if settings.metrics:
        routes.append(Route("/metrics", MetricsEndpoint(metrics, settings.metrics_token).__call__))
    if page is not None:
        routes.append(Mount("/graphql/assets", page.assets))
    return routes


def _lifespan(settings: Settings, metrics: Metrics) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_stores(settings) as stores:
            app.state.stores = _observe(stores, settings, metrics)
            yield

    return lifespan


def _observe(stores: Stores, settings: Settings, metrics: Metrics) -> Stores:
    engine = InstrumentedEngine(stores.events, metrics.record_query, settings.slow_query_s)
    observed = replace(stores, events=engine)
    metrics.registry.register(StoresCollector(observed))
    return observed


async def _reply_http_error(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    hint = "GraphQL is at /graphql, REST at /api/projects/." if error.status_code == 404 else None
    message = "Nothing is at this address." if error.status_code == 404 else error.detail
    return reply_error(error.status_code, message, path=request.url.path, hint=hint, headers=error.headers)
