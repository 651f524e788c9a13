import asyncio
import random
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import IntegrityError

from datasource.metadata.access_controls import (
    RuleKey,
    find_resource_rules,
    find_rules,
    rules_for,
    set_rule,
)
from datasource.metadata.actions import ACTION_REPOSITORY, create_action
from datasource.metadata.audit import OPERATOR
from datasource.metadata.cohorts import COHORT_REPOSITORY, StoredMembership, create_cohort
from datasource.metadata.insights import INSIGHT_REPOSITORY, create_insight
from datasource.metadata.members import remove_member
from datasource.metadata.models import AccessControl, Organization, Project, User
from datasource.metadata.records import AccessLevel, ProjectRecord, RoleRecord, RuleRecord
from datasource.metadata.roles import add_role_member, delete_role, remove_role_member
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, GatewayError, NotFound
from tests.support.seeds.two_organizations import (
    LATER,
    NOON,
    Organizations,
    counted_statements,
    given_rule,
    rule_ids,
    seed_organizations,
    set_level,
)


@pytest.fixture
async def orgs(store: MetadataStore) -> Organizations:
    return await seed_organizations(store)


async def _applying(
    store: MetadataStore, projects: Iterable[ProjectRecord], membership_ids: Collection[str], **only: str
) -> dict[int, list[RuleRecord]]:
    async with store.read() as session:
        return await rules_for(session, [each.id for each in projects], membership_ids, **only)


async def _applying_ids(store: MetadataStore, projects: Iterable[ProjectRecord], *membership_ids: str) -> set[str]:
    found = await _applying(store, projects, membership_ids)
    return {each.id for rules in found.values() for each in rules}


# ---------------------------------------------------------------------- setting


async def test_rule_is_found_as_set(store: MetadataStore, orgs: Organizations) -> None:
    created = await set_level(
        store, orgs.shop, "viewer", on="5", member=orgs.bob_in_acme, actor=orgs.actor, now=NOON
    )
    assert created is not None
    assert created == RuleRecord(
        id=created.id,
        project_id=orgs.shop.id,
        resource="insight",
        resource_id="5",
        member_id=orgs.bob_in_acme,
        role_id=None,
        access_level=AccessLevel.VIEWER,
        created_by=orgs.ada.id,
        created_at=NOON,
        updated_at=NOON,
    )
    assert await find_rules(store, orgs.shop.id, ("insight", "5")) == (created,)


async def test_rule_set_again_keeps_its_row_and_creator(store: MetadataStore, orgs: Organizations) -> None:
    first = await set_level(store, orgs.shop, "viewer", on="5", actor=orgs.actor, now=NOON)
    second = await set_level(store, orgs.shop, "none", on="5", now=LATER)
    assert first is not None
    assert second == replace(first, access_level=AccessLevel.NONE, updated_at=LATER)
    assert await find_rules(store, orgs.shop.id) == (second,)


async def test_rule_can_be_removed_twice(store: MetadataStore, orgs: Organizations) -> None:
    kept = await given_rule(store, orgs.shop, "viewer", on="5")
    await given_rule(store, orgs.shop, "editor", on="5", role=orgs.analysts)
    for _ in range(2):
        assert await set_level(store, orgs.shop, None, on="5", role=orgs.analysts) is None
    assert await find_rules(store, orgs.shop.id) == (kept,)


async def test_each_subject_and_object_has_its_own_rule(store: MetadataStore, orgs: Organizations) -> None:
    created = [
        await given_rule(store, orgs.shop, "viewer", resource=resource, on=on, member=member, role=role)
        for resource in ("insight", "action")
        for on in ("5", "6", None)
        for member, role in (
            (None, None),
            (orgs.ada_in_acme, None),
            (None, orgs.analysts),
            (None, orgs.editors),
        )
    ]
    created.append(await given_rule(store, orgs.lab, "viewer", on="5"))
    assert await rule_ids(store, orgs.shop, orgs.lab) == {each.id for each in created}
    assert len(created) == 25


async def test_rule_for_everyone_set_twice_is_one_rule(store: MetadataStore, orgs: Organizations) -> None:
    for on in (None, "5"):
        rules = [await given_rule(store, orgs.shop, level, on=on) for level in ("none", "viewer", "editor")]
        assert len({each.id for each in rules}) == 1
    found = await find_rules(store, orgs.shop.id)
    assert [each.access_level for each in found] == [AccessLevel.EDITOR] * 2


@pytest.mark.parametrize("subject", ["everyone", "member", "role"])
async def test_database_rejects_a_second_rule_for_one_subject(
    store: MetadataStore, orgs: Organizations, subject: str
) -> None:
    member_id = orgs.ada_in_acme if subject == "member" else None
    role_id = orgs.analysts.id if subject == "role" else None

    async def insert() -> None:
        async with store.write() as session:
            session.add(_row(orgs.shop, resource_id="5", member_id=member_id, role_id=role_id))

    await insert()
    with pytest.raises(IntegrityError):
        await insert()


async def test_database_rejects_a_rule_about_a_member_and_a_role(
    store: MetadataStore, orgs: Organizations
) -> None:
    async def insert() -> None:
        async with store.write() as session:
            session.add(_row(orgs.shop, member_id=orgs.ada_in_acme, role_id=orgs.analysts.id))

    with pytest.raises(IntegrityError):
        await insert()
    assert await find_rules(store, orgs.shop.id) == ()


def _row(
    project: ProjectRecord,
    *,
    resource_id: str = "",
    member_id: str | None = None,
    role_id: str | None = None,
    level: str = "viewer",
) -> AccessControl:
    return AccessControl(
        project_id=project.id,
        resource="insight",
        resource_id=resource_id,
        subject=member_id or role_id or "",
        member_id=member_id,
        role_id=role_id,
        access_level=level,
        created_by=None,
        created_at=NOON,
        updated_at=NOON,
    )


async def test_rule_of_a_deleted_project_is_not_found(store: MetadataStore) -> None:
    with pytest.raises(NotFound, match="project"):
        await set_rule(store, RuleKey(77, "insight"), AccessLevel.NONE, actor=OPERATOR, now=NOON)


async def test_rule_about_a_deleted_subject_is_rejected(store: MetadataStore, orgs: Organizations) -> None:
    await remove_member(store, email="bob@example.com", organization_id=orgs.acme.id)
    await delete_role(store, orgs.editors)
    with pytest.raises(GatewayError) as caught:
        await set_level(store, orgs.shop, "viewer", member=orgs.bob_in_acme)
    assert isinstance(caught.value, BadUserInput | NotFound)
    with pytest.raises(GatewayError) as caught:
        await set_level(store, orgs.shop, "viewer", role=orgs.editors)
    assert isinstance(caught.value, BadUserInput | NotFound)
    assert await find_rules(store, orgs.shop.id) == ()


async def test_concurrent_sets_of_one_rule_leave_one_row(store: MetadataStore, orgs: Organizations) -> None:
    levels = ["none", "viewer", "editor", "manager"] * 3
    created = await asyncio.gather(
        *(given_rule(store, orgs.shop, level, on="5", role=orgs.analysts) for level in levels)
    )
    assert len({each.id for each in created}) == 1
    (left,) = await find_rules(store, orgs.shop.id)
    assert left.access_level in {each.access_level for each in created}


async def test_concurrent_sets_and_removals_of_one_rule_leave_one_or_none(
    store: MetadataStore, orgs: Organizations
) -> None:
    levels = ["viewer", None] * 6
    await asyncio.gather(*(set_level(store, orgs.shop, level, on="5") for level in levels))
    assert len(await find_rules(store, orgs.shop.id)) <= 1
    await set_level(store, orgs.shop, "editor", on="5")
    assert len(await find_rules(store, orgs.shop.id)) == 1


# ---------------------------------------------------------------------- the limit


async def _set_within(
    store: MetadataStore,
    project: ProjectRecord,
    level: str | None,
    on: str | None,
    *,
    resource: str = "insight",
    member: str | None = None,
) -> RuleRecord | None:
    return await set_level(store, project, level, resource=resource, on=on, member=member, most_objects=2)


async def test_number_of_objects_with_rules_is_limited(store: MetadataStore, orgs: Organizations) -> None:
    await _set_within(store, orgs.shop, "viewer", "1")
    await _set_within(store, orgs.shop, "viewer", "2")
    with pytest.raises(BadUserInput) as caught:
        await _set_within(store, orgs.shop, "viewer", "3")
    assert (
        caught.value.message == "At most 2 objects of one kind can have access controls, and the limit is reached."
    )
    assert caught.value.path == ("resource_id",)
    assert caught.value.hint
    assert {each.resource_id for each in await find_rules(store, orgs.shop.id)} == {"1", "2"}


async def test_limit_of_objects_allows_updates_further_rules_and_removals(
    store: MetadataStore, orgs: Organizations
) -> None:
    for on in ("1", "2"):
        await _set_within(store, orgs.shop, "viewer", on)
    updated = await _set_within(store, orgs.shop, "editor", "1")
    assert updated is not None
    assert updated.access_level is AccessLevel.EDITOR
    further = await _set_within(store, orgs.shop, "none", "1", member=orgs.ada_in_acme)
    assert further is not None
    assert await _set_within(store, orgs.shop, None, "3") is None
    assert await _set_within(store, orgs.shop, None, "2") is None
    assert await _set_within(store, orgs.shop, "none", "3") is not None


async def test_limit_of_objects_is_per_project_and_resource(store: MetadataStore, orgs: Organizations) -> None:
    await _set_within(store, orgs.shop, "viewer", None)
    await _set_within(store, orgs.shop, "viewer", None, member=orgs.ada_in_acme)
    for on in ("1", "2"):
        assert await _set_within(store, orgs.shop, "viewer", on) is not None
        # Other numbers, or they would pass as objects that have rules already.
        assert await _set_within(store, orgs.shop, "viewer", f"1{on}", resource="action") is not None
        assert await _set_within(store, orgs.lab, "viewer", f"2{on}") is not None
    assert await _set_within(store, orgs.shop, "viewer", None, member=orgs.bob_in_acme) is not None
    with pytest.raises(BadUserInput, match="At most"):
        await _set_within(store, orgs.shop, "viewer", "3")


async def test_limit_of_objects_holds_for_concurrent_sets(store: MetadataStore, orgs: Organizations) -> None:
    ends = await asyncio.gather(
        *(_set_within(store, orgs.shop, "viewer", str(number)) for number in range(8)), return_exceptions=True
    )
    assert sorted(type(end).__name__ for end in ends) == ["BadUserInput"] * 6 + ["RuleRecord"] * 2
    assert len(await find_rules(store, orgs.shop.id)) == 2


# ---------------------------------------------------------------------- finding


async def test_find_rules_returns_rules_about_any_subject_oldest_first(
    store: MetadataStore, orgs: Organizations
) -> None:
    second = await set_level(store, orgs.shop, "viewer", on="5", now=LATER)
    first = await set_level(store, orgs.shop, "none", on="5", member=orgs.bob_in_acme, now=NOON)
    general = await set_level(store, orgs.shop, "none", now=LATER + timedelta(1))
    await given_rule(store, orgs.shop, "viewer", on="6")
    await given_rule(store, orgs.shop, "viewer", resource="action", on="5")
    await given_rule(store, orgs.lab, "viewer", on="5")
    assert await find_rules(store, orgs.shop.id, ("insight", "5")) == (first, second)
    assert await find_rules(store, orgs.shop.id, ("insight", "5"), ("insight", None)) == (first, second, general)
    assert await find_rules(store, orgs.shop.id, ("insight", "99")) == ()


async def test_find_resource_rules_excludes_rules_about_objects(store: MetadataStore, orgs: Organizations) -> None:
    await given_rule(store, orgs.shop, "viewer", on="5")
    await given_rule(store, orgs.lab, "viewer")
    about_insights = await set_level(store, orgs.shop, "none", now=LATER)
    about_actions = await set_level(store, orgs.shop, "none", resource="action", role=orgs.editors, now=NOON)
    assert await find_resource_rules(store, orgs.shop.id) == (about_actions, about_insights)


# ---------------------------------------------------------------------- what applies


async def test_rules_for_a_membership_include_everyone_itself_and_its_roles(
    store: MetadataStore, orgs: Organizations
) -> None:
    wanted = [
        await given_rule(store, orgs.shop, "viewer", on=on, member=member, role=role)
        for on in ("5", None)
        for member, role in ((None, None), (orgs.ada_in_acme, None), (None, orgs.analysts))
    ]
    for on in ("5", None):
        await given_rule(store, orgs.shop, "none", on=on, member=orgs.bob_in_acme)
        await given_rule(store, orgs.shop, "none", on=on, role=orgs.editors)
    await given_rule(store, orgs.lab, "none")
    assert await _applying_ids(store, [orgs.shop], orgs.ada_in_acme) == {each.id for each in wanted}


async def test_rules_without_a_membership_are_those_about_everyone(
    store: MetadataStore, orgs: Organizations
) -> None:
    general = await given_rule(store, orgs.shop, "viewer")
    await given_rule(store, orgs.shop, "viewer", member=orgs.ada_in_acme)
    await given_rule(store, orgs.shop, "viewer", role=orgs.analysts)
    assert await _applying(store, [orgs.shop], ()) == {orgs.shop.id: [general]}


async def test_rules_about_subjects_of_another_organization_never_apply(
    store: MetadataStore, orgs: Organizations
) -> None:
    for level, on in (("none", "5"), ("manager", None)):
        await given_rule(store, orgs.shop, level, on=on, member=orgs.ada_in_zeta)
        await given_rule(store, orgs.shop, level, on=on, role=orgs.zetas)
        await given_rule(store, orgs.zoo, level, on=on, member=orgs.ada_in_acme)
        await given_rule(store, orgs.zoo, level, on=on, role=orgs.analysts)
    assert await _applying(store, [orgs.shop, orgs.zoo], [orgs.ada_in_acme, orgs.ada_in_zeta]) == {}


async def test_rules_for_two_memberships_of_one_user_stay_in_their_organizations(
    store: MetadataStore, orgs: Organizations
) -> None:
    in_acme = await given_rule(store, orgs.shop, "viewer", member=orgs.ada_in_acme)
    in_zeta = await given_rule(store, orgs.zoo, "viewer", role=orgs.zetas)
    both = [orgs.ada_in_acme, orgs.ada_in_zeta]
    assert await _applying(store, [orgs.shop, orgs.zoo, orgs.lab], both) == {
        orgs.shop.id: [in_acme],
        orgs.zoo.id: [in_zeta],
    }
    assert await _applying_ids(store, [orgs.shop, orgs.zoo], orgs.ada_in_acme) == {in_acme.id}


async def test_rules_for_one_resource_exclude_the_others(store: MetadataStore, orgs: Organizations) -> None:
    wanted = await given_rule(store, orgs.shop, "none", resource="project", on=str(orgs.shop.id))
    await given_rule(store, orgs.shop, "none", on=str(orgs.shop.id))
    assert await _applying(store, [orgs.shop], (), resource="project") == {orgs.shop.id: [wanted]}


async def test_rules_of_a_role_follow_its_members(store: MetadataStore, orgs: Organizations) -> None:
    created = await given_rule(store, orgs.shop, "viewer", role=orgs.editors)
    assert await _applying_ids(store, [orgs.shop], orgs.ada_in_acme) == set()
    await add_role_member(store, orgs.editors, orgs.ada)
    assert await _applying_ids(store, [orgs.shop], orgs.ada_in_acme) == {created.id}
    await remove_role_member(store, orgs.editors, orgs.ada)
    assert await _applying_ids(store, [orgs.shop], orgs.ada_in_acme) == set()


async def test_rules_are_loaded_in_one_statement(store: MetadataStore, orgs: Organizations) -> None:
    async def statements(*projects: ProjectRecord) -> int:
        with counted_statements() as sent:
            await _applying(store, projects, [orgs.ada_in_acme, orgs.ada_in_zeta])
        return sum("SELECT" in each for each in sent)

    assert await statements(orgs.shop) == 1
    for number in range(20):
        for project in (orgs.shop, orgs.lab, orgs.zoo):
            await given_rule(store, project, "viewer", on=str(number))
            await given_rule(store, project, "viewer", on=str(number), role=orgs.analysts)
    assert await statements(orgs.shop, orgs.lab, orgs.zoo) == 1


@pytest.mark.parametrize("seed", range(3))
async def test_rules_for_random_rules_equal_a_simple_filter(
    store: MetadataStore, orgs: Organizations, seed: int
) -> None:
    chosen = random.Random(seed)  # noqa: S311 - test data
    projects = [orgs.shop, orgs.lab, orgs.zoo]
    subjects: list[tuple[str | None, RoleRecord | None]] = [(None, None)]
    subjects += [(each, None) for each in (orgs.ada_in_acme, orgs.ada_in_zeta, orgs.bob_in_acme)]
    subjects += [(None, each) for each in (orgs.analysts, orgs.editors, orgs.zetas)]
    rows: dict[tuple[int, str, str | None, RoleRecord | None], AccessControl] = {}
    for _ in range(120):
        project, on = chosen.choice(projects), chosen.choice(["", "1", "2"])
        member, role = chosen.choice(subjects)
        rows[project.id, on, member, role] = _row(
            project, resource_id=on, member_id=member, role_id=role.id if role else None
        )
    async with store.write() as session:
        session.add_all(rows.values())
    ada_in = {orgs.acme.id: (orgs.ada_in_acme, orgs.analysts), orgs.zeta.id: (orgs.ada_in_zeta, orgs.zetas)}
    expected: dict[int, set[tuple[str, str | None, RoleRecord | None]]] = {}
    for project in projects:
        membership, held = ada_in[project.organization_id]
        expected[project.id] = {
            (on, member, role)
            for project_id, on, member, role in rows
            if project_id == project.id and (member, role) in ((None, None), (membership, None), (None, held))
        }
    by_id = {each.id: each for each in (orgs.analysts, orgs.editors, orgs.zetas)}

    async def found(*requested: ProjectRecord) -> dict[int, set[tuple[str, str | None, RoleRecord | None]]]:
        rules = await _applying(store, requested, [orgs.ada_in_acme, orgs.ada_in_zeta])
        return {
            project_id: {
                (each.resource_id or "", each.member_id, by_id[each.role_id] if each.role_id else None)
                for each in found
            }
            for project_id, found in rules.items()
        }

    assert await found(*projects) == expected
    # What else is requested for in the same statement makes no difference.
    for project in projects:
        assert await found(project) == {project.id: expected[project.id]}


# ---------------------------------------------------------------------- what goes with what


async def test_rules_about_a_deleted_object_are_removed(store: MetadataStore, orgs: Organizations) -> None:
    insight = await create_insight(store, project_id=orgs.shop.id, name="i", query={}, now=NOON)
    action = await create_action(store, project_id=orgs.shop.id, name="a", steps=[], now=NOON)
    cohort = await create_cohort(
        store, project_id=orgs.shop.id, name="c", membership=StoredMembership(is_static=False), now=NOON
    )
    assert insight.id == action.id == cohort.id == 1
    for resource, remove in (
        ("insight", INSIGHT_REPOSITORY.delete),
        ("action", ACTION_REPOSITORY.delete),
        ("cohort", COHORT_REPOSITORY.delete),
    ):
        gone = [
            await given_rule(store, orgs.shop, "viewer", resource=resource, on="1"),
            await given_rule(store, orgs.shop, "none", resource=resource, on="1", member=orgs.bob_in_acme),
            await given_rule(store, orgs.shop, "none", resource=resource, on="1", role=orgs.analysts),
        ]
        await given_rule(store, orgs.shop, "viewer", resource=resource, on="11")
        await given_rule(store, orgs.shop, "viewer", resource=resource)
        await given_rule(store, orgs.lab, "viewer", resource=resource, on="1")
        before = await rule_ids(store, orgs.shop, orgs.lab)
        assert await remove(store, (orgs.shop.id, 1), now=LATER) is True
        assert before - await rule_ids(store, orgs.shop, orgs.lab) == {each.id for each in gone}


async def test_rules_stay_if_there_is_no_object_to_delete(store: MetadataStore, orgs: Organizations) -> None:
    await given_rule(store, orgs.shop, "viewer", on="1")
    before = await rule_ids(store, orgs.shop)
    assert await INSIGHT_REPOSITORY.delete(store, (orgs.shop.id, 1), now=LATER) is False
    assert await rule_ids(store, orgs.shop) == before


async def test_rules_about_a_removed_member_are_removed(store: MetadataStore, orgs: Organizations) -> None:
    gone = [
        await given_rule(store, project, "viewer", on=on, member=orgs.ada_in_acme)
        for project in (orgs.shop, orgs.lab)
        for on in (None, "5")
    ]
    kept = [
        await given_rule(store, orgs.zoo, "viewer", member=orgs.ada_in_zeta),
        await given_rule(store, orgs.shop, "viewer", member=orgs.bob_in_acme),
        await given_rule(store, orgs.shop, "viewer", role=orgs.analysts),
        await given_rule(store, orgs.shop, "viewer"),
    ]
    await remove_member(store, email="ada@example.com", organization_id=orgs.acme.id)
    left = await rule_ids(store, orgs.shop, orgs.lab, orgs.zoo)
    assert left == {each.id for each in kept}
    assert not left & {each.id for each in gone}


async def test_rules_about_a_deleted_role_are_removed(store: MetadataStore, orgs: Organizations) -> None:
    for project in (orgs.shop, orgs.lab):
        await given_rule(store, project, "viewer", role=orgs.analysts)
    kept = [
        await given_rule(store, orgs.shop, "viewer", role=orgs.editors),
        await given_rule(store, orgs.shop, "viewer", member=orgs.ada_in_acme),
        await given_rule(store, orgs.zoo, "viewer", role=orgs.zetas),
    ]
    await delete_role(store, orgs.analysts)
    assert await rule_ids(store, orgs.shop, orgs.lab, orgs.zoo) == {each.id for each in kept}


@pytest.mark.parametrize("model", [Project, Organization])
async def test_rules_of_a_deleted_project_are_deleted(
    store: MetadataStore, orgs: Organizations, model: type[Project] | type[Organization]
) -> None:
    for on in (None, "5"):
        await given_rule(store, orgs.zoo, "viewer", on=on)
        await given_rule(store, orgs.zoo, "viewer", on=on, member=orgs.ada_in_zeta)
    kept = await given_rule(store, orgs.shop, "viewer")
    gone = orgs.zoo.id if model is Project else orgs.zeta.id
    async with store.write() as session:
        await session.execute(delete(model).where(model.id == gone))
        assert await session.scalar(select(func.count()).select_from(AccessControl)) == 1
    assert await rule_ids(store, orgs.shop, orgs.zoo) == {kept.id}


async def test_rule_outlives_its_creator(store: MetadataStore, orgs: Organizations) -> None:
    created = await set_level(store, orgs.shop, "viewer", actor=orgs.actor)
    assert created is not None
    async with store.write() as session:
        await session.execute(delete(User).where(User.id == orgs.ada.id))
    assert await find_rules(store, orgs.shop.id) == (replace(created, created_by=None),)


async def test_rule_about_everyone_is_stored_without_nulls_in_its_key(
    store: MetadataStore, orgs: Organizations
) -> None:
    await given_rule(store, orgs.shop, "viewer")
    async with store.read() as session:
        rows = await session.execute(text("SELECT resource_id, subject, member_id, role_id FROM access_controls"))
        assert [tuple(row) for row in rows] == [("", "", None, None)]
