"""The effect of every kind of rule on a member, alone and in combination."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from datasource.metadata.records import AccessLevel, RuleRecord
from errors import ErrorCode, GatewayError
from permissions.enforce import READ, WRITE, check_gate, check_object
from permissions.policy import Controlled, Policy
from permissions.resources import Resource
from tests.permissions.policy_builders import (
    ADA,
    ADAS_MEMBERSHIP,
    ADMIN,
    ALL_ON,
    MEMBER,
    ROLES_OFF,
    RULES_OFF,
    policy,
    registered_one,
    rule,
)

PASSES = "passes"
OBJECT_FORBIDDEN = "object forbidden"
REFUSED = "refused"


@dataclass(frozen=True)
class Row:
    """`given` lists rules and circumstances. M, R1, R2: rules of the object for the member and for two of their
    roles; OD: its rule for everyone; rM, rR, rD: the same for the whole resource.

    The gates decide on a request for the object. `listed` is None if the gate closes the list.
    """

    given: str
    object_level: str
    resource_level: str
    listed: bool | None
    read: str
    write: str
    edits_rules: bool


TABLE = [
    Row("no rules", "editor", "editor", True, PASSES, PASSES, False),
    Row("OD=none", "none", "editor", False, OBJECT_FORBIDDEN, OBJECT_FORBIDDEN, False),
    Row("OD=viewer", "viewer", "editor", True, PASSES, OBJECT_FORBIDDEN, False),
    Row("OD=none, M=viewer", "viewer", "editor", True, PASSES, OBJECT_FORBIDDEN, False),
    Row("OD=editor, M=none", "none", "editor", False, OBJECT_FORBIDDEN, OBJECT_FORBIDDEN, False),
    Row("M=none, R1=editor", "editor", "editor", True, PASSES, PASSES, False),
    Row("R1=none, R2=viewer", "viewer", "editor", True, PASSES, OBJECT_FORBIDDEN, False),
    Row("rD=editor, M=viewer", "viewer", "editor", True, PASSES, OBJECT_FORBIDDEN, False),
    Row("rD=none, M=editor", "editor", "none", True, PASSES, PASSES, False),
    # Lists do not look at rules about the whole resource, so this one opens and is not listed.
    Row("rD=editor, OD=none", "editor", "editor", False, PASSES, PASSES, False),
    Row("rD=none, OD=editor", "none", "none", None, REFUSED, REFUSED, False),
    Row("rD=none, rR=viewer", "viewer", "viewer", True, PASSES, REFUSED, False),
    Row("rD=editor, rM=none", "editor", "editor", True, PASSES, PASSES, False),
    Row("rM=none", "none", "none", None, REFUSED, REFUSED, False),
    Row("rM=none, rR=editor", "editor", "editor", True, PASSES, PASSES, False),
    Row("rD=viewer", "viewer", "viewer", True, PASSES, REFUSED, False),
    Row("rD=manager", "manager", "manager", True, PASSES, PASSES, True),
    Row("OD=manager", "manager", "editor", True, PASSES, PASSES, True),
    Row("creator, OD=none", "manager", "editor", True, PASSES, PASSES, True),
    # Who made an object may edit its rules, but the gate refuses the request for it.
    Row("creator, rD=none", "manager", "none", None, REFUSED, REFUSED, True),
    Row("creator, rD=viewer", "manager", "viewer", True, PASSES, REFUSED, True),
    Row("org admin, OD=none, M=none", "manager", "manager", True, PASSES, PASSES, True),
    Row("feature off, M=none", "editor", "editor", True, PASSES, PASSES, False),
    Row("roles feature off, R1=manager", "editor", "editor", True, PASSES, PASSES, False),
]
# The member and the role that a rule names.
SUBJECTS: dict[str, tuple[str | None, str | None]] = {
    "M": (ADAS_MEMBERSHIP, None),
    "R": (None, "role 1"),
    "R1": (None, "role 1"),
    "R2": (None, "role 2"),
    "D": (None, None),
}
each_row = pytest.mark.parametrize("row", TABLE, ids=[row.given for row in TABLE])


@pytest.fixture
def dashboard() -> Iterator[Resource]:
    with registered_one(Resource("dashboard", admins_list_all=True)) as resource:
        yield resource


def _rules(given: str, resource: Resource) -> list[RuleRecord]:
    assignments = [part.split("=") for part in given.split(", ") if "=" in part]
    return [_rule(name, level, resource) for name, level in assignments]


def _rule(name: str, level: str, resource: Resource) -> RuleRecord:
    is_general = name.startswith("r")
    member, role = SUBJECTS[name.lstrip("rO")]
    return rule(resource, level, on=None if is_general else "1", member=member, role=role)


def _policy(row: Row, resource: Resource) -> Policy:
    features = ALL_ON
    if row.given.startswith("roles feature off"):
        features = ROLES_OFF
    elif row.given.startswith("feature off"):
        features = RULES_OFF
    principal = ADMIN if row.given.startswith("org admin") else MEMBER
    return policy(*_rules(row.given, resource), principal=principal, features=features)


def _target(row: Row, resource: Resource) -> Controlled:
    return Controlled(resource, "1", created_by=ADA if row.given.startswith("creator") else "bob")


def _outcome(row: Row, resource: Resource, action: str) -> str:
    asked = _policy(row, resource)
    if _is_forbidden(lambda: check_gate(asked, resource, action)):
        return REFUSED
    if _is_forbidden(lambda: check_object(asked, _target(row, resource), action)):
        return OBJECT_FORBIDDEN
    return PASSES


def _is_forbidden(check: Callable[[], None]) -> bool:
    try:
        check()
    except GatewayError as error:
        return error.code is ErrorCode.FORBIDDEN
    return False


@each_row
def test_object_level(row: Row, dashboard: Resource) -> None:
    access = _policy(row, dashboard).object_access(_target(row, dashboard))
    assert access.level is AccessLevel(row.object_level)


@each_row
def test_resource_level(row: Row, dashboard: Resource) -> None:
    assert _policy(row, dashboard).resource_access(dashboard).level is AccessLevel(row.resource_level)


@each_row
def test_read_of_the_object(row: Row, dashboard: Resource) -> None:
    assert _outcome(row, dashboard, READ) == row.read


@each_row
def test_write_of_the_object(row: Row, dashboard: Resource) -> None:
    assert _outcome(row, dashboard, WRITE) == row.write


@each_row
def test_object_in_a_list(row: Row, dashboard: Resource) -> None:
    if row.listed is None:
        with pytest.raises(GatewayError, match="viewer access to dashboards"):
            check_gate(_policy(row, dashboard), dashboard, READ)
        return
    target = _target(row, dashboard)
    check_gate(_policy(row, dashboard), dashboard, READ)
    assert _policy(row, dashboard).list_filter(dashboard).shows(target.id, target.created_by) is row.listed


@each_row
def test_right_to_edit_rules(row: Row, dashboard: Resource) -> None:
    assert _policy(row, dashboard).can_modify(_target(row, dashboard)) is row.edits_rules


def test_admins_list_of_a_resource_that_does_not_list_all_hides_what_rules_hide(dashboard: Resource) -> None:
    rules = _rules("OD=none, M=none", dashboard)
    assert policy(*rules, principal=ADMIN).list_filter(dashboard).shows("1", "bob")
    with registered_one(Resource("survey")) as survey:
        rules = _rules("OD=none, M=none", survey)
        assert not policy(*rules, principal=ADMIN).list_filter(survey).shows("1", "bob")
