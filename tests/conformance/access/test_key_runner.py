"""The runner of API key cases against the gateway: wrong expectations fail."""

from typing import Any

import pytest

from tests.conformance.access.key_runner import KeyRunner, fields_about_keys
from tests.conformance.cases import CaseSource, Kind, SetAside
from tests.conformance.fields import CaseError

HASH = "sha256$45af89b510a3279a817f851de5d3f95b73485d58ec2672a39e52d8aeeb014059"


async def run(runner: KeyRunner, **content: object) -> list[str]:
    return await runner.run(CaseSource("file.json", "a case", {"name": "a case", **content}, Kind.KEYS))


async def ask(runner: KeyRunner, status: int, key: dict[str, Any] | None = None, **request: Any) -> list[str]:
    """Run a request that is expected to have the status, and return what fails."""
    expect = {"status": status, **request.pop("expect", {})}
    sent = {"action": "list", "resource": "feature_flag", "project": "own", "via": "header", **request}
    return await run(runner, kind="request", key=key, request=sent, expect=expect)


async def write(runner: KeyRunner, expect: dict[str, object], /, existing: int = 0, **body: Any) -> list[str]:
    """Create a key with this body, and return what fails."""
    written = {"body": {"label": "a", "scopes": ["*"], **body}, "existing_keys": existing}
    return await run(runner, kind="key_write", write=written, expect=expect)


@pytest.mark.parametrize("resource", ["feature_flag", "insight"])
@pytest.mark.parametrize(
    ("status", "key", "more"),
    [
        (200, {"scopes": ["*"]}, {}),
        (403, {"scopes": []}, {}),
        (403, {"scopes": None}, {}),
        (403, {"scopes": ["survey:read"]}, {}),
        (201, {"scopes": ["*"]}, {"action": "create"}),
        (204, {"scopes": ["*"]}, {"action": "destroy"}),
        (200, {"scopes": ["*"], "scoped_teams": ["own"]}, {"action": "partial_update"}),
        (403, {"scopes": ["*"], "scoped_teams": ["own"]}, {"project": "other"}),
        (403, {"scopes": ["*"], "scoped_organizations": ["own"]}, {"project": "other"}),
        (200, {"scopes": ["*"], "scoped_organizations": ["other"]}, {"project": "other"}),
        (200, {"scopes": ["*"]}, {"project": "@current", "user_current_organization": "other"}),
        (401, None, {"via": "none"}),
        (401, {"scopes": ["*"]}, {"via": "body"}),
    ],
)
async def test_request_is_answered_by_the_gateway(
    key_runner: KeyRunner, resource: str, status: int, key: dict[str, Any] | None, more: dict[str, Any]
) -> None:
    assert await ask(key_runner, status, key, resource=resource, **more) == []
    wrong = 404 if status in (401, 403) else 403
    assert await ask(key_runner, wrong, key, resource=resource, **more) != []


@pytest.mark.parametrize("action", ["list", "retrieve", "update"])
@pytest.mark.parametrize("resource", ["feature_flag", "insight", "action", "cohort"])
async def test_scope_of_the_resource_is_enough_and_needed(
    key_runner: KeyRunner, resource: str, action: str
) -> None:
    scope = f"{resource}:{'write' if action == 'update' else 'read'}"
    asked = {"resource": resource, "action": action}
    assert await ask(key_runner, 200, {"scopes": [scope]}, **asked) == []
    assert (
        await ask(key_runner, 403, {"scopes": ["survey:write"]}, **asked, expect={"detail_contains": [scope]})
        == []
    )


async def test_scopes_that_an_action_declares_are_all_needed(key_runner: KeyRunner) -> None:
    asked = {"action": "act", "resource": "person", "required_scopes": ["person:read", "query:read"]}
    assert await ask(key_runner, 200, {"scopes": ["person:write", "query:read"]}, **asked) == []
    lacking = {"scopes": ["person:read"]}
    assert await ask(key_runner, 403, lacking, **asked, expect={"detail_contains": ["query:read"]}) == []
    assert await ask(key_runner, 200, lacking, **asked) != []


async def test_project_that_is_out_of_reach_is_none_by_its_own_address(key_runner: KeyRunner) -> None:
    key = {"scopes": ["*"], "scoped_teams": ["own"]}
    asked = {"resource": "project", "action": "retrieve"}
    assert await ask(key_runner, 404, key, **asked, project="other") == []
    assert await ask(key_runner, 403, key, **asked, project="other") != []
    assert await ask(key_runner, 200, key, **asked) == []


async def test_owner_and_the_key_itself_are_what_a_key_can_read(key_runner: KeyRunner) -> None:
    key = {"scopes": ["insight:read"], "scoped_teams": ["own"]}
    asked = {"project": "none", "action": "retrieve"}
    assert await ask(key_runner, 200, key, **asked, resource="user") == []
    assert await ask(key_runner, 200, key, **asked, resource="personal_api_key", id="@current") == []
    assert await ask(key_runner, 404, key, **asked, resource="personal_api_key", id="other") == []
    assert await ask(key_runner, 403, key, project="none", resource="personal_api_key", action="create") == []
    assert await ask(key_runner, 201, key, project="none", resource="personal_api_key", action="create") != []
    assert fields_about_keys() == ["Query.viewer"]


async def test_action_without_scopes_is_one_that_cannot_be(key_runner: KeyRunner) -> None:
    asked = {"action": "act", "resource": "insight", "unmapped_action": True}
    assert await ask(key_runner, 403, {"scopes": ["*"]}, **asked, expect={"detail_contains": ["any"]}) == []
    assert await ask(key_runner, 200, {"scopes": ["*"]}, **asked) != []


async def test_key_in_the_address_is_refused(key_runner: KeyRunner) -> None:
    assert await ask(key_runner, 401, {"scopes": ["*"]}, via="query") == []


@pytest.mark.parametrize(
    "request_",
    [
        {"via": "body"},
        {"via": "query"},
        {"project": "none"},
        {"resource": "organization", "action": "retrieve"},
        {"resource": "user", "action": "update"},
        {"resource": "project", "action": "create"},
        {"action": "act", "required_scopes": ["internal_thing:read"]},
    ],
)
async def test_what_has_no_equivalent_is_set_aside(key_runner: KeyRunner, request_: dict[str, Any]) -> None:
    with pytest.raises(SetAside):
        await ask(key_runner, 200, {"scopes": ["*"]}, **request_)


@pytest.mark.parametrize(
    ("attr", "body"),
    [
        ("label", {"label": " "}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": None}),
        ("scopes", {"scopes": ["insight:own"]}),
        ("scopes", {"scopes": ["clickhouse_test_cluster_perf:read"]}),
        ("scoped_teams", {"scoped_teams": ["foreign"]}),
        ("scoped_organizations", {"scoped_organizations": ["not-an-id"]}),
    ],
)
async def test_key_that_cannot_be_made_is_refused_at_its_part(
    key_runner: KeyRunner, attr: str, body: dict[str, Any]
) -> None:
    assert await write(key_runner, {"status": 400, "attr": attr}, **body) == []
    assert await write(key_runner, {"status": 201}, **body) != []


async def test_key_is_made_with_scopes_of_any_public_object(key_runner: KeyRunner) -> None:
    scopes = ["activity_log:read", "annotation:write", "query:read"]
    shown = {"scopes": scopes, "scoped_teams": ["own"], "scoped_organizations": ["own", "other"]}
    made = {"status": 201, "body_contains": shown}
    places: dict[str, Any] = {"scoped_teams": ["own"], "scoped_organizations": ["own", "other"]}
    assert await write(key_runner, made, scopes=scopes, **places) == []
    assert await write(key_runner, made, scopes=scopes) != []


async def test_key_too_many_is_refused(key_runner: KeyRunner) -> None:
    assert await write(key_runner, {"status": 201}, 9) == []
    assert await write(key_runner, {"status": 400}, 10) == []


@pytest.mark.parametrize("given", [{"value": "test_key_12345"}, {"hash": {"value": "test_key_12345"}}])
async def test_hash_is_compared(key_runner: KeyRunner, given: dict[str, object]) -> None:
    assert await run(key_runner, kind="hash", **given, expect={"secure_value": HASH}) == []
    assert await run(key_runner, kind="hash", **given, expect="sha256$0") != []


@pytest.mark.parametrize(
    "content",
    [
        {"kind": "rotation"},
        {"kind": "hash", "value": "a"},
        {"kind": "hash", "expect": "a"},
        {"kind": "hash", "value": "a", "expect": "b", "salt": "c"},
        {"kind": "key_write", "write": {"body": {"label": "a", "owner": "me"}}, "expect": {"status": 201}},
        {"kind": "key_write", "write": {"body": {}, "existing_keys": "ten"}, "expect": {"status": 201}},
        {"kind": "key_write", "write": {"body": {"label": 1}}, "expect": {"status": 201}},
        {"kind": "key_write", "write": {"body": {}}, "expect": {"status": 400, "items": []}},
    ],
)
async def test_case_with_what_the_runner_does_not_know_is_refused(
    key_runner: KeyRunner, content: dict[str, object]
) -> None:
    with pytest.raises(CaseError):
        await run(key_runner, **content)


@pytest.mark.parametrize(
    "request_",
    [
        {"via": "cookie"},
        {"project": "third"},
        {"page": 2},
        {"action": "dance"},
        {"resource": "cupboard"},
        {"user_current_organization": "third"},
        {"required_scopes": "person:read"},
    ],
)
async def test_request_with_what_the_runner_does_not_know_is_refused(
    key_runner: KeyRunner, request_: dict[str, Any]
) -> None:
    with pytest.raises(CaseError):
        await ask(key_runner, 200, {"scopes": ["*"]}, **request_)


@pytest.mark.parametrize("key", [{"scopes": "*"}, {"scopes": ["*"], "label": "a"}, {"scoped_teams": ["third"]}])
async def test_key_that_the_runner_does_not_know_is_refused(key_runner: KeyRunner, key: dict[str, Any]) -> None:
    with pytest.raises(CaseError):
        await ask(key_runner, 200, key)


IN_OTHER = {"project": "@current", "user_current_project": "other"}


@pytest.mark.parametrize(
    ("status", "key", "more"),
    [
        (401, {"scopes": ["*"]}, {"user_active": False}),
        (200, {"scopes": ["*"]}, {"user_active": True}),
        (401, {"scopes": ["*"]}, {"key_override": "phx_of_nobody"}),
        (200, {"scopes": ["*"]}, {"header": "Bearer <key>"}),
        (200, {"scopes": ["*"]}, {"header": "Bearer    <key>  "}),
        (401, {"scopes": ["*"]}, {"header": "Token <key>"}),
        (401, {"scopes": ["*"]}, {"header": "Bearer"}),
        (200, {"scopes": ["*"]}, {"mode": "sha256"}),
        (
            200,
            {"scopes": ["*"], "scoped_teams": ["other"]},
            {"project": "@current", "user_current_project": "other"},
        ),
        (
            403,
            {"scopes": ["*"], "scoped_teams": ["own"]},
            {"project": "@current", "user_current_project": "other"},
        ),
        (200, {"scopes": ["conversation:read"]}, {"resource": "conversation"}),
        (403, {"scopes": ["conversation:read"]}, {"resource": "conversation", "action": "create"}),
    ],
)
async def test_further_keys_of_a_request_are_used(
    key_runner: KeyRunner, status: int, key: dict[str, Any], more: dict[str, Any]
) -> None:
    assert await ask(key_runner, status, key, **more, expect={"code": "informative"}) == []
    assert await ask(key_runner, 400, key, **more) != []


@pytest.mark.parametrize(
    "request_",
    [
        {"mode": "pbkdf2_390000"},
        {"organization": "own", "project": "none", "resource": "organization", "action": "retrieve"},
        {"organization": "other"},
        {"project": "@current", "user_current_project": None},
    ],
)
async def test_further_requests_without_an_equivalent_are_set_aside(
    key_runner: KeyRunner, request_: dict[str, Any]
) -> None:
    with pytest.raises(SetAside):
        await ask(key_runner, 200, {"scopes": ["*"]}, **request_)


async def test_hash_of_another_mode_is_set_aside(key_runner: KeyRunner) -> None:
    content = {"kind": "hash", "value": "test_key_12345"}
    assert await run(key_runner, **content, mode="sha256", expect=HASH) == []
    with pytest.raises(SetAside):
        await run(key_runner, **content, mode="pbkdf2", expect=HASH)


async def test_word_of_the_detail_may_name_the_wrong_field(key_runner: KeyRunner) -> None:
    refused: dict[str, object] = {"status": 400, "detail_contains": ["organizations"]}
    assert await write(key_runner, refused, scoped_organizations=["not-an-id"]) == []
    assert await write(key_runner, {"status": 400, "detail_contains": ["teams"]}, scoped_teams=["foreign"]) == []
    assert await write(key_runner, refused, scoped_teams=["foreign"]) != []
