from collections.abc import Callable, Iterator

import pytest

from datasource.metadata.records import AccessLevel, RuleRecord
from permissions.policy import (
    Access,
    AccessSource,
    Controlled,
    ListFilter,
    Policy,
    Principal,
    Source,
    SubjectKind,
    applicable_rules,
)
from permissions.resources import (
    ACTION,
    COHORT,
    INSIGHT,
    ORGANIZATION,
    PROJECT,
    Resource,
    controlled_resources,
    find_resource,
    known_resources,
    register,
    registered,
)
from tests.permissions.policies import (
    ADA,
    ADAS_MEMBERSHIP,
    ADMIN,
    MEMBER,
    OWNER,
    PROJECT_ID,
    PROJECT_KEY,
    ROLES_OFF,
    RULES_OFF,
    STRANGER,
    policy,
    registered_one,
    rule,
)

NONE, VIEWER, EDITOR, MANAGER = (
    AccessLevel.NONE,
    AccessLevel.VIEWER,
    AccessLevel.EDITOR,
    AccessLevel.MANAGER,
)
PROJECT_MEMBER, PROJECT_ADMIN = AccessLevel.MEMBER, AccessLevel.ADMIN

INSIGHT_1 = Controlled(INSIGHT, "1", created_by="somebody else")
OWN_INSIGHT = Controlled(INSIGHT, "1", created_by=ADA)
OWN_PROJECT = str(PROJECT_ID)


@pytest.fixture
def activity_log() -> Iterator[Resource]:
    """A resource that nobody can be given more of than viewing."""
    with registered_one(Resource("activity_log", default=VIEWER, maximum=VIEWER)) as resource:
        yield resource


@pytest.fixture
def playlist() -> Iterator[Resource]:
    """A resource that lives under the rules of another one."""
    recording = Resource("session_recording")
    with registered(recording, Resource("session_recording_playlist", parent=recording)):
        found = find_resource("session_recording_playlist")
        assert found is not None
        yield found


def _about_ada(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on, member=ADAS_MEMBERSHIP)


def _about_role(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on, role="role 1")


def _about_everyone(level: str, resource: Resource | str = INSIGHT, *, on: str | None = "1") -> RuleRecord:
    return rule(resource, level, on=on)


def _project_rule(level: str, *, member: str | None = None, role: str | None = None) -> RuleRecord:
    return rule(PROJECT, level, on=OWN_PROJECT, member=member, role=role)


# ---------------------------------------------------------------------- the registry


@pytest.mark.parametrize(
    ("resource", "ladder", "default", "minimum", "maximum"),
    [
        (PROJECT, [NONE, PROJECT_MEMBER, PROJECT_ADMIN], PROJECT_ADMIN, NONE, PROJECT_ADMIN),
        (INSIGHT, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, NONE, MANAGER),
        (COHORT, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, NONE, MANAGER),
        (ACTION, [NONE, VIEWER, EDITOR, MANAGER], EDITOR, VIEWER, MANAGER),
    ],
    ids=lambda value: value.name if isinstance(value, Resource) else "",
)
def test_resource_has_its_ladder_default_and_bounds(
    resource: Resource,
    ladder: list[AccessLevel],
    default: AccessLevel,
    minimum: AccessLevel,
    maximum: AccessLevel,
) -> None:
    assert list(resource.ladder) == ladder
    assert (resource.default, resource.minimum, resource.maximum) == (default, minimum, maximum)


def test_reading_and_writing_take_the_second_and_third_level() -> None:
    assert (INSIGHT.read_level, INSIGHT.write_level) == (VIEWER, EDITOR)
    assert (PROJECT.read_level, PROJECT.write_level) == (PROJECT_MEMBER, PROJECT_ADMIN)
    assert (ORGANIZATION.read_level, ORGANIZATION.write_level) == (PROJECT_MEMBER, PROJECT_ADMIN)


@pytest.mark.parametrize("level", [None, PROJECT_MEMBER, PROJECT_ADMIN])
def test_level_of_another_ladder_reaches_nothing(level: AccessLevel | None) -> None:
    assert not INSIGHT.reaches(level, NONE)


def test_registered_resource_is_known_within_the_block_only() -> None:
    survey = Resource("survey")
    with registered(survey):
        assert find_resource("survey") is survey
        assert survey in known_resources()
        assert survey in controlled_resources()
    assert find_resource("survey") is None


def test_resource_of_a_taken_name_stops_the_start() -> None:
    with pytest.raises(ValueError, match="insight already"):
        register(Resource("insight"))
    assert find_resource("insight") is INSIGHT


def test_rules_can_be_about_everything_but_organizations() -> None:
    assert set(known_resources()) - set(controlled_resources()) == {ORGANIZATION}


# ---------------------------------------------------------------------- which rules apply


def test_applicable_rules_are_those_about_everyone_the_membership_and_its_roles() -> None:
    wanted = [_about_everyone("none"), _about_ada("viewer"), _about_role("editor"), rule(INSIGHT, "viewer")]
    others = [
        rule(INSIGHT, "manager", on="1", member="membership of bob"),
        rule(INSIGHT, "none", on="1", role="role 2"),
        rule(INSIGHT, "manager", member="ada's membership elsewhere"),
    ]
    assert applicable_rules([*wanted, *others], ADAS_MEMBERSHIP, {"role 1"}) == wanted


def test_applicable_rules_without_a_membership_are_those_about_everyone() -> None:
    rules = [_about_everyone("none"), _about_ada("viewer"), _about_role("editor")]
    assert applicable_rules(rules, None, frozenset()) == rules[:1]


# ---------------------------------------------------------------------- levels of objects


@pytest.mark.parametrize("level", [NONE, VIEWER, EDITOR, MANAGER])
def test_stored_rule_beyond_the_bounds_keeps_its_level(level: AccessLevel, activity_log: Resource) -> None:
    for resource in (ACTION, activity_log):
        asked = policy(_about_ada(level.value, resource), _about_everyone(level.value, resource, on=None))
        assert asked.object_access(Controlled(resource, "1")).level is level
        assert asked.object_access(Controlled(resource, "2")).level is level
        assert asked.resource_access(resource).level is level


@pytest.mark.parametrize("principal", [ADMIN, OWNER])
def test_admin_has_the_maximum_of_a_resource(principal: Principal, activity_log: Resource) -> None:
    asked = policy(_about_ada("none", activity_log), _about_ada("none"), principal=principal)
    assert asked.object_access(Controlled(activity_log, "1")) == Access(VIEWER, Source.ORG_ADMIN)
    assert asked.resource_access(activity_log) == Access(VIEWER, Source.ORG_ADMIN)
    assert asked.object_access(INSIGHT_1) == Access(MANAGER, Source.ORG_ADMIN)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.ORG_ADMIN)


def test_creator_has_the_maximum_whatever_rules_say(activity_log: Resource) -> None:
    rules = [_about_ada("none"), _about_everyone("none"), _about_everyone("none", on=None)]
    assert policy(*rules).object_access(OWN_INSIGHT) == Access(MANAGER, Source.CREATOR)
    own = Controlled(activity_log, "1", created_by=ADA)
    assert policy().object_access(own) == Access(VIEWER, Source.CREATOR)


def test_creator_who_is_an_admin_is_named_as_creator() -> None:
    assert policy(principal=ADMIN).object_access(OWN_INSIGHT).source is Source.CREATOR


def test_creator_who_left_the_organization_has_no_access() -> None:
    asked = policy(_about_everyone("manager"), _about_ada("manager"), principal=STRANGER)
    assert asked.object_access(OWN_INSIGHT) == Access(None)
    assert asked.object_access(OWN_INSIGHT).source is None


def test_object_made_by_nobody_known_is_nobodys() -> None:
    nobody = Principal(None, MEMBER.level)
    asked = policy(_about_everyone("none"), principal=nobody)
    assert asked.object_access(Controlled(INSIGHT, "1", created_by=None)).level is NONE


def test_organization_level_is_the_membership_whatever_rules_say() -> None:
    about = [_about_everyone(level, ORGANIZATION, on="acme") for level in ("none", "admin")]
    acme = Controlled(ORGANIZATION, "acme")
    for features in (RULES_OFF, ROLES_OFF):
        asked = policy(*about, features=features)
        assert asked.object_access(acme) == Access(PROJECT_MEMBER, Source.ORG_MEMBERSHIP)
    assert policy(*about).explicit_access(acme).level is PROJECT_MEMBER
    assert policy(*about, principal=ADMIN).object_access(acme).level is PROJECT_ADMIN
    assert policy(*about, principal=STRANGER).object_access(acme) == Access(None)


def test_highest_of_member_and_role_rules_decides() -> None:
    roles = [rule(INSIGHT, level, on="1", role=f"role {level}") for level in ("viewer", "editor", "none")]
    access = policy(_about_ada("none"), *roles, _about_everyone("manager")).object_access(INSIGHT_1)
    assert access == Access(EDITOR, Source.OBJECT, roles[1])


@pytest.mark.parametrize("named", [_about_ada, _about_role])
def test_rule_by_name_outranks_resource_rules_and_everyone(named: Callable[[str], RuleRecord]) -> None:
    deciding = named("viewer")
    asked = policy(_about_everyone("manager", on=None), _about_everyone("none"), deciding)
    assert asked.object_access(INSIGHT_1) == Access(VIEWER, Source.OBJECT, deciding)


@pytest.mark.parametrize(("general", "single"), [("none", "manager"), ("manager", "none")])
def test_resource_rule_outranks_the_objects_rule_for_everyone(general: str, single: str) -> None:
    deciding = _about_everyone(general, on=None)
    access = policy(deciding, _about_everyone(single)).object_access(INSIGHT_1)
    assert access == Access(AccessLevel(general), Source.RESOURCE, deciding)


def test_objects_rule_for_everyone_outranks_the_default() -> None:
    deciding = _about_everyone("viewer")
    assert policy(deciding).object_access(INSIGHT_1) == Access(VIEWER, Source.OBJECT, deciding)


def test_object_without_rules_has_the_default(activity_log: Resource) -> None:
    asked = policy(_about_ada("none", on="2"), _about_everyone("none", ACTION))
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(Controlled(activity_log, "1")).level is VIEWER
    assert asked.object_access(Controlled(COHORT, "1")).level is EDITOR


def test_rules_of_one_resource_do_not_reach_another_with_the_same_id() -> None:
    asked = policy(_about_ada("none", ACTION), _about_everyone("none", ACTION, on=None))
    assert asked.object_access(Controlled(ACTION, "1")).level is NONE
    assert asked.object_access(Controlled(COHORT, "1")).level is EDITOR
    assert asked.object_access(INSIGHT_1).level is EDITOR


@pytest.mark.parametrize("level", [NONE, PROJECT_MEMBER, PROJECT_ADMIN])
def test_project_level_says_nothing_about_what_is_in_it(level: AccessLevel) -> None:
    asked = policy(_project_rule(level.value, member=ADAS_MEMBERSHIP))
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT).level is EDITOR


def test_level_of_another_ladder_in_a_rule_is_passed_over() -> None:
    asked = policy(_about_ada("admin"), _about_role("viewer"))
    assert asked.object_access(INSIGHT_1).level is VIEWER
    assert policy(_about_ada("admin")).object_access(INSIGHT_1).source is Source.SYSTEM_DEFAULT


# ---------------------------------------------------------------------- projects


@pytest.mark.parametrize(
    ("rules", "level"),
    [
        ([], PROJECT_ADMIN),
        ([_project_rule("none")], NONE),
        ([_project_rule("member")], PROJECT_MEMBER),
        ([_project_rule("none"), _project_rule("member", role="role 1")], PROJECT_MEMBER),
        ([_project_rule("admin"), _project_rule("none", member=ADAS_MEMBERSHIP)], NONE),
        (
            [_project_rule("none", member=ADAS_MEMBERSHIP), _project_rule("admin", role="role 1")],
            PROJECT_ADMIN,
        ),
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


# ---------------------------------------------------------------------- levels of resources


def test_resource_level_is_the_highest_of_all_its_rules() -> None:
    general = [_about_everyone("viewer", on=None), _about_role("manager", on=None), _about_ada("none", on=None)]
    assert policy(*general).resource_access(INSIGHT) == Access(MANAGER, Source.RESOURCE, general[1])
    assert policy(general[0], general[2]).resource_access(INSIGHT).level is VIEWER


def test_resource_rule_by_name_replaces_the_default() -> None:
    deciding = _about_role("none", on=None)
    assert policy(deciding).resource_access(INSIGHT) == Access(NONE, Source.RESOURCE, deciding)


def test_resource_level_without_resource_rules_is_the_default() -> None:
    asked = policy(_about_everyone("none"), _about_ada("none"))
    assert asked.resource_access(INSIGHT) == Access(EDITOR, Source.SYSTEM_DEFAULT)


def test_resource_level_of_who_is_no_member_is_none_at_all() -> None:
    asked = policy(_about_everyone("manager", on=None), principal=STRANGER)
    assert asked.resource_access(INSIGHT) == Access(None)


def test_creator_has_no_better_level_on_the_resource() -> None:
    asked = policy(_about_everyone("none", on=None))
    assert asked.object_access(OWN_INSIGHT).level is MANAGER
    assert not asked.passes_gate(INSIGHT, VIEWER)


# ---------------------------------------------------------------------- inheritance


def test_parents_resource_rules_count_for_the_child(playlist: Resource) -> None:
    deciding = _about_everyone("viewer", "session_recording", on=None)
    asked = policy(deciding)
    expected = Access(VIEWER, Source.PARENT_RESOURCE, deciding)
    assert asked.resource_access(playlist) == expected
    assert asked.object_access(Controlled(playlist, "1")) == expected
    assert asked.everyone_access(playlist) == expected


def test_childs_own_resource_rules_are_ignored(playlist: Resource) -> None:
    stored = [_about_everyone("none", playlist, on=None), _about_ada("none", playlist, on=None)]
    asked = policy(*stored)
    assert asked.resource_access(playlist) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(Controlled(playlist, "1")) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    parent = playlist.ruling
    assert policy(*stored, _about_everyone("viewer", parent, on=None)).resource_access(playlist).level is VIEWER


def test_childs_object_rules_are_under_its_own_name(playlist: Resource) -> None:
    of_parent = [_about_ada("none", playlist.ruling), _about_everyone("none", playlist.ruling)]
    assert policy(*of_parent).object_access(Controlled(playlist, "1")).level is EDITOR
    own = _about_role("viewer", playlist)
    assert policy(*of_parent, own).object_access(Controlled(playlist, "1")) == Access(VIEWER, Source.OBJECT, own)
    assert policy(*of_parent).list_filter(playlist).shows("1", None)
    assert not policy(*of_parent, _about_ada("none", playlist)).list_filter(playlist).shows("1", None)


def test_child_opened_by_name_passes_the_gate_that_its_parents_rule_closes(playlist: Resource) -> None:
    closed = _about_everyone("none", playlist.ruling, on=None)
    assert not policy(closed).passes_gate(playlist, VIEWER)
    assert not policy(closed, _about_ada("viewer", playlist.ruling)).passes_gate(playlist, VIEWER)
    assert policy(closed, _about_ada("viewer", playlist)).passes_gate(playlist, VIEWER)


def test_childs_level_on_the_whole_is_the_parents_default_and_maximum() -> None:
    parent = Resource("parent", default=VIEWER, maximum=EDITOR)
    child = Resource("child", parent=parent)
    with registered(parent, child):
        assert policy().resource_access(child).level is VIEWER
        assert policy(principal=ADMIN).resource_access(child).level is EDITOR
        # Of a single object, the default and the maximum are the child's own.
        assert policy().object_access(Controlled(child, "1")).level is EDITOR
        assert policy(principal=ADMIN).object_access(Controlled(child, "1")).level is MANAGER


# ---------------------------------------------------------------------- features


EVERY_RULE = [
    make("none", resource, on=on)
    for make in (_about_ada, _about_role, _about_everyone)
    for resource, on in ((INSIGHT, "1"), (INSIGHT, None), (PROJECT, OWN_PROJECT))
]


def test_rules_mean_nothing_while_access_control_is_off() -> None:
    asked = policy(*EVERY_RULE, features=RULES_OFF)
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.SYSTEM_DEFAULT)
    assert asked.list_filter(INSIGHT).shows("1", "somebody else")
    assert asked.blocked_ids(INSIGHT) == frozenset()
    assert asked.access_source(INSIGHT_1) is AccessSource.DEFAULT


def test_creators_and_admins_keep_the_highest_level_while_access_control_is_off() -> None:
    assert policy(features=RULES_OFF).object_access(OWN_INSIGHT) == Access(MANAGER, Source.CREATOR)
    admin = policy(principal=ADMIN, features=RULES_OFF)
    assert admin.object_access(INSIGHT_1) == Access(MANAGER, Source.ORG_ADMIN)
    assert policy(principal=STRANGER, features=RULES_OFF).object_access(INSIGHT_1) == Access(None)


def test_only_admins_and_creators_edit_rules_while_access_control_is_off() -> None:
    generous = [_about_ada("manager"), _about_everyone("manager", on=None), _project_rule("admin")]
    asked = policy(*generous, features=RULES_OFF)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)
    assert asked.can_modify(OWN_INSIGHT)
    admin = policy(*generous, principal=ADMIN, features=RULES_OFF)
    assert admin.can_modify(INSIGHT_1)
    assert admin.can_modify(admin.project)


def test_role_rules_mean_nothing_while_roles_are_off() -> None:
    rules = [
        _about_role("none"),
        _about_role("none", on=None),
        _project_rule("none", role="role 1"),
    ]
    assert policy(*rules).object_access(INSIGHT_1).level is NONE
    assert not policy(*rules).can_reach_project()
    asked = policy(*rules, features=ROLES_OFF)
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT).level is EDITOR
    assert asked.can_reach_project()
    assert asked.list_filter(INSIGHT).shows("1", None)
    assert asked.access_source(INSIGHT_1) is AccessSource.DEFAULT


def test_member_and_everyone_rules_work_while_roles_are_off() -> None:
    asked = policy(_about_ada("viewer"), _about_everyone("none", on=None), features=ROLES_OFF)
    assert asked.object_access(INSIGHT_1).level is VIEWER
    assert asked.resource_access(INSIGHT).level is NONE


# ---------------------------------------------------------------------- explicit, specific, effective


def test_explicit_access_has_no_default() -> None:
    assert policy().explicit_access(INSIGHT_1) == Access(None)
    assert policy(_about_ada("manager"), features=RULES_OFF).explicit_access(INSIGHT_1) == Access(None)
    assert policy().explicit_access(policy().project) == Access(None)


@pytest.mark.parametrize(
    "deciding",
    [_about_ada("none"), _about_role("viewer"), _about_everyone("manager"), _about_everyone("editor", on=None)],
    ids=["member", "role", "everyone", "resource"],
)
def test_explicit_access_is_that_of_any_rule(deciding: RuleRecord) -> None:
    access = policy(deciding).explicit_access(INSIGHT_1)
    assert (access.level, access.rule) == (deciding.access_level, deciding)


def test_explicit_access_of_creators_and_admins_is_the_highest() -> None:
    for features in (RULES_OFF, ROLES_OFF):
        assert policy(features=features).explicit_access(OWN_INSIGHT).level is MANAGER
        assert policy(principal=ADMIN, features=features).explicit_access(INSIGHT_1).level is MANAGER
    assert policy(principal=STRANGER).explicit_access(OWN_INSIGHT) == Access(None)


def test_project_admin_by_default_is_not_explicit_but_by_a_rule_for_everyone() -> None:
    asked = policy()
    assert asked.object_access(asked.project).level is PROJECT_ADMIN
    assert asked.explicit_access(asked.project).level is None
    stored = policy(_project_rule("admin"))
    assert stored.explicit_access(stored.project).level is PROJECT_ADMIN


def test_specific_access_is_that_of_the_highest_rule_by_name() -> None:
    asked = policy(_about_ada("none"), _about_role("viewer"), _about_everyone("manager"))
    assert asked.specific_access(INSIGHT_1) == Access(VIEWER, Source.OBJECT, _about_role("viewer"))


def test_specific_access_without_a_rule_by_name_is_none_at_all() -> None:
    rules = [_about_everyone("manager"), _about_everyone("manager", on=None), _about_ada("manager", on=None)]
    assert policy(*rules).specific_access(INSIGHT_1) == Access(None)
    assert policy(_about_ada("viewer"), principal=STRANGER).specific_access(INSIGHT_1) == Access(None)


def test_specific_access_of_those_whom_rules_do_not_bind() -> None:
    assert policy(_about_ada("none")).specific_access(OWN_INSIGHT).level is MANAGER
    assert policy(_about_ada("none"), principal=ADMIN).specific_access(INSIGHT_1).level is MANAGER
    switched_off = policy(_about_ada("none"), features=RULES_OFF).specific_access(INSIGHT_1)
    assert switched_off == Access(EDITOR, Source.SYSTEM_DEFAULT)


@pytest.mark.parametrize(
    ("rules", "level"),
    [
        ([], EDITOR),
        ([_about_everyone("none", on=None)], NONE),
        ([_about_everyone("none", on=None), _about_ada("viewer")], VIEWER),
        ([_about_everyone("none", on=None), _about_role("manager", on="9")], VIEWER),
        ([_about_everyone("none", on=None), _about_ada("none")], NONE),
        ([_about_everyone("none", on=None), _about_everyone("manager")], NONE),
        ([_about_everyone("editor", on=None), _about_ada("manager")], EDITOR),
        ([_about_everyone("none", on=None), _about_ada("viewer", ACTION)], NONE),
    ],
)
def test_effective_level_is_viewer_where_some_object_was_opened(
    rules: list[RuleRecord], level: AccessLevel
) -> None:
    asked = policy(*rules)
    assert asked.effective_resource_level(INSIGHT) is level
    # It is for navigation only: nothing can be made with it.
    general = asked.resource_access(INSIGHT).level
    assert asked.passes_gate(INSIGHT, VIEWER, strictly=True) is (general is not NONE)


def test_effective_level_of_who_is_no_member_is_none_at_all() -> None:
    assert (
        policy(_about_everyone("manager", on=None), principal=STRANGER).effective_resource_level(INSIGHT) is None
    )


@pytest.mark.parametrize(
    ("rules", "reached"),
    [
        ([_about_ada("editor")], [VIEWER, EDITOR]),
        ([_about_ada("viewer"), _about_role("editor", on="2")], [VIEWER, EDITOR]),
        ([_about_role("manager")], [VIEWER, EDITOR, MANAGER]),
        ([_about_everyone("manager")], []),
        ([_about_ada("manager", on=None)], []),
        ([_about_ada("none")], []),
        ([_about_ada("manager", ACTION)], []),
    ],
)
def test_specific_access_to_some_object(rules: list[RuleRecord], reached: list[AccessLevel]) -> None:
    levels = [VIEWER, EDITOR, MANAGER]
    assert [level for level in levels if policy(*rules).has_specific_access(INSIGHT, level)] == reached
    assert not any(policy(*rules, features=RULES_OFF).has_specific_access(INSIGHT, level) for level in levels)
    assert all(
        policy(*rules, principal=ADMIN, features=RULES_OFF).has_specific_access(INSIGHT, level) for level in levels
    )


# ---------------------------------------------------------------------- the gate


def test_gate_lets_pass_for_one_object_unless_strictly() -> None:
    asked = policy(_about_everyone("none", on=None), _about_ada("editor", on="9"))
    assert asked.passes_gate(INSIGHT, EDITOR)
    assert not asked.passes_gate(INSIGHT, MANAGER)
    assert not asked.passes_gate(INSIGHT, VIEWER, strictly=True)


def test_gate_asks_for_the_level_on_the_resource() -> None:
    asked = policy(_about_everyone("viewer", on=None))
    assert asked.passes_gate(INSIGHT, VIEWER, strictly=True)
    assert not asked.passes_gate(INSIGHT, EDITOR)
    assert not policy(principal=STRANGER).passes_gate(INSIGHT, VIEWER)
    assert policy(_about_everyone("none", on=None), principal=ADMIN).passes_gate(INSIGHT, MANAGER, strictly=True)


# ---------------------------------------------------------------------- lists


def _shown(asked: Policy, *, includes_all_for_admins: bool = False) -> str:
    """Of the objects 1 to 4 of somebody else and 5 of the principal, those that a list shows."""
    found = asked.list_filter(INSIGHT, includes_all_for_admins=includes_all_for_admins)
    makers = {"1": "somebody else", "2": "somebody else", "3": "somebody else", "4": None, "5": ADA}
    return "".join(object_id for object_id, maker in makers.items() if found.shows(object_id, maker))


def test_list_without_rules_shows_everything() -> None:
    assert _shown(policy()) == "12345"


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ([_about_everyone("none")], "2345"),
        ([_about_everyone("viewer")], "12345"),
        ([_about_everyone("none"), _about_ada("viewer")], "12345"),
        ([_about_everyone("editor"), _about_ada("none")], "2345"),
        ([_about_ada("none"), _about_role("viewer")], "12345"),
        ([_about_ada("none"), _about_role("none")], "2345"),
        ([_about_ada("none", on="5"), _about_everyone("none", on="5")], "12345"),
        ([_about_everyone("none", on="4")], "1235"),
        ([_about_everyone("manager", on=None), _about_everyone("none")], "2345"),
        ([_about_everyone("viewer", on=None), _about_ada("editor")], "12345"),
        ([_about_everyone("none", ACTION)], "12345"),
    ],
)
def test_list_with_access_to_the_resource_leaves_out_what_object_rules_close(
    rules: list[RuleRecord], shown: str
) -> None:
    assert _shown(policy(*rules)) == shown


@pytest.mark.parametrize(
    ("rules", "shown"),
    [
        ([_about_ada("viewer")], "15"),
        ([_about_ada("viewer"), _about_role("editor", on="2")], "125"),
        ([_about_ada("viewer"), _about_ada("none", on="2"), _about_everyone("manager", on="3")], "15"),
        ([_about_role("viewer", on="5")], "5"),
        ([_about_ada("none"), _about_role("viewer")], "15"),
    ],
)
def test_list_of_a_closed_resource_has_only_what_was_opened_and_own_objects(
    rules: list[RuleRecord], shown: str
) -> None:
    assert _shown(policy(_about_everyone("none", on=None), *rules)) == shown


def test_list_of_a_closed_resource_with_nothing_opened_is_the_gates_to_refuse() -> None:
    asked = policy(_about_everyone("none", on=None), _about_everyone("none"))
    assert not asked.passes_gate(INSIGHT, VIEWER)
    assert _shown(asked) == "2345"


def test_list_shows_admins_what_is_closed_to_everyone_only_on_request() -> None:
    rules = [_about_everyone("none"), _about_everyone("none", on="5"), _about_everyone("none", on=None)]
    for principal in (ADMIN, OWNER):
        assert _shown(policy(*rules, principal=principal)) == "2345"
        assert _shown(policy(*rules, principal=principal), includes_all_for_admins=True) == "12345"
    assert _shown(policy(_about_everyone("none")), includes_all_for_admins=True) == "2345"


def test_list_of_projects_shows_admins_all() -> None:
    hidden = _project_rule("none")
    assert policy(hidden, principal=ADMIN).list_filter(PROJECT) == ListFilter()
    assert not policy(hidden).list_filter(PROJECT).shows(OWN_PROJECT, None)


def test_own_objects_are_those_of_a_known_maker() -> None:
    assert not ListFilter(hidden=frozenset({"1"})).shows("1", None)
    assert not ListFilter(only=frozenset({"2"}), creator=ADA).shows("1", "somebody else")
    assert ListFilter(only=frozenset({"2"}), creator=ADA).shows("1", ADA)


def test_blocked_ids_are_those_that_object_rules_close_whoever_made_them() -> None:
    rules = [
        _about_everyone("none"),
        _about_ada("none", on="2"),
        _about_ada("viewer", on="3"),
        _about_everyone("none", on="3"),
        _about_everyone("none", on="5"),
        _about_everyone("none", on=None),
    ]
    assert policy(*rules).blocked_ids(INSIGHT) == {"1", "2", "5"}
    assert policy(*rules).blocked_ids(ACTION) == frozenset()


# ---------------------------------------------------------------------- who may edit rules


@pytest.mark.parametrize(
    ("rules", "of_object", "of_project"),
    [
        ([], False, False),
        ([_project_rule("admin")], True, True),
        ([_project_rule("admin", member=ADAS_MEMBERSHIP)], True, True),
        ([_project_rule("admin", role="role 1")], True, True),
        ([_project_rule("member")], False, False),
        ([_project_rule("member", member=ADAS_MEMBERSHIP), _project_rule("admin")], False, False),
        ([_about_ada("manager")], True, False),
        ([_about_role("manager")], True, False),
        ([_about_everyone("manager")], True, False),
        ([_about_everyone("manager", on=None)], True, False),
        ([_about_everyone("editor")], False, False),
        ([_about_ada("editor"), _about_everyone("manager", on=None)], False, False),
        ([_about_ada("manager", on="2")], False, False),
    ],
)
def test_rules_may_be_edited_by_explicit_admins_and_managers(
    rules: list[RuleRecord], of_object: bool, of_project: bool
) -> None:
    asked = policy(*rules)
    assert asked.can_modify(INSIGHT_1) is of_object
    assert asked.can_modify(asked.project) is of_project
    assert asked.can_modify(OWN_INSIGHT)


def test_rules_may_be_edited_by_admins_of_the_organization() -> None:
    for principal in (ADMIN, OWNER):
        asked = policy(*EVERY_RULE, principal=principal)
        assert asked.can_modify(INSIGHT_1)
        assert asked.can_modify(asked.project)


def test_rules_of_a_resource_without_managers_may_be_edited_by_admins_alone(activity_log: Resource) -> None:
    target = Controlled(activity_log, "1")
    assert not policy(_about_ada("viewer", activity_log)).can_modify(target)
    assert policy(principal=ADMIN).can_modify(target)


def test_rules_may_not_be_edited_by_who_is_no_member() -> None:
    asked = policy(_about_everyone("manager"), _project_rule("admin"), principal=STRANGER)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)


# ---------------------------------------------------------------------- where access comes from


@pytest.mark.parametrize(
    ("target", "rules", "principal", "source"),
    [
        (OWN_INSIGHT, [_about_ada("viewer")], ADMIN, AccessSource.CREATOR),
        (INSIGHT_1, [_about_ada("viewer")], ADMIN, AccessSource.ORGANIZATION_ADMIN),
        (INSIGHT_1, [_about_role("editor"), _about_ada("viewer")], MEMBER, AccessSource.EXPLICIT_MEMBER),
        (
            INSIGHT_1,
            [_about_role("viewer"), _project_rule("admin", member=ADAS_MEMBERSHIP)],
            MEMBER,
            AccessSource.EXPLICIT_ROLE,
        ),
        (
            INSIGHT_1,
            [_about_everyone("viewer"), _project_rule("admin", member=ADAS_MEMBERSHIP)],
            MEMBER,
            AccessSource.PROJECT_ADMIN,
        ),
        (INSIGHT_1, [_project_rule("member", member=ADAS_MEMBERSHIP)], MEMBER, AccessSource.PROJECT_ADMIN),
        (INSIGHT_1, [_project_rule("admin", role="role 1")], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [_about_everyone("viewer"), _project_rule("admin")], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [_about_ada("manager", on=None)], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [], MEMBER, AccessSource.DEFAULT),
        (OWN_INSIGHT, [_about_everyone("manager")], STRANGER, None),
    ],
)
def test_access_source_is_the_first_that_holds(
    target: Controlled, rules: list[RuleRecord], principal: Principal, source: AccessSource | None
) -> None:
    assert policy(*rules, principal=principal).access_source(target) is source


def test_access_source_without_the_feature_knows_creators_and_admins_still() -> None:
    rules = [_about_ada("viewer"), _project_rule("admin", member=ADAS_MEMBERSHIP)]
    assert policy(*rules, features=RULES_OFF).access_source(INSIGHT_1) is AccessSource.DEFAULT
    assert policy(*rules, features=RULES_OFF).access_source(OWN_INSIGHT) is AccessSource.CREATOR
    admin = policy(*rules, principal=ADMIN, features=RULES_OFF)
    assert admin.access_source(INSIGHT_1) is AccessSource.ORGANIZATION_ADMIN


def test_everyone_access_is_what_is_left_without_rules_of_the_object_and_by_name() -> None:
    deciding = _about_everyone("viewer", on=None)
    named = [_about_ada("manager", on=None), _about_role("editor", on=None), _about_ada("none")]
    assert policy(deciding, *named).everyone_access(INSIGHT) == Access(VIEWER, Source.RESOURCE, deciding)
    assert policy(*named, _about_everyone("none")).everyone_access(INSIGHT) == Access(
        EDITOR, Source.SYSTEM_DEFAULT
    )
    assert policy(deciding, features=RULES_OFF).everyone_access(INSIGHT).level is EDITOR
    assert policy(deciding, principal=ADMIN).everyone_access(INSIGHT).level is VIEWER
    assert policy(rule(PROJECT, "none")).everyone_access(PROJECT).level is PROJECT_ADMIN


def test_access_tells_whom_the_deciding_rule_is_about() -> None:
    assert policy(_about_ada("viewer")).object_access(INSIGHT_1).subject is SubjectKind.MEMBER
    assert policy(_about_role("viewer")).object_access(INSIGHT_1).subject is SubjectKind.ROLE
    assert policy(_about_everyone("viewer")).object_access(INSIGHT_1).subject is SubjectKind.DEFAULT
    assert policy().object_access(INSIGHT_1).subject is None
    assert policy(principal=ADMIN).object_access(INSIGHT_1).subject is None


@pytest.mark.parametrize("is_reversed", [False, True])
def test_of_rules_with_one_level_the_most_specific_is_named(is_reversed: bool) -> None:
    order = -1 if is_reversed else 1
    named = [_about_role("viewer"), _about_ada("viewer")][::order]
    assert policy(*named).object_access(INSIGHT_1).subject is SubjectKind.MEMBER
    general = [
        _about_everyone("viewer", on=None),
        _about_role("viewer", on=None),
        _about_ada("viewer", on=None),
    ]
    assert policy(*general[::order]).object_access(INSIGHT_1).rule == general[2]
    assert policy(*general[:2][::order]).resource_access(INSIGHT).rule == general[1]
    higher = [*general[1:], _about_everyone("editor", on=None)]
    assert policy(*higher[::order]).resource_access(INSIGHT).subject is SubjectKind.DEFAULT


# ---------------------------------------------------------------------- project keys


def test_project_key_is_bound_by_no_rule() -> None:
    asked = policy(*EVERY_RULE, principal=PROJECT_KEY)
    assert asked.can_reach_project()
    assert asked.object_access(INSIGHT_1) == Access(MANAGER, Source.PROJECT_KEY)
    assert asked.resource_access(INSIGHT) == Access(MANAGER, Source.PROJECT_KEY)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.PROJECT_KEY)
    assert asked.passes_gate(INSIGHT, MANAGER, strictly=True)
    assert asked.has_specific_access(INSIGHT, MANAGER)
    assert asked.list_filter(INSIGHT) == ListFilter()


def test_project_key_never_edits_rules() -> None:
    asked = policy(_about_everyone("manager"), _project_rule("admin"), principal=PROJECT_KEY)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)
    assert not asked.can_modify(Controlled(INSIGHT, "1", created_by=None))


def test_project_key_has_no_source_of_access_as_people_have() -> None:
    assert policy(principal=PROJECT_KEY).access_source(INSIGHT_1) is None
