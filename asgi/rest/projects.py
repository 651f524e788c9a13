"""`/api/projects/`: the projects that a key reaches."""

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import json_response
from asgi.rest.fields import read_integer, suggest
from datasource.metadata.records import ProjectRecord, WeekStartDay
from errors import BadUserInput
from permissions.enforce import require_scopes
from resolvers.context import RequestContext
from resolvers.projects import list_projects
from resolvers.saved import LARGEST_PAGE

SCOPE = "project:read"
USUAL_PAGE = 100
PAGE_PARAMETERS = ("limit", "offset", "format")


async def answer_projects(request: Request, context: RequestContext) -> Response:
    """A page of them by ascending id. Needs the scope project:read."""
    require_scopes(context, SCOPE)
    for name in request.query_params:
        if name not in PAGE_PARAMETERS:
            raise BadUserInput(
                f"There is no parameter {name[:100]}.", path=(name[:100],), hint=suggest(name, PAGE_PARAMETERS)
            )
    if request.query_params.get("format", "json") != "json":
        raise BadUserInput("Projects are listed as JSON.", path=("format",))
    limit, offset = _read_count(request, "limit", USUAL_PAGE, 1), _read_count(request, "offset", 0, 0)
    limit = min(limit, LARGEST_PAGE)
    page = await list_projects(context, first=limit, after=None, offset=offset)
    return json_response(
        {
            "count": page.total,
            "next": _page_address(request, limit, offset + limit) if page.has_next else None,
            "previous": _page_address(request, limit, max(0, offset - limit)) if offset else None,
            "results": [_describe(reached.record) for reached in page.projects],
        }
    )


def _read_count(request: Request, name: str, default: int, least: int) -> int:
    number = read_integer(request.query_params.get(name) or None, (name,))
    if number is not None and number < least:
        raise BadUserInput(f"{name} is at least {least}, not {number}.", path=(name,))
    return default if number is None else number


def _page_address(request: Request, limit: int, offset: int) -> str:
    return str(request.url.include_query_params(limit=limit, offset=offset))


def _describe(record: ProjectRecord) -> dict[str, object]:
    return {
        "id": record.id,
        "name": record.name,
        "organization": record.organization_id,
        "timezone": record.timezone,
        "week_start_day": int(record.week_start_day is WeekStartDay.MONDAY),
    }
