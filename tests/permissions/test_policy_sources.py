import pytest

from datasource.metadata.records import RuleRecord
from permissions.policy import Access, AccessSource, Controlled, Principal, Source, SubjectKind
from permissions.resources import INSIGHT, PROJECT
from tests.permissions.policy_builders import ADAS_MEMBERSHIP, ADMIN, MEMBER, RULES_OFF, STRANGER, policy, rule
from tests.permissions.policy_rules import (
    EDITOR,
    INSIGHT_1,
    OWN_INSIGHT,
    PROJECT_ADMIN,
    VIEWER,
    about_ada,
    about_everyone,
    about_role,
    project_rule,
)


@pytest.mark.parametrize(
    ("target", "rules", "principal", "source"),
    [
        (OWN_INSIGHT, [about_ada("viewer")], ADMIN, AccessSource.CREATOR),
        (INSIGHT_1, [about_ada("viewer")], ADMIN, AccessSource.ORGANIZATION_ADMIN),
        (INSIGHT_1, [about_role("editor"), about_ada("viewer")], MEMBER, AccessSource.EXPLICIT_MEMBER),
        (
            INSIGHT_1,
            [about_role("viewer"), project_rule("admin", member=ADAS_MEMBERSHIP)],
            MEMBER,
            AccessSource.EXPLICIT_ROLE,
        ),
        (
            INSIGHT_1,
            [about_everyone("viewer"), project_rule("admin", member=ADAS_MEMBERSHIP)],
            MEMBER,
            AccessSource.PROJECT_ADMIN,
        ),
        (INSIGHT_1, [project_rule("member", member=ADAS_MEMBERSHIP)], MEMBER, AccessSource.PROJECT_ADMIN),
        (INSIGHT_1, [project_rule("admin", role="role 1")], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [about_everyone("viewer"), project_rule("admin")], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [about_ada("manager", on=None)], MEMBER, AccessSource.DEFAULT),
        (INSIGHT_1, [], MEMBER, AccessSource.DEFAULT),
        (OWN_INSIGHT, [about_everyone("manager")], STRANGER, None),
    ],
)
def test_access_source_is_the_first_that_holds(
    target: Controlled, rules: list[RuleRecord], principal: Principal, source: AccessSource | None
) -> None:
    assert policy(*rules, principal=principal).access_source(target) is source


def test_access_source_without_access_control_is_still_creator_or_admin() -> None:
    rules = [about_ada("viewer"), project_rule("admin", member=ADAS_MEMBERSHIP)]
    assert policy(*rules, features=RULES_OFF).access_source(INSIGHT_1) is AccessSource.DEFAULT
    assert policy(*rules, features=RULES_OFF).access_source(OWN_INSIGHT) is AccessSource.CREATOR
    admin = policy(*rules, principal=ADMIN, features=RULES_OFF)
    assert admin.access_source(INSIGHT_1) is AccessSource.ORGANIZATION_ADMIN


def test_everyone_access_ignores_rules_of_the_object_and_rules_by_name() -> None:
    deciding = about_everyone("viewer", on=None)
    named = [about_ada("manager", on=None), about_role("editor", on=None), about_ada("none")]
    assert policy(deciding, *named).everyone_access(INSIGHT) == Access(VIEWER, Source.RESOURCE, deciding)
    assert policy(*named, about_everyone("none")).everyone_access(INSIGHT) == Access(EDITOR, Source.SYSTEM_DEFAULT)
    assert policy(deciding, features=RULES_OFF).everyone_access(INSIGHT).level is EDITOR
    assert policy(deciding, principal=ADMIN).everyone_access(INSIGHT).level is VIEWER
    assert policy(rule(PROJECT, "none")).everyone_access(PROJECT).level is PROJECT_ADMIN


def test_access_has_the_subject_of_the_deciding_rule() -> None:
    assert policy(about_ada("viewer")).object_access(INSIGHT_1).subject is SubjectKind.MEMBER
    assert policy(about_role("viewer")).object_access(INSIGHT_1).subject is SubjectKind.ROLE
    assert policy(about_everyone("viewer")).object_access(INSIGHT_1).subject is SubjectKind.DEFAULT
    assert policy().object_access(INSIGHT_1).subject is None
    assert policy(principal=ADMIN).object_access(INSIGHT_1).subject is None


@pytest.mark.parametrize("is_reversed", [False, True])
def test_most_specific_of_equal_rules_decides(is_reversed: bool) -> None:
    order = -1 if is_reversed else 1
    named = [about_role("viewer"), about_ada("viewer")][::order]
    assert policy(*named).object_access(INSIGHT_1).subject is SubjectKind.MEMBER
    general = [about_everyone("viewer", on=None), about_role("viewer", on=None), about_ada("viewer", on=None)]
    assert policy(*general[::order]).object_access(INSIGHT_1).rule == general[2]
    assert policy(*general[:2][::order]).resource_access(INSIGHT).rule == general[1]
    higher = [*general[1:], about_everyone("editor", on=None)]
    assert policy(*higher[::order]).resource_access(INSIGHT).subject is SubjectKind.DEFAULT
