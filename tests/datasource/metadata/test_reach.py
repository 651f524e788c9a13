from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from datasource.metadata.members import add_member
from datasource.metadata.organizations import create_organization
from datasource.metadata.projects import create_project
from datasource.metadata.reach import Reach, projects_in_reach, ruled_projects
from datasource.metadata.records import MemberRecord, OrganizationLevel, ProjectRecord
from datasource.metadata.store import MetadataStore


@dataclass(frozen=True)
class Seeds:
    """Two organizations the member belongs to, two projects each, and one of strangers."""

    member: MemberRecord
    a: tuple[ProjectRecord, ProjectRecord]
    b: tuple[ProjectRecord, ProjectRecord]
    foreign: ProjectRecord


@pytest.fixture
async def seeds(store: MetadataStore) -> Seeds:
    a, b, strangers = [await create_organization(store, name=name) for name in ("A", "B", "Strangers")]
    first, second, foreign, third, fourth = [
        await create_project(store, organization_id=organization.id, name=f"P{number}")
        for number, organization in enumerate([a, b, strangers, a, b])
    ]
    await add_member(store, email="ada@example.com", organization_id=a.id, level=OrganizationLevel.OWNER)
    member = await add_member(store, email="ada@example.com", organization_id=b.id)
    return Seeds(member=member, a=(first, third), b=(second, fourth), foreign=foreign)


def _reach(
    seeds: Seeds, *, projects: Iterable[int] | None = None, organizations: Iterable[str] | None = None
) -> Reach:
    """What the member's organizations have, as far as a key is scoped to it."""
    own = set(seeds.member.organization_ids)
    within = own if organizations is None else own & set(organizations)
    return Reach(frozenset(within), None if projects is None else frozenset(projects))


async def _reached(store: MetadataStore, reach: Reach) -> list[int]:
    page = await projects_in_reach(store, reach, first=100)
    ids = [project.id for project in page.projects]
    assert (page.total, page.has_next) == (len(ids), False)
    return ids


async def _found(store: MetadataStore, reach: Reach, *project_ids: int) -> dict[int, ProjectRecord]:
    found = await ruled_projects(store, reach, project_ids, ())
    return {project_id: ruled.record for project_id, ruled in found.items()}


def _ids(*projects: ProjectRecord) -> list[int]:
    return sorted(project.id for project in projects)


async def test_reach_is_every_project_of_the_owners_organizations(store: MetadataStore, seeds: Seeds) -> None:
    assert await _reached(store, _reach(seeds)) == _ids(*seeds.a, *seeds.b)


async def test_reach_in_any_organization_is_restricted_to_its_projects(store: MetadataStore, seeds: Seeds) -> None:
    assert await _reached(store, Reach(None, frozenset({seeds.foreign.id}))) == [seeds.foreign.id]


async def test_reach_scoped_to_projects_excludes_those_the_owner_cannot_access(
    store: MetadataStore, seeds: Seeds
) -> None:
    reach = _reach(seeds, projects=(seeds.a[1].id, seeds.foreign.id, 999))
    assert await _reached(store, reach) == _ids(seeds.a[1])


async def test_reach_scoped_to_organizations_is_their_projects(store: MetadataStore, seeds: Seeds) -> None:
    reach = _reach(seeds, organizations=(seeds.b[0].organization_id, seeds.foreign.organization_id))
    assert await _reached(store, reach) == _ids(*seeds.b)


async def test_reach_scoped_to_both_needs_both(store: MetadataStore, seeds: Seeds) -> None:
    reach = _reach(seeds, projects=(seeds.a[0].id, seeds.b[0].id), organizations=(seeds.b[0].organization_id,))
    assert await _reached(store, reach) == _ids(seeds.b[0])


async def test_reach_scoped_to_nothing_is_empty(store: MetadataStore, seeds: Seeds) -> None:
    assert await _reached(store, _reach(seeds, projects=())) == []
    assert await _reached(store, _reach(seeds, organizations=())) == []


async def test_reach_pages_by_id_and_counts_everything(store: MetadataStore, seeds: Seeds) -> None:
    first = await projects_in_reach(store, _reach(seeds), first=3)
    assert ([each.id for each in first.projects], first.total, first.has_next) == (
        _ids(*seeds.a, *seeds.b)[:3],
        4,
        True,
    )
    rest = await projects_in_reach(store, _reach(seeds), first=3, after=first.projects[-1].id)
    assert ([each.id for each in rest.projects], rest.total, rest.has_next) == (
        _ids(*seeds.a, *seeds.b)[3:],
        4,
        False,
    )


async def test_hidden_projects_are_neither_listed_nor_counted(store: MetadataStore, seeds: Seeds) -> None:
    hidden = [seeds.a[0].id, seeds.b[1].id, seeds.foreign.id]
    page = await projects_in_reach(store, _reach(seeds), first=1, hidden=hidden)
    assert ([each.id for each in page.projects], page.total, page.has_next) == ([seeds.b[0].id], 2, True)
    rest = await projects_in_reach(store, _reach(seeds), first=1, after=seeds.b[0].id, hidden=hidden)
    assert ([each.id for each in rest.projects], rest.total, rest.has_next) == ([seeds.a[1].id], 2, False)


@pytest.mark.parametrize(("after", "count"), [(-5, 4), (0, 4), (2**31 - 1, 0), (2**31, 0), (10**30, 0)])
async def test_reach_after_any_number_is_valid(store: MetadataStore, seeds: Seeds, after: int, count: int) -> None:
    page = await projects_in_reach(store, _reach(seeds), first=10, after=after)
    assert (len(page.projects), page.total) == (count, 4)


async def test_reach_first_none_only_counts(store: MetadataStore, seeds: Seeds) -> None:
    page = await projects_in_reach(store, _reach(seeds), first=0)
    assert (page.projects, page.total, page.has_next) == ((), 4, True)


async def test_project_out_of_reach_is_absent_like_a_missing_one(store: MetadataStore, seeds: Seeds) -> None:
    reach = _reach(seeds, projects=(seeds.a[0].id, seeds.foreign.id))
    assert await _found(store, reach, seeds.a[0].id) == {seeds.a[0].id: seeds.a[0]}
    for unreachable in (seeds.a[1].id, seeds.foreign.id, 999, 0, -1, 2**31, 2**63, 10**30):
        assert await _found(store, reach, unreachable) == {}


async def test_projects_loaded_together_exclude_those_out_of_reach(store: MetadataStore, seeds: Seeds) -> None:
    requested = (seeds.foreign.id, seeds.b[0].id, seeds.a[0].id, 999, seeds.a[0].id)
    assert await _found(store, _reach(seeds), *requested) == {
        seeds.a[0].id: seeds.a[0],
        seeds.b[0].id: seeds.b[0],
    }
