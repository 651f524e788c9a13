"""The REST routes, and how their errors and disconnected clients are answered."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from asgi.disconnect import ClientDisconnected, while_connected
from asgi.request_context import open_request_context
from asgi.rest.errors import reply_error
from asgi.rest.naming import RequestPaths
from asgi.rest.openapi import describe_api
from asgi.rest.projects import get_projects
from asgi.rest.trend import get_trend
from errors import GatewayError
from resolvers.context import RequestContext
from settings import Settings

logger = logging.getLogger("trendgate.http")

CLIENT_CLOSED_REQUEST = 499
Handler = Callable[[Request, RequestContext], Awaitable[Response]]

PROJECTS = "/api/projects"
TREND = "/api/projects/{project_id}/insights/trend"
OPENAPI = "/api/openapi.json"


def rest_routes(settings: Settings, clock: Callable[[], datetime]) -> list[BaseRoute]:
    """The routes below /api/."""

    def endpoint(handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def handle(request: Request) -> Response:
            authorization = request.headers.get("authorization")
            return await handler(request, await open_request_context(request, settings, clock, authorization))

        async def endpoint(request: Request) -> Response:
            return await respond(request, handle(request))

        return endpoint

    return [
        *(Route(PROJECTS + slash, endpoint(get_projects), methods=["GET"]) for slash in ("/", "")),
        *(Route(TREND + slash, endpoint(get_trend), methods=["GET", "POST"]) for slash in ("/", "")),
        Route(OPENAPI, _get_openapi, methods=["GET"]),
    ]


async def respond(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """The response of `work`, or of the GatewayError that it raises. Cancels it when the client disconnects."""
    try:
        await request.body()
    except ClientDisconnect:
        work.close()
        return _client_closed(request)
    except BaseException:
        work.close()
        raise
    try:
        return await while_connected(request, work)
    except ClientDisconnected:
        return _client_closed(request)
    except GatewayError as error:
        logger.info("error %s in request %s: %s", error.code, request.state.request_id, error.message)
        return reply_error(RequestPaths().locate(error), was_key_sent="authorization" in request.headers)


def _client_closed(request: Request) -> Response:
    logger.info("the client of request %s disconnected", request.state.request_id)
    return Response(status_code=CLIENT_CLOSED_REQUEST)


async def _get_openapi(_: Request) -> Response:
    return Response(describe_api(), media_type="application/json", headers={"cache-control": "no-cache"})
