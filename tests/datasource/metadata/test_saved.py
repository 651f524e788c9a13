"""Which objects a list includes, for each kind of saved object."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from datasource.metadata.actions import ACTION_REPOSITORY, create_action
from datasource.metadata.cohorts import COHORT_REPOSITORY, StoredMembership, create_cohort
from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight
from datasource.metadata.members import ensure_member
from datasource.metadata.projects import list_projects
from datasource.metadata.records import SavedPage
from datasource.metadata.saved import EVERYTHING, Visible
from datasource.metadata.store import MetadataStore
from tests.support.seeds.projects import LATER, MADE, Projects, seed_projects

KINDS = ("insight", "action", "cohort")
Page = tuple[list[int], int, bool]


@pytest.fixture
async def projects(store: MetadataStore) -> Projects:
    return await seed_projects(store)


async def _create(store: MetadataStore, kind: str, project_id: int, created_by: str | None) -> int:
    if kind == "insight":
        insight = await create_insight(
            store, project_id=project_id, name="Thing", query={}, created_by=created_by, now=MADE
        )
        return insight.id
    if kind == "action":
        action = await create_action(
            store, project_id=project_id, name="Thing", steps=[], created_by=created_by, now=MADE
        )
        return action.id
    membership = StoredMembership(is_static=False)
    cohort = await create_cohort(
        store, project_id=project_id, name="Thing", membership=membership, created_by=created_by, now=MADE
    )
    return cohort.id


async def _page(
    store: MetadataStore,
    kind: str,
    project_id: int,
    visible: Visible,
    *,
    first: int = 100,
    after: int | None = None,
    search: str = "",
) -> Page:
    lists: dict[str, Callable[..., Awaitable[SavedPage[Any]]]] = {
        "insight": INSIGHT_REPOSITORY.list_page,
        "action": ACTION_REPOSITORY.list_page,
        "cohort": COHORT_REPOSITORY.list_page,
    }
    page = await lists[kind](store, project_id, first=first, after=after, search=search, visible=visible)
    return [each.id for each in page.records], page.total, page.has_next


@pytest.fixture(params=KINDS)
async def kind(request: pytest.FixtureRequest, store: MetadataStore, projects: Projects) -> str:
    """Create 1, 2 and 3 without a creator, 4 by Bob and 5 by Ada in one project, and 6 in the other."""
    name = str(request.param)
    project = (await list_projects(store))[0]
    bob = await ensure_member(store, email="bob@example.com", organization_id=project.organization_id)
    makers = [None, None, None, bob.id, projects.user]
    created = [await _create(store, name, projects.shop, maker) for maker in makers]
    assert [*created, await _create(store, name, projects.other, None)] == [1, 2, 3, 4, 5, 6]
    return name


async def test_list_of_everything_is_complete(store: MetadataStore, projects: Projects, kind: str) -> None:
    for visible in (EVERYTHING, Visible(creator=projects.user)):
        assert await _page(store, kind, projects.shop, visible) == ([1, 2, 3, 4, 5], 5, False)


async def test_list_excludes_hidden_objects_from_the_count(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    visible = Visible(hidden=frozenset({2, 5, 99}))
    assert await _page(store, kind, projects.shop, visible) == ([1, 3, 4], 3, False)


async def test_list_includes_the_creators_own_even_if_hidden(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    visible = Visible(hidden=frozenset({2, 4, 5}), creator=projects.user)
    assert await _page(store, kind, projects.shop, visible) == ([1, 3, 5], 3, False)


async def test_list_of_some_includes_those_and_the_creators_own(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    only = frozenset({1, 4, 99})
    assert await _page(store, kind, projects.shop, Visible(only=only)) == ([1, 4], 2, False)
    visible = Visible(only=only, creator=projects.user)
    assert await _page(store, kind, projects.shop, visible) == ([1, 4, 5], 3, False)


async def test_list_of_none_includes_only_the_creators_own(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    assert await _page(store, kind, projects.shop, Visible(only=frozenset())) == ([], 0, False)
    visible = Visible(only=frozenset(), creator=projects.user)
    assert await _page(store, kind, projects.shop, visible) == ([5], 1, False)


async def test_list_of_some_ignores_hidden(store: MetadataStore, projects: Projects, kind: str) -> None:
    visible = Visible(only=frozenset({1}), hidden=frozenset({1}))
    assert await _page(store, kind, projects.shop, visible) == ([1], 1, False)


async def test_objects_without_a_creator_belong_to_no_caller(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    visible = Visible(hidden=frozenset({1, 2, 3, 4, 5}), creator=None)
    assert await _page(store, kind, projects.shop, visible) == ([], 0, False)


async def test_hidden_objects_do_not_shorten_pages(store: MetadataStore, projects: Projects, kind: str) -> None:
    visible = Visible(hidden=frozenset({1, 3}))
    assert await _page(store, kind, projects.shop, visible, first=2) == ([2, 4], 3, True)
    assert await _page(store, kind, projects.shop, visible, first=2, after=4) == ([5], 3, False)
    only = Visible(only=frozenset({2, 3}), creator=projects.user)
    assert await _page(store, kind, projects.shop, only, first=1) == ([2], 3, True)
    assert await _page(store, kind, projects.shop, only, first=2, after=2) == ([3, 5], 3, False)


async def test_search_excludes_hidden_objects(store: MetadataStore, projects: Projects, kind: str) -> None:
    visible = Visible(hidden=frozenset({2}), creator=projects.user)
    assert await _page(store, kind, projects.shop, visible, search="THIN") == ([1, 3, 4, 5], 4, False)
    assert await _page(store, kind, projects.shop, visible, search="other") == ([], 0, False)


async def test_list_excludes_deleted_objects_and_other_projects(
    store: MetadataStore, projects: Projects, kind: str
) -> None:
    deletes: dict[str, Callable[..., Awaitable[bool]]] = {
        "insight": INSIGHT_REPOSITORY.delete,
        "action": ACTION_REPOSITORY.delete,
        "cohort": COHORT_REPOSITORY.delete,
    }
    for saved_id in (1, 5):
        assert await deletes[kind](store, (projects.shop, saved_id), now=LATER)
    visible = Visible(only=frozenset({1, 2, 6}), creator=projects.user)
    assert await _page(store, kind, projects.shop, visible) == ([2], 1, False)
    assert await _page(store, kind, projects.other, visible) == ([6], 1, False)
