"""How projects are found."""

from zoneinfo import ZoneInfo

from datasource.metadata.reach import projects_in_reach
from datasource.metadata.records import ProjectPage, ProjectRecord
from errors import NotFound
from permissions.classes import require_caller
from resolvers.context import RequestContext
from resolvers.saved import check_page, read_id
from resolvers.stored_filters import read_filter
from resolvers.trends.query import FilterGroup, LogicalOperator, PropertyFilter, TrendProject, WeekStartDay
from resolvers.trends.surroundings import Surroundings


async def load_project(context: RequestContext, project_id: str) -> ProjectRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown or out of reach, all in the same words."""
    number = read_id(project_id)
    record = None if number is None else await context.projects.load(number)
    if record is None:
        raise NotFound(
            "There is no such project within the reach of the API key.",
            hint="The field projects lists those that are.",
        )
    return record


async def list_projects(context: RequestContext, *, first: int, after: int | None) -> ProjectPage:
    """The projects in reach with an id greater than `after`; raises BadUserInput for a bad `first`."""
    check_page(first, None)
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
    return tuple(read_filter(stored, ("query", "filterTestAccounts")) for stored in record.test_account_filters)


def surroundings(context: RequestContext, record: ProjectRecord) -> Surroundings:
    """What a filter of the project means at the request's clock, as far as it mentions no cohort."""
    project = trend_project(record)
    return Surroundings(project.timezone, context.now, project.week_start)
