import asyncio

import pytest
from sqlalchemy import delete

from datasource.metadata.models import Project
from datasource.metadata.organizations import create_organization, list_organizations
from datasource.metadata.projects import create_project, ensure_project, get_project, list_projects
from datasource.metadata.records import GroupTypeRecord, OrganizationRecord, ProjectRecord, WeekStartDay
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, NotFound


@pytest.fixture
async def organization(store: MetadataStore) -> OrganizationRecord:
    return await create_organization(store, name="Acme")


async def test_created_project_is_found_unchanged(store: MetadataStore, organization: OrganizationRecord) -> None:
    project = await create_project(
        store,
        organization_id=organization.id,
        name=" Flights ",
        timezone="Asia/Kathmandu",
        week_start_day=WeekStartDay.MONDAY,
        group_types=[(1, "airport"), (0, "airline")],
    )
    assert project == ProjectRecord(
        id=1,
        organization_id=organization.id,
        name="Flights",
        timezone="Asia/Kathmandu",
        week_start_day=WeekStartDay.MONDAY,
        test_account_filters=(),
        group_types=(GroupTypeRecord(0, "airline"), GroupTypeRecord(1, "airport")),
        created_at=project.created_at,
    )
    assert await get_project(store, 1) == project
    assert await list_projects(store) == (project,)


async def test_create_project_starts_weeks_on_sunday_and_days_in_utc(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    project = await create_project(store, organization_id=organization.id, name="Plain")
    assert (project.week_start_day, project.timezone) == (WeekStartDay.SUNDAY, "UTC")


async def test_create_project_with_a_taken_name_is_rejected_within_its_organization(
    store: MetadataStore, organization: OrganizationRecord
) -> None:
    other = await create_organization(store, name="Other")
    await create_project(store, organization_id=organization.id, name="Flights")
    await create_project(store, organization_id=other.id, name="Flights")
    with pytest.raises(BadUserInput, match="already has a project named 'Flights'") as caught:
        await create_project(store, organization_id=organization.id, name="Flights")
    assert caught.value.path == ("name",)


async def test_create_project_in_a_deleted_organization_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="The organization does not exist"):
        await create_project(store, organization_id="nowhere", name="Flights")


async def test_project_id_is_never_used_twice(store: MetadataStore, organization: OrganizationRecord) -> None:
    first = await create_project(store, organization_id=organization.id, name="First")
    async with store.write() as session:
        await session.execute(delete(Project).where(Project.id == first.id))
    assert (await create_project(store, organization_id=organization.id, name="Second")).id == first.id + 1


@pytest.mark.parametrize(
    ("timezone", "hint"),
    [
        ("america/new york", "Did you mean America/New_York?"),
        ("Europe/Berln", "Did you mean Europe/Berlin?"),
        ("", "Use an IANA name"),
        ("localtime", "Use an IANA name"),
        ("../../etc/passwd", "Use an IANA name"),
        ("UTC\0", "Did you mean"),
    ],
)
async def test_create_project_in_an_unknown_time_zone_is_rejected(
    store: MetadataStore, organization: OrganizationRecord, timezone: str, hint: str
) -> None:
    with pytest.raises(BadUserInput, match="Unknown time zone") as caught:
        await create_project(store, organization_id=organization.id, name="Flights", timezone=timezone)
    assert (caught.value.hint or "").startswith(hint)
    assert await list_projects(store) == ()


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\nb", "a\0b", "\ud800"])
async def test_create_project_with_an_invalid_name_is_rejected(
    store: MetadataStore, organization: OrganizationRecord, name: str
) -> None:
    with pytest.raises(BadUserInput, match="The name of the project"):
        await create_project(store, organization_id=organization.id, name=name)


@pytest.mark.parametrize(
    "group_types", [[(5, "a")], [(-1, "a")], [(0, "a"), (0, "b")], [(0, "a"), (1, "a")], [(0, "")]]
)
async def test_create_project_with_invalid_group_types_is_rejected(
    store: MetadataStore, organization: OrganizationRecord, group_types: list[tuple[int, str]]
) -> None:
    with pytest.raises(BadUserInput, match="group type"):
        await create_project(store, organization_id=organization.id, name="P", group_types=group_types)


async def test_ensure_project_from_many_tasks_creates_one(store: MetadataStore) -> None:
    created = await asyncio.gather(
        *(
            ensure_project(store, organization="Demo", name="Flights", group_types=[(0, "airline")])
            for _ in range(8)
        )
    )
    assert created == [created[0]] * 8
    assert len(await list_projects(store)) == 1
    assert [each.name for each in await list_organizations(store)] == ["Demo"]


async def test_ensure_existing_project_keeps_its_settings(store: MetadataStore) -> None:
    first = await ensure_project(store, organization="Demo", name="Flights", timezone="America/New_York")
    assert await ensure_project(store, organization="Demo", name="Flights", timezone="UTC") == first


async def test_ensure_project_with_an_unknown_time_zone_is_rejected(store: MetadataStore) -> None:
    with pytest.raises(BadUserInput, match="Unknown time zone"):
        await ensure_project(store, organization="Demo", name="Flights", timezone="Mars/Olympus")


@pytest.mark.parametrize("project_id", [0, -1, 2, 2**31, 2**63, 10**30])
async def test_get_project_that_does_not_exist_is_none(store: MetadataStore, project_id: int) -> None:
    await ensure_project(store, organization="Demo", name="Only")
    assert await get_project(store, project_id) is None
