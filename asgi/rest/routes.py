"""The REST addresses. A slash at the end makes no difference, so that no redirect loses a body."""

from collections.abc import Callable
from datetime import datetime

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from asgi.rest.door import Door
from asgi.rest.openapi import describe_api
from asgi.rest.projects import answer_projects
from asgi.rest.trend import answer_trend
from settings import Settings

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
