from datetime import UTC, datetime

import pytest

from datasource.metadata.records import AccessLevel, SavedRecord
from errors import ErrorCode, GatewayError
from permissions.enforce import (
    READ,
    WRITE,
    check_gate,
    check_object,
    controlled,
    require_caller,
    require_scopes,
    required_level,
)
from permissions.policy import Controlled, Policy
from permissions.resources import ACTION, INSIGHT, ORGANIZATION, PROJECT, Resource
from tests.permissions.callers import RequestContext, caller_with
from tests.permissions.policy_builders import (
    ADA,
    ADAS_MEMBERSHIP,
    ADMIN,
    PROJECT_ID,
    PROJECT_KEY,
    RULES_OFF,
    STRANGER,
    policy,
    rule,
)

INSIGHT_5 = Controlled(INSIGHT, "5", created_by="bob")


def _gate_error(asked: Policy, resource: Resource, action: str, *, strictly: bool = False) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        check_gate(asked, resource, action, strictly=strictly)
    return caught.value


def _object_error(asked: Policy, target: Controlled, action: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        check_object(asked, target, action)
    return caught.value


@pytest.mark.parametrize(
    ("resource", "action", "level"),
    [
        (INSIGHT, READ, AccessLevel.VIEWER),
        (INSIGHT, WRITE, AccessLevel.EDITOR),
        (PROJECT, READ, AccessLevel.MEMBER),
        (PROJECT, WRITE, AccessLevel.ADMIN),
        (ORGANIZATION, READ, AccessLevel.MEMBER),
        (ORGANIZATION, WRITE, AccessLevel.ADMIN),
    ],
)
def test_required_level_depends_on_the_resource(resource: Resource, action: str, level: AccessLevel) -> None:
    assert required_level(resource, action) is level


def test_closed_gate_reports_the_level_and_the_resource() -> None:
    error = _gate_error(policy(rule(INSIGHT, "viewer")), INSIGHT, WRITE)
    assert error.code is ErrorCode.FORBIDDEN
    assert error.message == "This requires editor access to insights; you have viewer."
    assert error.details == {"resource": "INSIGHT", "missingLevel": "EDITOR", "level": "VIEWER"}
    assert error.hint


def test_closed_object_reports_the_level_and_the_object() -> None:
    error = _object_error(policy(rule(INSIGHT, "none", on="5")), INSIGHT_5, READ)
    assert error.code is ErrorCode.FORBIDDEN
    assert error.message == "This requires viewer access to the insight 5; you have none."
    assert error.details == {"resource": "INSIGHT", "missingLevel": "VIEWER", "level": "NONE"}
    assert error.hint


def test_resource_of_two_words_has_spaces_in_messages() -> None:
    recording = Resource("session_recording")
    asked = policy(rule(recording, "none"))
    error = _gate_error(asked, recording, READ)
    assert error.message == "This requires viewer access to session recordings; you have none."
    assert error.details["resource"] == "SESSION_RECORDING"
    error = _object_error(asked, Controlled(recording, "9"), READ)
    assert error.message == "This requires viewer access to the session recording 9; you have none."


def test_non_member_has_level_none() -> None:
    asked = policy(principal=STRANGER)
    assert _gate_error(asked, INSIGHT, READ).details["level"] == "NONE"
    own = Controlled(INSIGHT, "5", created_by=ADA)
    assert _object_error(asked, own, READ).details["level"] == "NONE"


@pytest.mark.parametrize("action", [READ, WRITE])
def test_gate_and_object_allow_what_the_levels_allow(action: str) -> None:
    for asked in (
        policy(),
        policy(rule(INSIGHT, "none"), rule(INSIGHT, "editor", on="5", member=ADAS_MEMBERSHIP)),
        policy(rule(INSIGHT, "none"), rule(INSIGHT, "none", on="5"), principal=ADMIN),
        policy(rule(INSIGHT, "none"), rule(INSIGHT, "none", on="5"), principal=PROJECT_KEY),
        policy(rule(INSIGHT, "none"), rule(INSIGHT, "none", on="5"), features=RULES_OFF),
    ):
        check_gate(asked, INSIGHT, action)
        check_object(asked, INSIGHT_5, action)


def test_level_on_one_object_is_not_enough_to_create() -> None:
    asked = policy(rule(INSIGHT, "none"), rule(INSIGHT, "manager", on="5", member=ADAS_MEMBERSHIP))
    check_gate(asked, INSIGHT, WRITE)
    error = _gate_error(asked, INSIGHT, WRITE, strictly=True)
    assert error.message == "This requires editor access to insights; you have none."


def test_level_on_one_object_must_be_the_required_one() -> None:
    asked = policy(rule(INSIGHT, "none"), rule(INSIGHT, "viewer", on="5", member=ADAS_MEMBERSHIP))
    check_gate(asked, INSIGHT, READ)
    assert _gate_error(asked, INSIGHT, WRITE).details["missingLevel"] == "EDITOR"


def test_gate_ignores_creators() -> None:
    asked = policy(rule(INSIGHT, "none"))
    check_object(asked, Controlled(INSIGHT, "5", created_by=ADA), WRITE)
    assert _gate_error(asked, INSIGHT, READ).code is ErrorCode.FORBIDDEN


def test_gate_of_one_resource_is_not_opened_by_rules_of_another() -> None:
    asked = policy(rule(INSIGHT, "none"), rule(ACTION, "manager", on="5", member=ADAS_MEMBERSHIP))
    check_gate(asked, ACTION, WRITE)
    assert _gate_error(asked, INSIGHT, READ).details["resource"] == "INSIGHT"


def test_gate_of_projects_is_the_level_on_the_project() -> None:
    asked = policy(rule(PROJECT, "member", on=str(PROJECT_ID)))
    check_gate(asked, PROJECT, READ)
    error = _gate_error(asked, PROJECT, WRITE)
    assert error.message == f"This requires admin access to the project {PROJECT_ID}; you have member."
    assert error.details == {"resource": "PROJECT", "missingLevel": "ADMIN", "level": "MEMBER"}
    check_gate(policy(rule(PROJECT, "none")), PROJECT, WRITE)
    check_gate(policy(rule(PROJECT, "none", on=str(PROJECT_ID)), principal=ADMIN), PROJECT, WRITE)
    hidden = policy(rule(PROJECT, "none", on=str(PROJECT_ID)))
    assert _gate_error(hidden, PROJECT, READ).details["level"] == "NONE"


def test_forbidden_error_does_not_reveal_the_subjects_of_rules() -> None:
    rules = [
        rule(INSIGHT, "none", on="5", member=ADAS_MEMBERSHIP),
        rule(INSIGHT, "none", on="5", role="role 1"),
    ]
    error = _object_error(policy(*rules), INSIGHT_5, READ)
    text = f"{error.message} {error.hint} {error.details}"
    assert ADAS_MEMBERSHIP not in text
    assert "role 1" not in text


def test_error_for_an_object_has_the_path_of_the_input() -> None:
    with pytest.raises(GatewayError) as caught:
        check_object(policy(rule(INSIGHT, "none")), INSIGHT_5, READ, path=("events", 0, "id"))
    assert caught.value.path == ("events", 0, "id")


def test_saved_record_is_controlled_by_its_id_and_creator() -> None:
    made = datetime(2026, 5, 1, tzinfo=UTC)
    record = SavedRecord(5, PROJECT_ID, "name", "", created_by=ADA, created_at=made, updated_at=made)
    assert controlled(INSIGHT, record) == Controlled(INSIGHT, "5", created_by=ADA)


def test_require_scopes_returns_the_caller() -> None:
    context = caller_with("project:write", "insight:read")
    assert require_scopes(context, "project:read", "insight:read") is context.caller


def test_require_scopes_reports_the_missing_scope() -> None:
    with pytest.raises(GatewayError, match="lacks the scope insight:write") as caught:
        require_scopes(caller_with("insight:read"), "insight:write")
    assert caught.value.code is ErrorCode.FORBIDDEN
    assert caught.value.details["missingScope"] == "insight:write"


def test_require_scopes_without_a_caller_is_unauthenticated() -> None:
    with pytest.raises(GatewayError) as caught:
        require_scopes(RequestContext(), "insight:write")
    assert caught.value.code is ErrorCode.UNAUTHENTICATED


def test_require_caller_raises_the_authentication_error() -> None:
    reason = GatewayError(ErrorCode.UNAUTHENTICATED, "The API key phx_...0000 was revoked.")
    with pytest.raises(GatewayError) as caught:
        require_caller(RequestContext(authentication_error=reason))
    assert caught.value is reason
