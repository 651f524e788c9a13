"""How saved cohorts are found and changed within a request."""

from datasource.metadata.cohorts import COHORT_REPOSITORY
from datasource.metadata.records import CohortRecord
from permissions.enforce import WRITE, controlled, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION, COHORT
from resolvers.cohort_calculation import FILTERS, CohortCalculator, Membership
from resolvers.cohort_references import check_readable, mentioned_cohorts
from resolvers.context import RequestContext
from resolvers.saved import SavedResource, not_found
from resolvers.trends.cohorts import CohortDefinition

SAVED_COHORTS = SavedResource(COHORT, COHORT_REPOSITORY, lambda context: context.loaders.cohorts)


async def create_cohort(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, membership: Membership
) -> CohortRecord:
    """The new cohort with its members; see CohortCalculator.create.

    Raises FORBIDDEN for a definition that uses a cohort or an action that the caller may not read.
    """
    await _check_mentions(context, project, membership)
    return await _calculator(context, project).create(
        name=name,
        description=description,
        membership=membership,
        created_by=require_caller(context).user_id,
    )


async def update_cohort(
    context: RequestContext,
    project: ReachedProject,
    cohort_id: str,
    *,
    name: str | None,
    description: str | None,
    membership: Membership | None,
) -> CohortRecord:
    """Changes what is not None; see `create_cohort` and CohortCalculator.update."""
    record = await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)
    if membership is not None:
        await _check_mentions(context, project, membership)
    try:
        return await _calculator(context, project).update(
            record.id, name=name, description=description, membership=membership
        )
    finally:
        _forget(context)


async def calculate_cohort(context: RequestContext, project: ReachedProject, cohort_id: str) -> CohortRecord:
    """The cohort with new members, those that it uses calculated before it.

    Raises GatewayError when it cannot be calculated, and as `SavedResource.load` does.
    """
    number = (await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)).id
    try:
        outcomes = await _calculator(context, project).calculate([number])
    finally:
        _forget(context)
    for outcome in outcomes:
        if outcome.cohort.id == number:
            if outcome.failure:
                raise outcome.failure
            return outcome.cohort
    raise not_found(COHORT)


async def delete_cohort(context: RequestContext, project: ReachedProject, cohort_id: str) -> None:
    """See `SavedResource.load` and CohortCalculator.delete."""
    record = await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)
    await _calculator(context, project).delete(record.id, may_name=lambda user: _may_read(project, user))
    _forget(context)
    context.loaders.projects.clear(project.record.id)


def _calculator(context: RequestContext, project: ReachedProject) -> CohortCalculator:
    return CohortCalculator(
        context.store,
        context.engine,
        context.limits,
        context.now,
        project.record,
        require_caller(context).actor,
        context.layout,
    )


async def _check_mentions(context: RequestContext, project: ReachedProject, membership: Membership) -> None:
    if not isinstance(membership, CohortDefinition):
        return
    used = mentioned_cohorts(membership.filters())
    found = await context.loaders.cohorts.load_many([(project.record.id, number) for number in used])
    check_readable(project, COHORT, [record for record in found if record is not None], used)
    done = dict.fromkeys(membership.action_ids(), FILTERS)
    actions = await context.loaders.actions.load_many([(project.record.id, number) for number in done])
    check_readable(project, ACTION, [record for record in actions if record is not None], done)


def _may_read(project: ReachedProject, record: CohortRecord) -> bool:
    return COHORT.reaches(project.policy.object_access(controlled(COHORT, record)).level, COHORT.read_level)


def _forget(context: RequestContext) -> None:
    context.loaders.cohorts.clear_all()
    context.loaders.cohort_lists.clear_all()
