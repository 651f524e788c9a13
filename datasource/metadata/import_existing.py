"""Projects and cohorts of an existing PostHog installation, imported under the ids they have there.

Their events and members are found by these ids, so a store holds either imported projects or native ones: with
both, a native project would show the events of the team that has its id.
"""

from datetime import datetime

from sqlalchemy import select

from datasource.metadata.cohorts import ImportedMembers, StoredMembership, create_cohort
from datasource.metadata.models import LARGEST_PROJECT_ID, Project, SavedCohort
from datasource.metadata.names import check_name
from datasource.metadata.records import CohortRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotAvailable

_MAX_NAMED = 5


async def check_projects_are_imported(store: MetadataStore, *, expected: bool) -> None:
    """Raises NOT_AVAILABLE if there is a project of the other sort."""
    query = select(Project.id).where(Project.is_imported.is_(not expected)).order_by(Project.id).limit(_MAX_NAMED)
    async with store.read() as session:
        found = tuple(await session.scalars(query))
    if found and expected:
        raise NotAvailable(
            "The metadata store contains projects with native events: {ids}.",
            ids=found,
            hint="Their ids would refer to other teams of the PostHog installation. "
            "Set TRENDGATE_DATABASE_URL or TRENDGATE_DATA_DIR to a separate store.",
        )
    if found:
        raise NotAvailable(
            "The metadata store contains projects adopted from a PostHog installation: {ids}.",
            ids=found,
            hint="Set TRENDGATE_EVENTS_LAYOUT=posthog, or choose another store.",
        )


async def check_team_id_is_free(store: MetadataStore, team_id: int) -> None:
    """Raises BadUserInput for a number that is not a team's id or is already a project's id."""
    if not 0 < team_id <= LARGEST_PROJECT_ID:
        raise BadUserInput(
            "{team_id} is not a valid team id.",
            team_id=team_id,
            hint="Team ids are 1 to {most}.",
            most=LARGEST_PROJECT_ID,
        )
    async with store.read() as session:
        existing = await session.get(Project, team_id)
    if existing is not None:
        raise BadUserInput(
            "The id {team_id} already belongs to the project {name!r}.",
            team_id=team_id,
            name=existing.name,
            hint="A project has the id of its team, so each team can be adopted only once.",
        )


async def import_cohort(
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
    """Insert a cohort whose members are stored by the installation; version 0 reads all that are stored there.

    Raises BadUserInput for an invalid name and an id that is taken, even by a deleted cohort, and NotFound without
    the project.
    """
    name = check_name(name, what="cohort")
    async with store.read() as session:
        existing = await session.get(SavedCohort, cohort_id)
    if existing is not None:
        raise BadUserInput(
            "The id {cohort_id} already belongs to a cohort.",
            cohort_id=cohort_id,
            hint="A cohort keeps its PostHog id, so it can be adopted only once.",
        )
    return await create_cohort(
        store,
        project_id=project_id,
        name=name,
        membership=StoredMembership(is_static=is_static),
        imported=ImportedMembers(cohort_id, version, size),
        now=now,
    )
