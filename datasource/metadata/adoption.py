"""Projects and cohorts of another installation, under the numbers that they have there.

Their events and members are found by these numbers, so a store holds either adopted projects or projects of the
gateway's own: with both, one would show the events of the other.
"""

from datetime import datetime

from sqlalchemy import select

from datasource.metadata.cohorts import ImportedMembers, StoredMembership, create_cohort
from datasource.metadata.models import LARGEST_PROJECT_ID, Project, SavedCohort
from datasource.metadata.records import CohortRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotAvailable

_NAMED = 5


async def check_adopted(store: MetadataStore, *, expected: bool) -> None:
    """Raises NOT_AVAILABLE for projects whose numbers do not mean what they would be taken for."""
    query = select(Project.id).where(Project.is_adopted.is_(not expected)).order_by(Project.id).limit(_NAMED)
    async with store.read() as session:
        found = (await session.scalars(query)).all()
    if not found:
        return
    numbers = ", ".join(map(str, found))
    if expected:
        raise NotAvailable(
            f"The metadata store holds projects with events of the gateway's own: {numbers}.",
            hint="Their numbers would mean other teams of the PostHog installation. "
            "Set TRENDGATE_DATABASE_URL or TRENDGATE_DATA_DIR to a store of its own.",
        )
    raise NotAvailable(
        f"The metadata store holds projects that were adopted from a PostHog installation: {numbers}.",
        hint="Set TRENDGATE_EVENTS_LAYOUT=posthog, or choose another store.",
    )


async def check_number_is_free(store: MetadataStore, team_id: int) -> None:
    """Raises BadUserInput for a team's number that cannot be, or already is, a project's."""
    if not 0 < team_id <= LARGEST_PROJECT_ID:
        raise BadUserInput(f"{team_id} is no team's number.", hint=f"Give one from 1 to {LARGEST_PROJECT_ID}.")
    async with store.read() as session:
        taken = await session.get(Project, team_id)
    if taken is not None:
        raise BadUserInput(
            f"The number {team_id} is that of the project {taken.name!r} already.",
            hint="A project has the number of its team: adopt each team once.",
        )


async def adopt_cohort(
    store: MetadataStore,
    *,
    project_id: int,
    cohort_id: int,
    name: str,
    version: int,
    size: int,
    is_static: bool,
    now: datetime,
) -> CohortRecord:
    """The cohort of that number, whose members are the installation's; version 0 is whatever is stored there.

    Raises BadUserInput for a number that is taken, by a deleted cohort too, and NotFound without the project.
    """
    async with store.read() as session:
        taken = await session.get(SavedCohort, cohort_id)
    if taken is not None:
        raise BadUserInput(
            f"The number {cohort_id} is that of a cohort already.",
            hint="A cohort keeps the number that it has in PostHog: adopt it once.",
        )
    return await create_cohort(
        store,
        project_id=project_id,
        name=name,
        membership=StoredMembership(is_static=is_static),
        imported=ImportedMembers(cohort_id, version, size),
        now=now,
    )
