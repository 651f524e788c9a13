"""How projects are found."""

from collections.abc import Iterable
from zoneinfo import ZoneInfo

from datasource.metadata import projects
from datasource.metadata.reach import projects_in_reach
from datasource.metadata.records import ProjectPage, ProjectRecord
from datasource.metadata.records import WeekStartDay as StoredWeekStartDay
from errors import NotFound
from permissions.classes import require_caller
from resolvers.context import RequestContext
from resolvers.mentions import load_cohorts, mentioned_cohorts
from resolvers.regexes import check_regexes, regexes_of
from resolvers.saved import check_page, read_id
from resolvers.stored_filters import read_filter, write_filter
from resolvers.trends.filters import group_condition
from resolvers.trends.query import FilterGroup, LogicalOperator, PropertyFilter, TrendProject, WeekStartDay
from resolvers.trends.surroundings import Surroundings


async def load_project(context: RequestContext, project_id: str) -> ProjectRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown or out of reach, all in the same words."""
    number = read_id(project_id)
    record = None if number is None else await context.projects.load(number)
    if record is None:
        raise _no_such_project()
    return record


async def list_projects(context: RequestContext, *, first: int, after: int | None) -> ProjectPage:
    """The projects in reach with an id greater than `after`; raises BadUserInput for a bad `first`."""
    check_page(first, None)
    page = await projects_in_reach(context.store, require_caller(context), first=first, after=after)
    for record in page.projects:
        context.projects.prime(record.id, record)
    return page


async def update_project(
    context: RequestContext,
    project: ProjectRecord,
    *,
    name: str | None,
    timezone: str | None,
    week_start_day: StoredWeekStartDay | None,
    filters: tuple[PropertyFilter, ...] | None,
) -> ProjectRecord:
    """The project after the changes. Raises BadUserInput for filters that no trend could use."""
    group = FilterGroup(LogicalOperator.AND, filters or ())
    group_condition(group, await load_surroundings(context, project, group.leaves()))
    await check_regexes(context, regexes_of(group.leaves()))
    record = await projects.update_project(
        context.store,
        project.id,
        name=name,
        timezone=timezone,
        week_start_day=week_start_day,
        test_account_filters=None if filters is None else [write_filter(item) for item in filters],
    )
    if record is None:
        raise _no_such_project()
    context.projects.clear(project.id)
    return record


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


async def load_surroundings(
    context: RequestContext, record: ProjectRecord, filters: Iterable[PropertyFilter]
) -> Surroundings:
    """What filters of the project mean at the request's clock, the cohorts that they mention included."""
    project = trend_project(record)
    cohorts = await load_cohorts(context, record.id, mentioned_cohorts(filters))
    return Surroundings(project.timezone, context.now, project.week_start, cohorts)


def _no_such_project() -> NotFound:
    return NotFound(
        "There is no such project within the reach of the API key.",
        hint="The field projects lists those that are.",
    )
