"""How projects are found."""

import re
from zoneinfo import ZoneInfo

from datasource.metadata.reach import projects_in_reach
from datasource.metadata.records import ProjectPage, ProjectRecord
from errors import BadUserInput, NotFound
from permissions.classes import require_caller
from resolvers.context import RequestContext
from resolvers.trends.query import (
    FilterGroup,
    LogicalOperator,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    Scalar,
    TrendProject,
    WeekStartDay,
)

LARGEST_PAGE = 500

_PROJECT_ID = re.compile(r"[1-9][0-9]{0,9}", re.ASCII)


async def load_project(context: RequestContext, project_id: str) -> ProjectRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown or out of reach, all in the same words."""
    record = None
    if _PROJECT_ID.fullmatch(project_id):
        record = await context.projects.load(int(project_id))
    if record is None:
        raise NotFound(
            "There is no such project within the reach of the API key.",
            hint="The field projects lists those that are.",
        )
    return record


async def list_projects(context: RequestContext, *, first: int, after: int | None) -> ProjectPage:
    """The projects in reach with an id greater than `after`; raises BadUserInput for a bad `first`."""
    if not 1 <= first <= LARGEST_PAGE:
        raise BadUserInput(f"first is 1 to {LARGEST_PAGE}, not {first}.", path=("first",))
    page = await projects_in_reach(context.store, require_caller(context), first=first, after=after)
    for record in page.projects:
        context.projects.prime(record.id, record)
    return page


def trend_project(record: ProjectRecord) -> TrendProject:
    """What a trend needs to know of the project."""
    return TrendProject(
        id=record.id,
        timezone=ZoneInfo(record.timezone),
        week_start=WeekStartDay(record.week_start_day.value),
        test_account_filters=FilterGroup(LogicalOperator.AND, test_account_filters(record)),
    )


def test_account_filters(record: ProjectRecord) -> tuple[PropertyFilter, ...]:
    """The stored conditions; ValueError or TypeError when the store holds something else."""
    return tuple(_stored_filter(dict(stored)) for stored in record.test_account_filters)


def _stored_filter(stored: dict[str, object]) -> PropertyFilter:
    index = stored.get("groupTypeIndex")
    if not (index is None or isinstance(index, int)):
        raise TypeError("a stored group type index is no number")
    return PropertyFilter(
        key=str(stored.get("key", "")),
        value=_stored_value(stored.get("value")),
        operator=PropertyOperator(str(stored.get("operator", PropertyOperator.EXACT))),
        type=PropertyType(str(stored.get("type", PropertyType.EVENT))),
        group_type_index=index,
        path=("query", "filterTestAccounts"),
    )


def _stored_value(value: object) -> Scalar | tuple[Scalar, ...] | None:
    if isinstance(value, list):
        return tuple(_stored_scalar(item) for item in value)
    return None if value is None else _stored_scalar(value)


def _stored_scalar(value: object) -> Scalar:
    if isinstance(value, str | int | float):
        return value
    raise TypeError("a stored filter compares with something that is no text, number or boolean")
