from collections.abc import Mapping, Sequence

from sqlalchemy import Select, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from datasource.metadata.models import LARGEST_PROJECT_ID, GroupType, Project
from datasource.metadata.names import check_name
from datasource.metadata.organizations import check_organization, ensure_organization
from datasource.metadata.records import GroupTypeRecord, ProjectRecord, WeekStartDay
from datasource.metadata.store import MetadataStore
from datasource.metadata.time_zones import check_time_zone
from errors import BadUserInput

GROUP_TYPES = 5


async def create_project(
    store: MetadataStore,
    *,
    organization_id: str,
    name: str,
    timezone: str = "UTC",
    week_start_day: WeekStartDay = WeekStartDay.SUNDAY,
    group_types: Sequence[tuple[int, str]] = (),
    team_id: int | None = None,
) -> ProjectRecord:
    """Create a project; `team_id` imports the PostHog team of that id, which must be free.

    Raises BadUserInput for a name that is invalid or taken, an unknown time zone and invalid group types, and
    NotFound without the organization.
    """
    project = Project(
        id=team_id,
        is_imported=team_id is not None,
        organization_id=organization_id,
        name=check_name(name, what="project"),
        timezone=check_time_zone(timezone),
        week_start_day=week_start_day,
        test_account_filters=[],
        group_types=_group_types(group_types),
    )
    try:
        async with store.write() as session:
            session.add(project)
    except IntegrityError as exc:
        await check_organization(store, organization_id)
        raise _name_is_taken(project.name) from exc
    return _record(project)


async def ensure_project(
    store: MetadataStore,
    *,
    organization: str,
    name: str,
    timezone: str = "UTC",
    week_start_day: WeekStartDay = WeekStartDay.SUNDAY,
    group_types: Sequence[tuple[int, str]] = (),
) -> ProjectRecord:
    """Find the project of that name in the named organization, or create one or both.

    An existing project keeps its settings, whatever the other arguments are.
    """
    organization_id = (await ensure_organization(store, name=organization)).id
    found = await find_project(store, organization_id=organization_id, name=name)
    if found:
        return found
    try:
        return await create_project(
            store,
            organization_id=organization_id,
            name=name,
            timezone=timezone,
            week_start_day=week_start_day,
            group_types=group_types,
        )
    except BadUserInput:
        created_elsewhere = await find_project(store, organization_id=organization_id, name=name)
        if created_elsewhere is None:
            raise
        return created_elsewhere


async def update_project(
    store: MetadataStore,
    project_id: int,
    *,
    name: str | None = None,
    timezone: str | None = None,
    week_start_day: WeekStartDay | None = None,
    test_account_filters: Sequence[Mapping[str, object]] | None = None,
) -> ProjectRecord | None:
    """Change what is not None; None without the project.

    Raises BadUserInput for a name that is invalid or taken, and for an unknown time zone.
    """
    changes: dict[str, object] = {
        "name": None if name is None else check_name(name, what="project"),
        "timezone": None if timezone is None else check_time_zone(timezone),
        "week_start_day": week_start_day,
        "test_account_filters": None if test_account_filters is None else list(test_account_filters),
    }
    changes = {key: value for key, value in changes.items() if value is not None}
    try:
        if changes:
            async with store.write() as session:
                await session.execute(update(Project).where(Project.id == project_id).values(changes))
    except IntegrityError as exc:
        raise _name_is_taken(changes["name"]) from exc
    return await get_project(store, project_id)


async def find_project(store: MetadataStore, *, organization_id: str, name: str) -> ProjectRecord | None:
    query = select_projects().where(Project.organization_id == organization_id, Project.name == name.strip())
    async with store.read() as session:
        return next(iter(await read_projects(session, query)), None)


async def get_project(store: MetadataStore, project_id: int) -> ProjectRecord | None:
    """Load any project, for the operator's commands. Requests load theirs from `reach`."""
    if not 0 < project_id <= LARGEST_PROJECT_ID:
        return None
    async with store.read() as session:
        query = select_projects().where(Project.id == project_id)
        return next(iter(await read_projects(session, query)), None)


async def list_projects(store: MetadataStore) -> tuple[ProjectRecord, ...]:
    """List the projects of all organizations by id."""
    async with store.read() as session:
        return await read_projects(session, select_projects().order_by(Project.id))


def select_projects() -> Select[Project]:
    """Select projects with all that a record needs, in one statement."""
    return select(Project).options(joinedload(Project.group_types))


async def read_projects(session: AsyncSession, query: Select[Project]) -> tuple[ProjectRecord, ...]:
    rows = (await session.scalars(query)).unique()
    return tuple(_record(row) for row in rows)


def _name_is_taken(name: object) -> BadUserInput:
    return BadUserInput("The organization already has a project named {name!r}.", name=name, path=("name",))


def _record(row: Project) -> ProjectRecord:
    return ProjectRecord(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name,
        timezone=row.timezone,
        week_start_day=row.week_start_day,
        test_account_filters=tuple(row.test_account_filters),
        group_types=tuple(GroupTypeRecord(index=group.index, name=group.name) for group in row.group_types),
        created_at=row.created_at,
        data_version=row.data_version,
        is_changing=row.is_changing,
    )


def _group_types(pairs: Sequence[tuple[int, str]]) -> list[GroupType]:
    indexes = [index for index, _ in pairs]
    names = [check_name(name, what="group type") for _, name in pairs]
    if any(index not in range(GROUP_TYPES) for index in indexes):
        raise BadUserInput(
            "The index of a group type must be from 0 to {last}.", last=GROUP_TYPES - 1, path=("group_types",)
        )
    if len(set(indexes)) < len(indexes) or len(set(names)) < len(names):
        raise BadUserInput("Each group type must have its own index and its own name.", path=("group_types",))
    return [GroupType(index=index, name=name) for index, name in sorted(zip(indexes, names, strict=True))]
