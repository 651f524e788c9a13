from permissions.policy import Access, AccessSource, Controlled, ListFilter, Source
from permissions.resources import INSIGHT
from tests.permissions.policy_builders import ADA, ADMIN, PROJECT_KEY, ROLES_OFF, RULES_OFF, STRANGER, policy
from tests.permissions.policy_rules import (
    EDITOR,
    EVERY_RULE,
    INSIGHT_1,
    MANAGER,
    NONE,
    OWN_INSIGHT,
    PROJECT_ADMIN,
    VIEWER,
    about_ada,
    about_everyone,
    about_role,
    project_rule,
)


def test_rules_have_no_effect_while_access_control_is_off() -> None:
    asked = policy(*EVERY_RULE, features=RULES_OFF)
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.SYSTEM_DEFAULT)
    assert asked.list_filter(INSIGHT).shows("1", "bob")
    assert asked.list_filter(INSIGHT) == ListFilter(creator=ADA)
    assert asked.access_source(INSIGHT_1) is AccessSource.DEFAULT


def test_creators_and_admins_have_the_highest_level_while_access_control_is_off() -> None:
    assert policy(features=RULES_OFF).object_access(OWN_INSIGHT) == Access(MANAGER, Source.CREATOR)
    admin = policy(principal=ADMIN, features=RULES_OFF)
    assert admin.object_access(INSIGHT_1) == Access(MANAGER, Source.ORG_ADMIN)
    assert policy(principal=STRANGER, features=RULES_OFF).object_access(INSIGHT_1) == Access(None)


def test_only_admins_and_creators_edit_rules_while_access_control_is_off() -> None:
    generous = [about_ada("manager"), about_everyone("manager", on=None), project_rule("admin")]
    asked = policy(*generous, features=RULES_OFF)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)
    assert asked.can_modify(OWN_INSIGHT)
    admin = policy(*generous, principal=ADMIN, features=RULES_OFF)
    assert admin.can_modify(INSIGHT_1)
    assert admin.can_modify(admin.project)


def test_role_rules_have_no_effect_while_roles_are_off() -> None:
    rules = [about_role("none"), about_role("none", on=None), project_rule("none", role="role 1")]
    assert policy(*rules).object_access(INSIGHT_1).level is NONE
    assert not policy(*rules).can_reach_project()
    asked = policy(*rules, features=ROLES_OFF)
    assert asked.object_access(INSIGHT_1) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert asked.resource_access(INSIGHT).level is EDITOR
    assert asked.can_reach_project()
    assert asked.list_filter(INSIGHT).shows("1", None)
    assert asked.access_source(INSIGHT_1) is AccessSource.DEFAULT


def test_member_and_everyone_rules_work_while_roles_are_off() -> None:
    asked = policy(about_ada("viewer"), about_everyone("none", on=None), features=ROLES_OFF)
    assert asked.object_access(INSIGHT_1).level is VIEWER
    assert asked.resource_access(INSIGHT).level is NONE


def test_rules_do_not_apply_to_project_keys() -> None:
    asked = policy(*EVERY_RULE, principal=PROJECT_KEY)
    assert asked.can_reach_project()
    assert asked.object_access(INSIGHT_1) == Access(MANAGER, Source.PROJECT_KEY)
    assert asked.resource_access(INSIGHT) == Access(MANAGER, Source.PROJECT_KEY)
    assert asked.object_access(asked.project) == Access(PROJECT_ADMIN, Source.PROJECT_KEY)
    assert asked.passes_gate(INSIGHT, MANAGER, strictly=True)
    assert asked.has_specific_access(INSIGHT, MANAGER)
    assert asked.list_filter(INSIGHT) == ListFilter()


def test_project_key_may_not_edit_rules() -> None:
    asked = policy(about_everyone("manager"), project_rule("admin"), principal=PROJECT_KEY)
    assert not asked.can_modify(INSIGHT_1)
    assert not asked.can_modify(asked.project)
    assert not asked.can_modify(Controlled(INSIGHT, "1", created_by=None))


def test_project_key_has_no_access_source() -> None:
    assert policy(principal=PROJECT_KEY).access_source(INSIGHT_1) is None
