import asyncio

import pytest
from sqlalchemy import delete, select

from datasource.metadata.actions import ACTION_REPOSITORY, create_action, update_action
from datasource.metadata.models import Project, SavedAction, User
from datasource.metadata.records import ActionRecord
from datasource.metadata.store import MetadataStore
from errors import NotFound
from tests.support.seeds.projects import LATER, MADE, TOO_LARGE, Projects, seed_projects

STEPS: tuple[dict[str, object], ...] = (
    {"event": "pay", "properties": [{"key": "größe", "value": [1, 2.5, True, None, 2**63]}]},
    {"event": None},
)


@pytest.fixture
async def projects(store: MetadataStore) -> Projects:
    return await seed_projects(store)


async def create(store: MetadataStore, project_id: int, *names: str) -> list[int]:
    return [
        (await create_action(store, project_id=project_id, name=each, steps=(), now=MADE)).id for each in names
    ]


async def names(store: MetadataStore, project_id: int, search: str = "") -> list[str]:
    page = await ACTION_REPOSITORY.list_page(store, project_id, first=500, search=search)
    assert page.total == len(page.records)
    return [record.name for record in page.records]


async def test_created_action_is_found_unchanged(store: MetadataStore, projects: Projects) -> None:
    created = await create_action(
        store,
        project_id=projects.shop,
        name="buys",
        description="money",
        steps=STEPS,
        created_by=projects.user,
        now=MADE,
    )
    assert created == ActionRecord(
        id=1,
        project_id=projects.shop,
        name="buys",
        description="money",
        created_by=projects.user,
        created_at=MADE,
        updated_at=MADE,
        steps=STEPS,
    )
    assert await ACTION_REPOSITORY.find(store, [(projects.shop, 1)]) == {(projects.shop, 1): created}
    assert (await ACTION_REPOSITORY.list_page(store, projects.shop, first=1)).records == (created,)


async def test_create_action_without_its_project_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="no longer exists"):
        await create_action(store, project_id=77, name="x", steps=(), now=MADE)


async def test_concurrent_creates_get_different_ids(store: MetadataStore, projects: Projects) -> None:
    created = await asyncio.gather(*(create(store, projects.shop, "same") for _ in range(8)))
    assert sorted(created) == [[number] for number in range(1, 9)]


async def test_find_returns_what_exists_in_the_project(store: MetadataStore, projects: Projects) -> None:
    [mine, gone] = await create(store, projects.shop, "mine", "gone")
    [theirs] = await create(store, projects.other, "theirs")
    await ACTION_REPOSITORY.delete(store, (projects.shop, gone), now=LATER)
    keys = [
        (project, number) for project in (projects.shop, projects.other) for number in (mine, gone, theirs, 99)
    ]
    found = await ACTION_REPOSITORY.find(store, [*keys, *((projects.shop, number) for number in TOO_LARGE)])
    assert {key: record.name for key, record in found.items()} == {
        (projects.shop, mine): "mine",
        (projects.other, theirs): "theirs",
    }
    assert await ACTION_REPOSITORY.find(store, []) == {}


async def test_list_returns_pages_by_id(store: MetadataStore, projects: Projects) -> None:
    ids = await create(store, projects.shop, "c", "a", "b")
    await create(store, projects.other, "theirs")
    first = await ACTION_REPOSITORY.list_page(store, projects.shop, first=2)
    assert ([record.id for record in first.records], first.total, first.has_next) == (ids[:2], 3, True)
    second = await ACTION_REPOSITORY.list_page(store, projects.shop, first=2, after=ids[1])
    assert ([record.id for record in second.records], second.total, second.has_next) == (ids[2:], 3, False)


@pytest.mark.parametrize("after", [-(10**30), -1, 0])
async def test_list_after_a_number_below_all_ids_starts_at_the_beginning(
    store: MetadataStore, projects: Projects, after: int
) -> None:
    await create(store, projects.shop, "a")
    assert len((await ACTION_REPOSITORY.list_page(store, projects.shop, first=1, after=after)).records) == 1


@pytest.mark.parametrize("after", [1, 2**31, 10**30])
async def test_list_after_the_last_is_empty(store: MetadataStore, projects: Projects, after: int) -> None:
    await create(store, projects.shop, "a")
    page = await ACTION_REPOSITORY.list_page(store, projects.shop, first=1, after=after)
    assert (page.records, page.total, page.has_next) == ((), 1, False)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("", ["Buys ÄPFEL", "straße", "50%_off", "back\\slash", "O'Hara"]),
        ("buys", ["Buys ÄPFEL"]),
        ("äpfel", ["Buys ÄPFEL"]),
        ("A\u0308PF", ["Buys ÄPFEL"]),
        ("STRASSE", ["straße"]),
        ("%", ["50%_off"]),
        ("0%_O", ["50%_off"]),
        ("_", ["50%_off"]),
        ("\\S", ["back\\slash"]),
        ("/", []),
        ("o'h", ["O'Hara"]),
        ("buys ", ["Buys ÄPFEL"]),
        ("nothing", []),
    ],
)
async def test_search_finds_a_part_of_the_name_ignoring_case(
    store: MetadataStore, projects: Projects, search: str, found: list[str]
) -> None:
    await create(store, projects.shop, "Buys ÄPFEL", "straße", "50%_off", "back\\slash", "O'Hara")
    await create(store, projects.other, "buys äpfel, STRASSE 50%_off back\\slash")
    assert await names(store, projects.shop, search) == found


async def test_update_changes_only_what_is_given(store: MetadataStore, projects: Projects) -> None:
    created = await create_action(store, project_id=projects.shop, name="Old", steps=STEPS, now=MADE)
    key = (projects.shop, created.id)
    renamed = await update_action(store, key, name="NEU", now=LATER)
    assert renamed is not None
    assert (renamed.name, renamed.steps, renamed.description) == ("NEU", STEPS, "")
    assert (renamed.created_at, renamed.updated_at) == (MADE, LATER)
    emptied = await update_action(store, key, steps=(), description="d", now=LATER)
    assert emptied is not None
    assert (emptied.name, emptied.steps, emptied.description) == ("NEU", (), "d")
    assert (await ACTION_REPOSITORY.find(store, [key]))[key] == emptied
    assert (await names(store, projects.shop, "neu"), await names(store, projects.shop, "old")) == (["NEU"], [])


async def test_update_without_changes_keeps_the_time(store: MetadataStore, projects: Projects) -> None:
    [number] = await create(store, projects.shop, "x")
    same = await update_action(store, (projects.shop, number), now=LATER)
    assert same is not None
    assert same.updated_at == MADE


async def test_update_and_delete_are_limited_to_the_project(store: MetadataStore, projects: Projects) -> None:
    [mine] = await create(store, projects.shop, "mine")
    foreign = (projects.other, mine)
    assert await update_action(store, foreign, name="theirs", now=LATER) is None
    assert await update_action(store, foreign, now=LATER) is None
    assert await ACTION_REPOSITORY.delete(store, foreign, now=LATER) is False
    assert await names(store, projects.shop) == ["mine"]


@pytest.mark.parametrize("number", TOO_LARGE)
async def test_update_and_delete_with_an_impossible_id_find_nothing(
    store: MetadataStore, projects: Projects, number: int
) -> None:
    assert await update_action(store, (projects.shop, number), name="x", now=LATER) is None
    assert await ACTION_REPOSITORY.delete(store, (projects.shop, number), now=LATER) is False


async def test_deleted_action_is_not_found_but_its_row_stays(store: MetadataStore, projects: Projects) -> None:
    [gone, stays] = await create(store, projects.shop, "gone", "stays")
    key = (projects.shop, gone)
    assert await ACTION_REPOSITORY.delete(store, key, now=LATER) is True
    assert await ACTION_REPOSITORY.delete(store, key, now=LATER) is False
    assert await update_action(store, key, name="back", now=LATER) is None
    assert await names(store, projects.shop) == ["stays"]
    async with store.read() as session:
        row = await session.scalar(select(SavedAction).where(SavedAction.id == gone))
    assert row is not None
    assert (row.name, row.deleted_at) == ("gone", LATER)
    assert await create(store, projects.shop, "next") == [stays + 1]


async def test_action_outlives_its_creator_but_not_its_project(store: MetadataStore, projects: Projects) -> None:
    created = await create_action(
        store, project_id=projects.shop, name="x", steps=(), created_by=projects.user, now=MADE
    )
    key = (projects.shop, created.id)
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == projects.user))
    assert (await ACTION_REPOSITORY.find(store, [key]))[key].created_by is None
    async with store.write() as session:
        await session.execute(delete(Project).where(Project.id == projects.shop))
    assert await ACTION_REPOSITORY.find(store, [key]) == {}
