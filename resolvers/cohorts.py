from datasource.metadata.cohorts import COHORT_REPOSITORY
from datasource.metadata.records import CohortRecord
from permissions.enforce import WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION, COHORT
from resolvers.cohort_calculation import CohortCalculator
from resolvers.cohort_queries import FILTERS, Membership
from resolvers.cohort_references import check_count, check_readable, filtered_cohorts
from resolvers.context import RequestContext
from resolvers.saved import SavedResource, not_found
from resolvers.trends.cohorts import CohortDefinition
from resolvers.usage import may_name

SAVED_COHORTS = SavedResource(COHORT, COHORT_REPOSITORY, lambda context: context.loaders.cohorts)


async def create_cohort(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, membership: Membership
) -> CohortRecord:
    """Raises as `CohortCalculator.create` does, and FORBIDDEN for cohorts and actions the caller cannot read."""
    await _check_references(context, project, membership)
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
    """Change what is not None. Raises as `create_cohort` and `CohortCalculator.update` do."""
    record = await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)
    if membership is not None:
        await _check_references(context, project, membership)
    try:
        return await _calculator(context, project).update(
            record.id, name=name, description=description, membership=membership
        )
    finally:
        _clear_loaders(context)


async def calculate_cohort(context: RequestContext, project: ReachedProject, cohort_id: str) -> CohortRecord:
    """Calculate a cohort after its dependencies.

    Raises GatewayError if it cannot be calculated, and as `SavedResource.load` does.
    """
    number = (await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)).id
    try:
        outcomes = await _calculator(context, project).calculate([number])
    finally:
        _clear_loaders(context)
    for outcome in outcomes:
        if outcome.cohort.id == number:
            if outcome.error:
                raise outcome.error
            return outcome.cohort
    raise not_found(COHORT)


async def delete_cohort(context: RequestContext, project: ReachedProject, cohort_id: str) -> None:
    """Raises as `SavedResource.load` and `CohortCalculator.delete` do."""
    record = await SAVED_COHORTS.load(context, project, cohort_id, to=WRITE)
    await _calculator(context, project).delete(record.id, may_name=lambda use: may_name(project, use))
    _clear_loaders(context)
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


async def _check_references(context: RequestContext, project: ReachedProject, membership: Membership) -> None:
    if not isinstance(membership, CohortDefinition):
        return
    cohorts = filtered_cohorts(membership.filters())
    check_count(cohorts)
    cohort_records = await context.loaders.cohorts.load_many([(project.record.id, number) for number in cohorts])
    check_readable(project, COHORT, [record for record in cohort_records if record is not None], cohorts)
    actions = dict.fromkeys(membership.action_ids(), FILTERS)
    action_records = await context.loaders.actions.load_many([(project.record.id, number) for number in actions])
    check_readable(project, ACTION, [record for record in action_records if record is not None], actions)


def _clear_loaders(context: RequestContext) -> None:
    context.loaders.cohorts.clear_all()
    context.loaders.cohort_lists.clear_all()
