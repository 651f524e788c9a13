"""How a request to the REST addresses is answered: who asks, what was refused, and who went away."""

import logging
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from asgi.disconnect import ClientDisconnected, while_connected
from asgi.opening import open_request
from asgi.rest.errors import reply_refusal
from asgi.rest.naming import Places, in_parameters
from asgi.rest.openapi import describe_api
from asgi.rest.projects import answer_projects
from asgi.rest.trend import answer_trend
from errors import GatewayError
from resolvers.context import RequestContext
from settings import Settings

logger = logging.getLogger("trendgate.http")

CLIENT_CLOSED_REQUEST = 499
Answer = Callable[[Request, RequestContext], Awaitable[Response]]


async def answering(request: Request, work: Coroutine[Any, Any, Response]) -> Response:
    """What the work comes to, refusals included. It ends when the client goes away."""
    try:
        await request.body()
    except ClientDisconnect:
        work.close()
        return _gone(request)
    except BaseException:
        work.close()
        raise
    try:
        return await while_connected(request, work)
    except ClientDisconnected:
        return _gone(request)
    except GatewayError as refusal:
        logger.info("refused %s in request %s: %s", refusal.code, request.state.request_id, refusal.message)
        return reply_refusal(in_parameters(refusal, Places()), was_key_sent="authorization" in request.headers)


def _gone(request: Request) -> Response:
    logger.info("the client of request %s went away", request.state.request_id)
    return Response(status_code=CLIENT_CLOSED_REQUEST)  # which nobody reads


@dataclass(frozen=True, slots=True)
class Door:
    """Makes endpoints of functions that answer a request, or raise GatewayError."""

    settings: Settings
    clock: Callable[[], datetime]

    def endpoint(self, answer: Answer) -> Callable[[Request], Awaitable[Response]]:
        """The endpoint, for requests with a key in their header."""

        async def endpoint(request: Request) -> Response:
            return await answering(request, self._answer(answer, request))

        return endpoint

    async def _answer(self, answer: Answer, request: Request) -> Response:
        return await answer(request, await open_request(request, self.settings, self.clock))


PROJECTS = "/api/projects"
TREND = "/api/projects/{project_id}/insights/trend"
OPENAPI = "/api/openapi.json"


def rest_routes(settings: Settings, clock: Callable[[], datetime]) -> list[BaseRoute]:
    """The routes below /api/."""
    door = Door(settings, clock)
    projects, trend = door.endpoint(answer_projects), door.endpoint(answer_trend)
    return [
        *(Route(PROJECTS + slash, projects, methods=["GET"]) for slash in ("/", "")),
        *(Route(TREND + slash, trend, methods=["GET", "POST"]) for slash in ("/", "")),
        Route(OPENAPI, _reply_openapi, methods=["GET"]),
    ]


async def _reply_openapi(_: Request) -> Response:
    return Response(describe_api(), media_type="application/json", headers={"cache-control": "no-cache"})
