"""`/api/projects/`: the projects that an API key can access."""

from typing import Annotated

from pydantic import Field, with_config
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from typing_extensions import TypedDict

from asgi.responses import json_response
from asgi.rest.validation import Integer, Members, OneOf, validate
from datasource.metadata.records import ProjectRecord, WeekStartDay
from permissions.enforce import require_scopes
from resolvers.context import RequestContext
from resolvers.projects import list_projects
from resolvers.saved import LARGEST_PAGE
from settings import Settings

SCOPE = "project:read"
DEFAULT_PAGE = 100


class PageParameters(Members):
    """The parameters of a list."""

    limit: Integer = Field(
        DEFAULT_PAGE,
        ge=1,
        description=f"How many projects to return; more than {LARGEST_PAGE} is the same as {LARGEST_PAGE}.",
        json_schema_extra={"default": DEFAULT_PAGE},
    )
    offset: Integer = Field(0, ge=0, description="How many projects to skip.", json_schema_extra={"default": 0})
    format: Annotated[str, OneOf({"json": "json"})] = Field("json", description="The format of the response.")


@with_config(use_attribute_docstrings=True)
class Project(TypedDict):
    """A project: events, and the settings they are read with."""

    id: int
    name: str
    organization: str
    """The id of its organization."""
    timezone: str
    """The IANA name of the time zone of its days."""
    week_start_day: Annotated[int, Field(json_schema_extra={"enum": [day.number for day in WeekStartDay]})]
    """The first day of the week: 0 is Sunday, 1 is Monday, 6 is Saturday."""


@with_config(use_attribute_docstrings=True)
class ProjectPage(TypedDict):
    """A page of projects by ascending id."""

    count: int
    """The number of projects on all pages."""
    next: str | None
    """The address of the next page: a path, or a URL if the gateway knows its own (TRENDGATE_PUBLIC_URL)."""
    previous: str | None
    """The address of the previous page."""
    results: list[Project]


async def get_projects(request: Request, context: RequestContext) -> Response:
    """Answer a page of projects. Requires the scope project:read."""
    require_scopes(context, SCOPE)
    parameters = validate(PageParameters, dict(request.query_params))
    limit, offset = min(parameters.limit, LARGEST_PAGE), parameters.offset
    context.budget.pay(1 + 2 * limit)  # as Query.projects with its edges
    page = await list_projects(context, first=limit, after=None, offset=offset)
    document: ProjectPage = {
        "count": page.total,
        "next": _page_url(request, context.settings, limit, offset + limit) if page.has_next else None,
        "previous": _page_url(request, context.settings, limit, max(0, offset - limit)) if offset else None,
        "results": [_describe(reached.record) for reached in page.projects],
    }
    return json_response(document)


def _page_url(request: Request, settings: Settings, limit: int, offset: int) -> str:
    # Not from the request's Host: a client can send any, and someone else may get the answer.
    query = QueryParams({**request.query_params, "limit": limit, "offset": offset})
    return f"{settings.public_url or ''}{request.url.path}?{query}"


def _describe(record: ProjectRecord) -> Project:
    return {
        "id": record.id,
        "name": record.name,
        "organization": record.organization_id,
        "timezone": record.timezone,
        "week_start_day": record.week_start_day.number,
    }
