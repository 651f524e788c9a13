"""How saved cohorts are found and changed within a request."""

from datasource.metadata import cohorts
from datasource.metadata.records import CohortRecord, ProjectRecord, SavedPage
from permissions.classes import require_caller
from resolvers.cohort_calculation import CohortCalculator, Membership, no_such_cohort
from resolvers.context import RequestContext
from resolvers.saved import check_page, read_id


async def load_cohort(context: RequestContext, project: ProjectRecord, cohort_id: str) -> CohortRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown, deleted or of another project."""
    record = await context.cohorts.load((project.id, _number(cohort_id)))
    if record is None:
        raise no_such_cohort()
    return record


async def list_cohorts(
    context: RequestContext, project: ProjectRecord, *, first: int, after: int | None, search: str | None
) -> SavedPage[CohortRecord]:
    """The project's cohorts with an id greater than `after`; raises BadUserInput for arguments out of range."""
    text = check_page(first, search)
    return await cohorts.list_cohorts(context.store, project.id, first=first, after=after, search=text)


async def create_cohort(
    context: RequestContext, project: ProjectRecord, *, name: str, description: str, membership: Membership
) -> CohortRecord:
    """The new cohort with its members; see CohortCalculator.create."""
    return await _calculator(context, project).create(
        name=name,
        description=description,
        membership=membership,
        created_by=require_caller(context).user.id,
    )


async def update_cohort(
    context: RequestContext,
    project: ProjectRecord,
    cohort_id: str,
    *,
    name: str | None,
    description: str | None,
    membership: Membership | None,
) -> CohortRecord:
    """Changes what is not None; see CohortCalculator.update."""
    try:
        return await _calculator(context, project).update(
            _number(cohort_id), name=name, description=description, membership=membership
        )
    finally:
        _forget(context)


async def calculate_cohort(context: RequestContext, project: ProjectRecord, cohort_id: str) -> CohortRecord:
    """The cohort with new members, those that it uses calculated before it.

    Raises GatewayError when it cannot be calculated, and NOT_FOUND.
    """
    number = _number(cohort_id)
    try:
        outcomes = await _calculator(context, project).calculate([number])
    finally:
        _forget(context)
    for outcome in outcomes:
        if outcome.cohort.id == number:
            if outcome.failure:
                raise outcome.failure
            return outcome.cohort
    raise no_such_cohort()


async def delete_cohort(context: RequestContext, project: ProjectRecord, cohort_id: str) -> None:
    """See CohortCalculator.delete."""
    await _calculator(context, project).delete(_number(cohort_id))
    _forget(context)


def _calculator(context: RequestContext, project: ProjectRecord) -> CohortCalculator:
    return CohortCalculator(context.store, context.engine, context.limits, context.now, project)


def _forget(context: RequestContext) -> None:
    context.cohorts.clear_all()
    context.cohort_lists.clear_all()


def _number(cohort_id: str) -> int:
    number = read_id(cohort_id)
    if number is None:
        raise no_such_cohort()
    return number
