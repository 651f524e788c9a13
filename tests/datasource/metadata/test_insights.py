import pytest

from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight, update_insight
from datasource.metadata.records import InsightRecord
from datasource.metadata.store import MetadataStore
from errors import NotFound
from tests.support.seeds.projects import LATER, MADE, Projects, seed_projects

QUERY: dict[str, object] = {"interval": "WEEK", "events": [{"event": "größe", "order": None}], "dateTo": None}


@pytest.fixture
async def projects(store: MetadataStore) -> Projects:
    return await seed_projects(store)


async def test_created_insight_is_found_unchanged(store: MetadataStore, projects: Projects) -> None:
    created = await create_insight(
        store, project_id=projects.shop, name="weekly", query=QUERY, created_by=projects.user, now=MADE
    )
    assert created == InsightRecord(
        id=1,
        project_id=projects.shop,
        name="weekly",
        description="",
        created_by=projects.user,
        created_at=MADE,
        updated_at=MADE,
        query=QUERY,
    )
    found = (await INSIGHT_REPOSITORY.find(store, [(projects.shop, 1)]))[projects.shop, 1]
    assert found == created
    assert list(found.query) == list(QUERY), "the order of the keys is the client's"


async def test_create_insight_without_its_project_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound):
        await create_insight(store, project_id=77, name="x", query={}, now=MADE)


async def test_update_changes_only_what_is_given(store: MetadataStore, projects: Projects) -> None:
    created = await create_insight(store, project_id=projects.shop, name="Old", query=QUERY, now=MADE)
    key = (projects.shop, created.id)
    renamed = await update_insight(store, key, name="New", description="d", now=LATER)
    assert renamed is not None
    assert (renamed.name, renamed.description, renamed.query) == ("New", "d", QUERY)
    emptied = await update_insight(store, key, query={}, now=LATER)
    assert emptied is not None
    assert (emptied.name, emptied.query, emptied.updated_at) == ("New", {}, LATER)
    assert (await INSIGHT_REPOSITORY.find(store, [key]))[key] == emptied


async def test_insights_of_two_projects_are_separate(store: MetadataStore, projects: Projects) -> None:
    created = await create_insight(store, project_id=projects.shop, name="mine", query=QUERY, now=MADE)
    foreign = (projects.other, created.id)
    assert await INSIGHT_REPOSITORY.find(store, [foreign]) == {}
    assert await update_insight(store, foreign, name="theirs", now=LATER) is None
    assert await INSIGHT_REPOSITORY.delete(store, foreign, now=LATER) is False
    assert (await INSIGHT_REPOSITORY.list_page(store, projects.other, first=9)).total == 0
    assert (await INSIGHT_REPOSITORY.list_page(store, projects.shop, first=9, search="MINE")).records == (created,)


async def test_deleted_insight_is_not_found(store: MetadataStore, projects: Projects) -> None:
    created = await create_insight(store, project_id=projects.shop, name="gone", query=QUERY, now=MADE)
    assert await INSIGHT_REPOSITORY.delete(store, (projects.shop, created.id), now=LATER) is True
    assert await INSIGHT_REPOSITORY.delete(store, (projects.shop, created.id), now=LATER) is False
    page = await INSIGHT_REPOSITORY.list_page(store, projects.shop, first=9)
    assert (page.records, page.total, page.has_next) == ((), 0, False)
