"""Loading, listing and updating projects."""

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from zoneinfo import ZoneInfo

from datasource.metadata import projects
from datasource.metadata.records import ProjectRecord, WeekStartDay
from permissions.enforce import require_caller
from permissions.reach import ReachedPage, ReachedProject, list_reached_projects
from resolvers.cohort_references import filtered_cohorts, load_cohorts
from resolvers.context import RequestContext, no_such_project
from resolvers.ids import read_id
from resolvers.saved import check_page
from resolvers.stored_json import dump_filters, load_filters
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.filters import group_condition
from resolvers.trends.query import FilterGroup, LogicalOperator, PropertyFilter, TrendProject
from resolvers.worker import run_in_worker


async def load_project(context: RequestContext, project_id: str) -> ReachedProject:
    """Return a project; raises the same NOT_FOUND for an id that is malformed, unknown or out of reach."""
    number = read_id(project_id)
    reached = None if number is None else await context.loaders.projects.load(number)
    if reached is None:
        raise no_such_project()
    return reached


async def list_projects(context: RequestContext, *, first: int, after: int | None, offset: int = 0) -> ReachedPage:
    """List reachable projects with an id greater than `after`, skipping the first `offset`.

    Raises BadUserInput for an invalid `first`.
    """
    check_page(first, None)
    page = await list_reached_projects(
        context.store, require_caller(context), first=first, after=after, offset=offset
    )
    for reached in page.projects:
        context.loaders.projects.prime(reached.record.id, reached)
    return page


async def update_project(
    context: RequestContext,
    project: ReachedProject,
    *,
    name: str | None,
    timezone: str | None,
    week_start_day: WeekStartDay | None,
    filters: tuple[PropertyFilter, ...] | None,
) -> ReachedProject:
    """Update a project and return it; raises BadUserInput for filters that no trend query could use."""
    group = FilterGroup(LogicalOperator.AND, filters or ())
    surroundings = await load_surroundings(context, project, group.leaves())
    # Up to thousands of conditions and regular expressions.
    await run_in_worker(partial(group_condition, group, surroundings))
    record = await projects.update_project(
        context.store,
        project.record.id,
        name=name,
        timezone=timezone,
        week_start_day=week_start_day,
        test_account_filters=None if filters is None else dump_filters(filters),
    )
    if record is None:
        raise no_such_project()
    context.loaders.projects.clear(record.id)
    return replace(project, record=record)


def trend_project(record: ProjectRecord) -> TrendProject:
    """Return the settings of a project that trend queries depend on."""
    return TrendProject(
        id=record.id,
        timezone=ZoneInfo(record.timezone),
        week_start=record.week_start_day,
        test_account_filters=FilterGroup(LogicalOperator.AND, test_account_filters(record)),
    )


def test_account_filters(record: ProjectRecord) -> tuple[PropertyFilter, ...]:
    """Return the stored filters; raises ValueError or TypeError if the store contains something else."""
    return load_filters(record.test_account_filters, ("query", "filter_test_accounts"))


async def load_surroundings(
    context: RequestContext, reached: ReachedProject, filters: Iterable[PropertyFilter]
) -> CompileContext:
    """What filters of the project mean at the request's clock, the cohorts that they mention included.

    Raises FORBIDDEN for a cohort that the caller may not read.
    """
    project = trend_project(reached.record)
    cohorts = await load_cohorts(context, reached, filtered_cohorts(filters))
    return CompileContext(project.timezone, context.now, project.week_start, cohorts)
