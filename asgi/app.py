"""The ASGI application: its routes, middleware and lifespan."""

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
from asgi.graphql.graphiql import lead_to_graphiql, load_graphiql
from asgi.graphql.view import GraphQLView
from asgi.health import healthz, readyz
from asgi.metrics import MetricsEndpoint, StoresCollector
from asgi.middleware.body_limit import BodyLimitMiddleware
from asgi.middleware.compression import CompressionMiddleware
from asgi.middleware.cors import cors_middleware
from asgi.middleware.mask_errors import MaskErrorsMiddleware
from asgi.middleware.overload import OverloadMiddleware
from asgi.middleware.reject_url_keys import RejectUrlKeysMiddleware
from asgi.middleware.request_id import RequestIdMiddleware
from asgi.middleware.telemetry import TelemetryMiddleware
from asgi.responses import error_response
from asgi.rest.endpoint import rest_routes
from datasource.clickhouse.instrumented_engine import InstrumentedEngine
from resolvers.rate_limit import RateLimiter
from resolvers.stores import Stores, open_stores
from schema.build import GatewaySchema, build_schema
from settings import Settings
from telemetry.metrics import Metrics


def utc_now() -> datetime:
    """Return the current time, the default clock of requests."""
    return datetime.now(UTC)


def create_app(
    settings: Settings | None = None,
    *,
    stores: Stores | None = None,
    clock: Callable[[], datetime] = utc_now,
    schema: GatewaySchema | None = None,
) -> Starlette:
    """Create the application. It opens its stores on startup, unless given open ones, which it never closes.

    `schema` replaces the gateway's own, to add further resources.
    """
    settings = settings or Settings()
    metrics = Metrics()
    routes = _routes(settings, clock, schema or build_schema(settings), metrics)
    app = Starlette(
        routes=routes,
        middleware=[
            *cors_middleware(settings),
            Middleware(RequestIdMiddleware),
            Middleware(MaskErrorsMiddleware),
            Middleware(
                TelemetryMiddleware,
                metrics=metrics,
                routes=[route.path for route in routes if isinstance(route, Route)],
            ),
            Middleware(OverloadMiddleware),
            Middleware(CompressionMiddleware),
            Middleware(RejectUrlKeysMiddleware),
            Middleware(BodyLimitMiddleware, limit=settings.max_request_bytes),
        ],
        exception_handlers={HTTPException: _http_error_response},
        lifespan=_lifespan(settings, metrics) if stores is None else None,
    )
    app.state.rate_limiter = RateLimiter(settings.cost_per_minute) if settings.cost_per_minute else None
    if stores is not None:
        app.state.stores = _instrument(stores, settings, metrics)
    return app


def _routes(
    settings: Settings, clock: Callable[[], datetime], schema: GatewaySchema, metrics: Metrics
) -> list[BaseRoute]:
    # GraphiQL writes its own operations, none of which a manifest lists.
    graphiql = load_graphiql() if settings.graphiql and not settings.operations_registered_only else None
    view = GraphQLView(schema, settings=settings, clock=clock, graphiql=graphiql, metrics=metrics)
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
    if graphiql is not None:
        routes.append(Route("/", lead_to_graphiql, methods=["GET"]))
        routes.append(Mount("/graphql/assets", graphiql.assets))
    return routes


def _lifespan(settings: Settings, metrics: Metrics) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with open_stores(settings) as stores:
            app.state.stores = _instrument(stores, settings, metrics)
            yield

    return lifespan


def _instrument(stores: Stores, settings: Settings, metrics: Metrics) -> Stores:
    engine = InstrumentedEngine(stores.events, metrics.record_query, settings.slow_query_s)
    instrumented = replace(stores, events=engine)
    metrics.registry.register(StoresCollector(instrumented))
    return instrumented


async def _http_error_response(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message, hint = error.detail, None
    if error.status_code == 404:
        message, hint = "Not found.", "GraphQL is at /graphql, REST at /api/projects/."
    return error_response(error.status_code, message, path=request.url.path, hint=hint, headers=error.headers)
