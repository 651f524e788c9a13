from dataclasses import replace

import pytest

from datasource.metadata.audit import Actor, ActorKind
from datasource.metadata.insights import create_insight
from datasource.metadata.members import get_member, set_member_level
from datasource.metadata.organizations import set_features
from datasource.metadata.projects import create_project
from datasource.metadata.records import (
    AccessLevel,
    MemberRecord,
    OrganizationLevel,
    ProjectRecord,
)
from datasource.metadata.roles import add_role_member, create_role
from datasource.metadata.store import MetadataStore
from permissions.caller import Caller
from permissions.policy import Access, Controlled, Source
from permissions.reach import (
    ReachedPage,
    find_owner_projects,
    list_reached_projects,
    reach_projects,
    reread_project,
)
from permissions.resources import INSIGHT, PROJECT
from tests.support.seeds.two_organizations import (
    NOON,
    Organizations,
    counted_statements,
    given_rule,
    seed_organizations,
    set_level,
)


@pytest.fixture
async def orgs(store: MetadataStore) -> Organizations:
    return await seed_organizations(store)


def _caller(
    user: MemberRecord | None,
    *,
    projects: tuple[int, ...] | None = None,
    organizations: tuple[str, ...] | None = None,
    project_id: int | None = None,
) -> Caller:
    return Caller(
        key_id="k",
        key_label="CI",
        key_mask="phx_...0000",
        scopes=("*",),
        scoped_projects=projects,
        scoped_organizations=organizations,
        user=user,
        project_id=project_id,
    )


async def _hide(
    store: MetadataStore, project: ProjectRecord, *, level: str = "none", member: str | None = None
) -> None:
    await given_rule(store, project, level, resource="project", on=str(project.id), member=member)


def _names(page: ReachedPage) -> list[str]:
    return [each.record.name for each in page.projects]


async def _listed(store: MetadataStore, caller: Caller) -> list[str]:
    """List all reachable projects, and check that a lookup by id agrees."""
    page = await list_reached_projects(store, caller, first=100, after=None)
    assert (page.total, page.has_next) == (len(page.projects), False)
    found = await reach_projects(store, caller, range(1, 50))
    assert sorted(found) == [each.record.id for each in page.projects]
    return _names(page)


# ---------------------------------------------------------------------- hidden projects


async def test_all_projects_of_the_organizations_are_reachable_without_rules(
    store: MetadataStore, orgs: Organizations
) -> None:
    assert await _listed(store, _caller(orgs.ada)) == ["shop", "lab", "zoo"]
    assert await _listed(store, _caller(orgs.bob)) == ["shop", "lab"]


async def test_project_closed_to_everyone_is_hidden_from_members(
    store: MetadataStore, orgs: Organizations
) -> None:
    await _hide(store, orgs.shop)
    assert await _listed(store, _caller(orgs.bob)) == ["lab"]
    assert await reach_projects(store, _caller(orgs.bob), [orgs.shop.id]) == {}


async def test_project_closed_to_one_member_is_open_to_others(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.shop, member=orgs.bob_in_acme)
    assert await _listed(store, _caller(orgs.bob)) == ["lab"]
    assert await _listed(store, _caller(orgs.ada)) == ["shop", "lab", "zoo"]


async def test_rule_by_name_opens_a_project_closed_to_everyone(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.shop)
    await _hide(store, orgs.shop, level="member", member=orgs.ada_in_acme)
    await given_rule(store, orgs.lab, "none", resource="project", on=str(orgs.lab.id), role=orgs.editors)
    assert await _listed(store, _caller(orgs.ada)) == ["shop", "lab", "zoo"]
    assert await _listed(store, _caller(orgs.bob)) == []


async def test_project_is_never_hidden_from_admins(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.zoo)
    await _hide(store, orgs.zoo, member=orgs.ada_in_zeta)
    assert "zoo" in await _listed(store, _caller(orgs.ada))
    await set_member_level(
        store, email="ada@example.com", organization_id=orgs.zeta.id, level=OrganizationLevel.MEMBER
    )
    member = await get_member(store, email="ada@example.com")
    assert "zoo" not in await _listed(store, _caller(member))


async def test_admin_of_one_organization_is_not_admin_in_another(
    store: MetadataStore, orgs: Organizations
) -> None:
    await _hide(store, orgs.shop)
    await _hide(store, orgs.zoo)
    assert await _listed(store, _caller(orgs.ada)) == ["lab", "zoo"]


async def test_project_rules_have_no_effect_while_access_control_is_off(
    store: MetadataStore, orgs: Organizations
) -> None:
    await _hide(store, orgs.shop)
    await set_features(store, orgs.acme.id, access_control=False)
    bob = await get_member(store, email="bob@example.com")
    assert await _listed(store, _caller(bob)) == ["shop", "lab"]


async def test_rules_for_all_projects_or_another_one_hide_nothing(
    store: MetadataStore, orgs: Organizations
) -> None:
    await given_rule(store, orgs.shop, "none", resource="project")
    await given_rule(store, orgs.shop, "none", resource="project", on=str(orgs.lab.id))
    await given_rule(store, orgs.shop, "none", on=str(orgs.shop.id))
    assert await _listed(store, _caller(orgs.bob)) == ["shop", "lab"]


async def test_rules_for_a_membership_elsewhere_hide_nothing(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.shop, member=orgs.ada_in_zeta)
    await given_rule(store, orgs.lab, "none", resource="project", on=str(orgs.lab.id), role=orgs.zetas)
    assert await _listed(store, _caller(orgs.ada)) == ["shop", "lab", "zoo"]


# ---------------------------------------------------------------------- pages


async def test_pages_and_totals_exclude_hidden_projects(store: MetadataStore, orgs: Organizations) -> None:
    made = [await create_project(store, organization_id=orgs.acme.id, name=f"P{number}") for number in range(6)]
    for number in (0, 1, 4):
        await _hide(store, made[number])
    caller = _caller(orgs.bob)
    after, pages = None, []
    for _ in range(3):
        page = await list_reached_projects(store, caller, first=2, after=after)
        after = page.projects[-1].record.id
        pages.append((_names(page), page.total, page.has_next))
    assert pages == [(["shop", "lab"], 5, True), (["P2", "P3"], 5, True), (["P5"], 5, False)]


async def test_page_of_size_zero_only_counts(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.shop)
    page = await list_reached_projects(store, _caller(orgs.ada), first=0, after=None)
    assert (page.projects, page.total, page.has_next) == ((), 2, True)


# ---------------------------------------------------------------------- what the key is scoped to


async def test_key_scoped_to_projects_reaches_no_others(store: MetadataStore, orgs: Organizations) -> None:
    caller = _caller(orgs.ada, projects=(orgs.lab.id, orgs.zoo.id))
    assert await _listed(store, caller) == ["lab", "zoo"]
    await _hide(store, orgs.lab)
    assert await _listed(store, caller) == ["zoo"]


async def test_key_scoped_beyond_its_owners_reach_reaches_nothing(
    store: MetadataStore, orgs: Organizations
) -> None:
    assert await _listed(store, _caller(orgs.bob, projects=(orgs.zoo.id,))) == []
    assert await _listed(store, _caller(orgs.bob, organizations=(orgs.zeta.id,))) == []


async def test_key_scoped_to_an_organization_reaches_only_its_projects(
    store: MetadataStore, orgs: Organizations
) -> None:
    assert await _listed(store, _caller(orgs.ada, organizations=(orgs.acme.id,))) == ["shop", "lab"]
    both = _caller(orgs.ada, organizations=(orgs.acme.id,), projects=(orgs.lab.id, orgs.zoo.id))
    assert await _listed(store, both) == ["lab"]


async def test_key_scoped_to_nothing_reaches_nothing(store: MetadataStore, orgs: Organizations) -> None:
    assert await _listed(store, _caller(orgs.ada, projects=())) == []
    assert await _listed(store, _caller(orgs.ada, organizations=())) == []


# ---------------------------------------------------------------------- organizations that take no keys


async def test_organization_without_member_keys_locks_out_members_but_not_admins(
    store: MetadataStore, orgs: Organizations
) -> None:
    for organization in (orgs.acme, orgs.zeta):
        await set_features(store, organization.id, member_keys=False)
    ada = await get_member(store, email="ada@example.com")
    caller = _caller(ada)
    assert await _listed(store, caller) == ["zoo"]
    assert [caller.is_locked_out(each) for each in ada.memberships] == [True, False]


async def test_organization_without_member_keys_accepts_project_keys(
    store: MetadataStore, orgs: Organizations
) -> None:
    await set_features(store, orgs.acme.id, member_keys=False)
    assert await _listed(store, _caller(None, project_id=orgs.shop.id)) == ["shop"]


# ---------------------------------------------------------------------- keys of projects


async def test_project_key_reaches_only_its_project_regardless_of_rules(
    store: MetadataStore, orgs: Organizations
) -> None:
    await _hide(store, orgs.shop)
    await given_rule(store, orgs.shop, "none")
    caller = _caller(None, project_id=orgs.shop.id)
    assert await _listed(store, caller) == ["shop"]
    reached = (await reach_projects(store, caller, [orgs.shop.id]))[orgs.shop.id]
    assert reached.policy.principal.is_project_key
    assert reached.policy.resource_access(INSIGHT) == Access(AccessLevel.MANAGER, Source.PROJECT_KEY)
    assert not reached.policy.can_modify(reached.policy.project)


# ---------------------------------------------------------------------- the policy that comes along


async def test_each_project_has_the_policy_of_its_organization(store: MetadataStore, orgs: Organizations) -> None:
    await given_rule(store, orgs.shop, "viewer")
    await given_rule(store, orgs.lab, "none")
    await given_rule(store, orgs.lab, "viewer", on="5", role=orgs.analysts)
    await given_rule(store, orgs.zoo, "none")
    page = await list_reached_projects(store, _caller(orgs.ada), first=100, after=None)
    found = await reach_projects(store, _caller(orgs.ada), [each.record.id for each in page.projects])
    for policies in (page.projects, found.values()):
        shop, lab, zoo = [each.policy for each in policies]
        assert shop.resource_access(INSIGHT).level is AccessLevel.VIEWER
        assert lab.resource_access(INSIGHT).level is AccessLevel.NONE
        assert lab.object_access(Controlled(INSIGHT, "5")).level is AccessLevel.VIEWER
        assert zoo.resource_access(INSIGHT) == Access(AccessLevel.MANAGER, Source.ORG_ADMIN)
        assert [each.project.id for each in (shop, lab, zoo)] == [str(each.record.id) for each in page.projects]


async def test_policy_recognizes_the_callers_objects(store: MetadataStore, orgs: Organizations) -> None:
    await given_rule(store, orgs.shop, "none", on="1")
    made = await create_insight(
        store, project_id=orgs.shop.id, name="i", query={}, created_by=orgs.bob.id, now=NOON
    )
    target = Controlled(INSIGHT, str(made.id), made.created_by)
    for user, level in ((orgs.bob, AccessLevel.MANAGER), (orgs.ada, AccessLevel.NONE)):
        reached = (await reach_projects(store, _caller(user), [orgs.shop.id]))[orgs.shop.id]
        assert reached.policy.object_access(target).level is level


async def test_reread_project_has_new_rules(store: MetadataStore, orgs: Organizations) -> None:
    caller = _caller(orgs.bob)
    reached = (await reach_projects(store, caller, [orgs.shop.id]))[orgs.shop.id]
    await given_rule(store, orgs.shop, "viewer")
    assert reached.policy.resource_access(INSIGHT).level is AccessLevel.EDITOR
    again = await reread_project(store, caller, reached)
    assert again.policy.resource_access(INSIGHT).level is AccessLevel.VIEWER
    await _hide(store, orgs.shop)
    assert not (await reread_project(store, caller, reached)).policy.can_reach_project()


async def test_owners_project_is_found_regardless_of_the_keys_scope(
    store: MetadataStore, orgs: Organizations
) -> None:
    narrow = _caller(orgs.ada, projects=(orgs.lab.id,), organizations=(orgs.acme.id,))
    projects = (orgs.shop, orgs.lab, orgs.zoo)
    found = await find_owner_projects(store, narrow, [*(project.id for project in projects), 999])
    assert [found[project.id].record for project in projects] == [*projects]
    assert 999 not in found
    assert await find_owner_projects(store, _caller(orgs.bob), [orgs.zoo.id]) == {}


async def test_owners_project_is_found_where_member_keys_are_rejected(
    store: MetadataStore, orgs: Organizations
) -> None:
    await set_features(store, orgs.acme.id, member_keys=False)
    bob = await get_member(store, email="bob@example.com")
    found = await find_owner_projects(store, _caller(bob), [orgs.shop.id])
    assert found[orgs.shop.id].record == orgs.shop


async def test_project_key_has_no_other_projects(store: MetadataStore, orgs: Organizations) -> None:
    caller = _caller(None, project_id=orgs.shop.id)
    assert [*await find_owner_projects(store, caller, [orgs.shop.id, orgs.lab.id])] == [orgs.shop.id]


# ---------------------------------------------------------------------- statements


async def _statements(store: MetadataStore, caller: Caller) -> tuple[int, int]:
    """Count the statements for a lookup of 50 projects and for a list of them."""
    with counted_statements() as sent:
        await reach_projects(store, caller, range(1, 51))
    looking_up = sum("SELECT" in each for each in sent)
    with counted_statements() as sent:
        await list_reached_projects(store, caller, first=50, after=None)
    return looking_up, sum("SELECT" in each for each in sent)


async def test_number_of_statements_does_not_grow_with_projects_objects_or_rules(
    store: MetadataStore, orgs: Organizations
) -> None:
    await _hide(store, orgs.shop)
    few = await _statements(store, _caller(orgs.ada))
    # Projects and rules; and for the list the rules about projects, whose they are, the count and the page.
    assert few == (2, 5)
    for number in range(12):
        project = await create_project(store, organization_id=orgs.acme.id, name=f"P{number}")
        await _hide(store, project, level="none" if number % 2 else "member")
        role = await create_role(store, organization_id=orgs.acme.id, name=f"role {number}")
        await add_role_member(store, role, orgs.ada)
        for on in range(5):
            await create_insight(store, project_id=project.id, name=f"{on}", query={}, now=NOON)
            await given_rule(store, project, "none", on=str(on))
            await given_rule(store, project, "viewer", on=str(on), role=role)
    page = await list_reached_projects(store, _caller(orgs.ada), first=50, after=None)
    assert page.total == 3 - 1 + 6
    assert await _statements(store, _caller(orgs.ada)) == few


async def test_decisions_need_no_statement(store: MetadataStore, orgs: Organizations) -> None:
    for on in range(5):
        await given_rule(store, orgs.shop, "viewer", on=str(on))
    reached = (await reach_projects(store, _caller(orgs.bob), [orgs.shop.id]))[orgs.shop.id]
    with counted_statements() as sent:
        for on in range(5):
            assert reached.policy.object_access(Controlled(INSIGHT, str(on))).level is AccessLevel.VIEWER
        reached.policy.list_filter(INSIGHT)
        reached.policy.can_modify(Controlled(PROJECT, str(orgs.shop.id)))
    assert sent == []


async def test_no_projects_need_no_statement(store: MetadataStore, orgs: Organizations) -> None:
    with counted_statements() as sent:
        assert await reach_projects(store, _caller(orgs.ada), []) == {}
        assert await reach_projects(store, _caller(orgs.ada), [0, -1, 2**31, 10**30]) == {}
    assert sent == []


# ---------------------------------------------------------------------- the caller


def test_actor_of_a_persons_key_has_the_person_and_the_key(orgs: Organizations) -> None:
    assert _caller(orgs.ada).actor == Actor(
        ActorKind.API_KEY, user_id=orgs.ada.id, email="ada@example.com", key_id="k", key_mask="phx_...0000"
    )


def test_actor_of_a_project_key_has_only_the_key() -> None:
    assert _caller(None, project_id=1).actor == Actor(ActorKind.API_KEY, key_id="k", key_mask="phx_...0000")


def test_principal_has_the_callers_level_in_the_organization(orgs: Organizations) -> None:
    caller = _caller(orgs.ada)
    assert caller.principal_in(orgs.acme.id).level is OrganizationLevel.MEMBER
    assert caller.principal_in(orgs.zeta.id).is_admin
    stranger = caller.principal_in("elsewhere")
    assert (stranger.user_id, stranger.level, stranger.is_admin) == (orgs.ada.id, None, False)


@pytest.mark.parametrize("level", list(OrganizationLevel))
def test_member_key_is_locked_out_where_only_admin_keys_are_accepted(
    orgs: Organizations, level: OrganizationLevel
) -> None:
    membership = replace(orgs.ada.memberships[0], level=level)
    closed = replace(membership, features=replace(membership.features, member_keys=False))
    caller = _caller(orgs.ada)
    assert not caller.is_locked_out(membership)
    assert caller.is_locked_out(closed) is (level is OrganizationLevel.MEMBER)


async def test_removing_a_rule_opens_the_project_again(store: MetadataStore, orgs: Organizations) -> None:
    await _hide(store, orgs.shop)
    assert await _listed(store, _caller(orgs.bob)) == ["lab"]
    await set_level(store, orgs.shop, None, resource="project", on=str(orgs.shop.id))
    assert await _listed(store, _caller(orgs.bob)) == ["shop", "lab"]
