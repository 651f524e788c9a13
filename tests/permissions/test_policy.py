from collections.abc import Callable

import pytest

from datasource.metadata.records import AccessLevel, RuleRecord
from permissions.policy import Access, Controlled, Principal, Source, applicable_rules
from permissions.resources import ACTION, COHORT, INSIGHT, ORGANIZATION, PROJECT, Resource, registered
from tests.permissions.policy_builders import (
    ADA,
    ADAS_MEMBERSHIP,
    ADMIN,
    MEMBER,
    OWNER,
    ROLES_OFF,
    RULES_OFF,
    STRANGER,
    policy,
    rule,
)
from tests.permissions.policy_rules import (
    EDITOR,
    INSIGHT_1,
    MANAGER,
    NONE,
    OWN_INSIGHT,
    PROJECT_ADMIN,
    PROJECT_MEMBER,
    VIEWER,
    about_ada,
    about_everyone,
    about_role,
    project_rule,
)


def test_applicable_rules_are_those_about_everyone_the_membership_and_its_roles() -> None:
    wanted = [about_everyone("none"), about_ada("viewer"), about_role("editor"), rule(INSIGHT, "viewer")]
    others = [
        rule(INSIGHT, "manager", on="1", member="membership of bob"),
        rule(INSIGHT, "none", on="1", role="role 2"),
        rule(INSIGHT, "manager", member="ada's membership elsewhere"),
    ]
    assert applicable_rules([*wanted, *others], ADAS_MEMBERSHIP, {"role 1"}) == wanted


def test_applicable_rules_without_a_membership_are_those_about_everyone() -> None:
    rules = [about_everyone("none"), about_ada("viewer"), about_role("editor")]
    assert applicable_rules(rules, None, frozenset()) == rules[:1]


@pytest.mark.parametrize("level", [NONE, VIEWER, EDITOR, MANAGER])
def test_stored_rule_out_of_bounds_keeps_its_level(level: AccessLevel, activity_log: Resource) -> None:
    for resource in (ACTION, activity_log):
        asked = policy(about_ada(level.value, resource), about_everyone(level.value, resource, on=None))
        assert asked.object_access(Controlled(resource, "1")).level is level
        assert asked.object_access(Controlled(resource, "2")).level is level
        assert asked.resource_access(resource).level is level


@pytest.mark.parametrize("principal", [ADMIN, OWNER])
def test_admin_has_the_maximum_of_a_resource(principal: Principal, activity_log: Resource) -> None:
    asked = policy(about_ada("none", activity_log), about_ada("none"), principal=principal)
    assert asked.object_access(Controlled(activity_log, "1")) == Access(VIEWER, Source.ORG_ADMIN)
    assert asked.resource_access(activity_log) == Access(VIEWER, Source.ORG_ADMIN)
    assert asked.object_access(INSIGHT_1) == Access(MANAGER, Source.ORG_ADMIN)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.ORG_ADMIN)


def test_creator_has_the_maximum_whatever_rules_say(activity_log: Resource) -> None:
    rules = [about_ada("none"), about_everyone("none"), about_everyone("none", on=None)]
    assert policy(*rules).object_access(OWN_INSIGHT) == Access(MANAGER, Source.CREATOR)
    own = Controlled(activity_log, "1", created_by=ADA)
    assert policy().object_access(own) == Access(VIEWER, Source.CREATOR)


def test_creator_who_is_an_admin_is_named_as_creator() -> None:
    assert policy(principal=ADMIN).object_access(OWN_INSIGHT).source is Source.CREATOR


def test_creator_who_left_the_organization_has_no_access() -> None:
    asked = policy(about_everyone("manager"), about_ada("manager"), principal=STRANGER)
    assert asked.object_access(OWN_INSIGHT) == Access(None)
    assert asked.object_access(OWN_INSIGHT).source is None


def test_object_without_creator_has_no_creator_access() -> None:
    unknown = Principal(None, MEMBER.level)
    asked = policy(about_everyone("none"), principal=unknown)
    assert asked.object_access(Controlled(INSIGHT, "1", created_by=None)).level is NONE


def test_rules_do_not_change_the_organization_level() -> None:
    about = [about_everyone(level, ORGANIZATION, on="acme") for level in ("none", "admin")]
    acme = Controlled(ORGANIZATION, "acme")
    for features in (RULES_OFF, ROLES_OFF):
        asked = policy(*about, features=features)
        assert asked.object_access(acme) == Access(PROJECT_MEMBER, Source.ORG_MEMBERSHIP)
    assert policy(*about).explicit_access(acme).level is PROJECT_MEMBER
    assert policy(*about, principal=ADMIN).object_access(acme).level is PROJECT_ADMIN
    assert policy(*about, principal=STRANGER).object_access(acme) == Access(None)


def test_highest_of_member_and_role_rules_decides() -> None:
    roles = [rule(INSIGHT, level, on="1", role=f"role {level}") for level in ("viewer", "editor", "none")]
    access = policy(about_ada("none"), *roles, about_everyone("manager")).object_access(INSIGHT_1)
    assert access == Access(EDITOR, Source.OBJECT, roles[1])


@pytest.mark.parametrize("named", [about_ada, about_role])
def test_rule_by_name_overrides_resource_rules_and_everyone(named: Callable[[str], RuleRecord]) -> None:
    deciding = named("viewer")
    asked = policy(about_everyone("manager", on=None), about_everyone("none"), deciding)
    assert asked.object_access(INSIGHT_1) == Access(VIEWER, Source.OBJECT, deciding)


@pytest.mark.parametrize(("general", "single"), [("none", "manager"), ("manager", "none")])
def test_resource_rule_overrides_the_objects_rule_for_everyone(general: str, single: str) -> None:
    deciding = about_everyone(general, on=None)
    access = policy(deciding, about_everyone(single)).object_access(INSIGHT_1)
    assert access == Access(AccessLevel(general), Source.RESOURCE, deciding)


def test_objects_rule_for_everyone_overrides_the_default() -> None:
    deciding = about_everyone("viewer")
    assert policy(deciding).object_access(INSIGHT_1) == Access(VIEWER, Source.OBJECT, deciding)


def test_object_without_rules_has_the_default(activity_log: Resource) -> None:
    asked = policy(about_ada("none", on="2"), about_everyone("none", ACTION))
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(Controlled(activity_log, "1")).level is VIEWER
    assert asked.object_access(Controlled(COHORT, "1")).level is EDITOR


def test_rules_do_not_apply_to_another_resource_with_the_same_id() -> None:
    asked = policy(about_ada("none", ACTION), about_everyone("none", ACTION, on=None))
    assert asked.object_access(Controlled(ACTION, "1")).level is NONE
    assert asked.object_access(Controlled(COHORT, "1")).level is EDITOR
    assert asked.object_access(INSIGHT_1).level is EDITOR


@pytest.mark.parametrize("level", [NONE, PROJECT_MEMBER, PROJECT_ADMIN])
def test_project_level_does_not_affect_objects_in_it(level: AccessLevel) -> None:
    asked = policy(project_rule(level.value, member=ADAS_MEMBERSHIP))
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT).level is EDITOR


def test_rule_with_a_level_of_another_ladder_is_ignored() -> None:
    asked = policy(about_ada("admin"), about_role("viewer"))
    assert asked.object_access(INSIGHT_1).level is VIEWER
    assert policy(about_ada("admin")).object_access(INSIGHT_1).source is Source.SYSTEM_DEFAULT


@pytest.mark.parametrize(
    ("rules", "level"),
    [
        ([], PROJECT_ADMIN),
        ([project_rule("none")], NONE),
        ([project_rule("member")], PROJECT_MEMBER),
        ([project_rule("none"), project_rule("member", role="role 1")], PROJECT_MEMBER),
        ([project_rule("admin"), project_rule("none", member=ADAS_MEMBERSHIP)], NONE),
        ([project_rule("none", member=ADAS_MEMBERSHIP), project_rule("admin", role="role 1")], PROJECT_ADMIN),
        ([rule(PROJECT, "none"), rule(PROJECT, "none", member=ADAS_MEMBERSHIP)], PROJECT_ADMIN),
        ([rule(PROJECT, "none", on="8")], PROJECT_ADMIN),
    ],
    ids=[
        "no rules",
        "everyone none",
        "everyone member",
        "role above everyone",
        "member below everyone",
        "role above member",
        "rules about all projects are never read",
        "rule about another project",
    ],
)
def test_project_level(rules: list[RuleRecord], level: AccessLevel) -> None:
    asked = policy(*rules)
    assert asked.object_access(asked.project).level is level
    assert asked.can_reach_project() is (level is not NONE)
    assert policy(*rules, principal=ADMIN).can_reach_project()
    assert policy(*rules, features=RULES_OFF).can_reach_project()
    assert not policy(*rules, principal=STRANGER).can_reach_project()


def test_resource_level_of_projects_and_organizations_is_the_default_for_anyone() -> None:
    rules = [rule(PROJECT, "none"), rule(ORGANIZATION, "none")]
    for principal in (MEMBER, ADMIN, STRANGER):
        asked = policy(*rules, principal=principal)
        assert asked.resource_access(PROJECT) == Access(PROJECT_ADMIN, Source.SYSTEM_DEFAULT)
        assert asked.resource_access(ORGANIZATION) == Access(PROJECT_MEMBER, Source.SYSTEM_DEFAULT)


def test_resource_level_is_the_highest_of_all_its_rules() -> None:
    general = [about_everyone("viewer", on=None), about_role("manager", on=None), about_ada("none", on=None)]
    assert policy(*general).resource_access(INSIGHT) == Access(MANAGER, Source.RESOURCE, general[1])
    assert policy(general[0], general[2]).resource_access(INSIGHT).level is VIEWER


def test_resource_rule_by_name_replaces_the_default() -> None:
    deciding = about_role("none", on=None)
    assert policy(deciding).resource_access(INSIGHT) == Access(NONE, Source.RESOURCE, deciding)


def test_resource_level_without_resource_rules_is_the_default() -> None:
    asked = policy(about_everyone("none"), about_ada("none"))
    assert asked.resource_access(INSIGHT) == Access(EDITOR, Source.SYSTEM_DEFAULT)


def test_non_member_has_no_resource_level() -> None:
    asked = policy(about_everyone("manager", on=None), principal=STRANGER)
    assert asked.resource_access(INSIGHT) == Access(None)


def test_creator_has_no_higher_level_on_the_resource() -> None:
    asked = policy(about_everyone("none", on=None))
    assert asked.object_access(OWN_INSIGHT).level is MANAGER
    assert not asked.passes_gate(INSIGHT, VIEWER)


def test_parents_resource_rules_apply_to_the_child(playlist: Resource) -> None:
    deciding = about_everyone("viewer", "session_recording", on=None)
    asked = policy(deciding)
    expected = Access(VIEWER, Source.PARENT_RESOURCE, deciding)
    assert asked.resource_access(playlist) == expected
    assert asked.object_access(Controlled(playlist, "1")) == expected
    assert asked.everyone_access(playlist) == expected


def test_childs_own_resource_rules_are_ignored(playlist: Resource) -> None:
    stored = [about_everyone("none", playlist, on=None), about_ada("none", playlist, on=None)]
    asked = policy(*stored)
    assert asked.resource_access(playlist) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(Controlled(playlist, "1")) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    parent = playlist.ruling
    assert policy(*stored, about_everyone("viewer", parent, on=None)).resource_access(playlist).level is VIEWER


def test_childs_object_rules_are_under_its_own_name(playlist: Resource) -> None:
    of_parent = [about_ada("none", playlist.ruling), about_everyone("none", playlist.ruling)]
    assert policy(*of_parent).object_access(Controlled(playlist, "1")).level is EDITOR
    own = about_role("viewer", playlist)
    assert policy(*of_parent, own).object_access(Controlled(playlist, "1")) == Access(VIEWER, Source.OBJECT, own)
    assert policy(*of_parent).list_filter(playlist).shows("1", None)
    assert not policy(*of_parent, about_ada("none", playlist)).list_filter(playlist).shows("1", None)


def test_rule_by_name_on_a_child_opens_the_gate_that_the_parents_rule_closes(playlist: Resource) -> None:
    closed = about_everyone("none", playlist.ruling, on=None)
    assert not policy(closed).passes_gate(playlist, VIEWER)
    assert not policy(closed, about_ada("viewer", playlist.ruling)).passes_gate(playlist, VIEWER)
    assert policy(closed, about_ada("viewer", playlist)).passes_gate(playlist, VIEWER)


def test_childs_level_on_the_whole_is_the_parents_default_and_maximum() -> None:
    parent = Resource("parent", default=VIEWER, maximum=EDITOR)
    child = Resource("child", parent=parent)
    with registered(parent, child):
        assert policy().resource_access(child).level is VIEWER
        assert policy(principal=ADMIN).resource_access(child).level is EDITOR
        # Of a single object, the default and the maximum are the child's own.
        assert policy().object_access(Controlled(child, "1")).level is EDITOR
        assert policy(principal=ADMIN).object_access(Controlled(child, "1")).level is MANAGER
