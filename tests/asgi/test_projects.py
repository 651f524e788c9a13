import base64

import pytest

from datasource.metadata.members import ensure_member
from tests.support.api_keys import make_key
from tests.support.gateway import EMAIL, Gateway

ONE = "query($id: ID!) { project(id: $id) { id name timezone weekStartDay groupTypes { index name } } }"
LIST = """query($first: Int! = 50, $after: String) { projects(first: $first, after: $after) {
    totalCount edges { cursor node { name } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"""
ENTITIES = "query($refs: [_Any!]!) { _entities(representations: $refs) { ... on Project { id name } } }"


async def test_viewer_has_owner_and_scopes_of_the_key(gateway: Gateway) -> None:
    project = await gateway.project("viewed")
    key = await gateway.key("project:read", "insight:read", project=project, only=True)
    answer = await gateway.ask("{ viewer { keyLabel scopes scopedProjects user { email name level } } }", key=key)
    assert answer.data["viewer"] == {
        "keyLabel": "tests",
        "scopes": ["project:read", "insight:read"],
        "scopedProjects": [str(project.id)],
        "user": {"email": EMAIL, "name": "Ada", "level": "MEMBER"},
    }


async def test_reachable_project_is_returned(gateway: Gateway) -> None:
    project = await gateway.project("in reach")
    answer = await gateway.ask(
        ONE, {"id": str(project.id)}, key=await gateway.key("project:read", project=project)
    )
    assert answer.data["project"] == {
        "id": str(project.id),
        "name": "in reach",
        "timezone": "America/New_York",
        "weekStartDay": "SUNDAY",
        "groupTypes": [],
    }


@pytest.mark.parametrize(
    "project_id", ["999999", "0", "-1", "01", "+1", " 1", "1.0", "abc", "", "\uff19", "9" * 400]
)
async def test_project_unknown_or_malformed_is_not_found(gateway: Gateway, project_id: str) -> None:
    key = await gateway.key("*", project=await gateway.project("in reach"))
    answer = await gateway.ask(ONE, {"id": project_id}, key=key)
    assert answer.body["data"] is None
    assert answer.extensions["code"] == "NOT_FOUND"


async def test_unreachable_project_looks_like_an_unknown_one(gateway: Gateway) -> None:
    key = await gateway.key("*", project=await gateway.project("own", organization="Own"), only=True)
    foreign = await gateway.project("foreign", organization="Foreign")
    refusal = await gateway.ask(ONE, {"id": str(foreign.id)}, key=key)
    unknown = await gateway.ask(ONE, {"id": "999999"}, key=key)
    assert refusal.body == unknown.body
    assert refusal.extensions["code"] == "NOT_FOUND"


async def test_project_without_scope_reports_the_missing_scope(gateway: Gateway) -> None:
    project = await gateway.project("in reach")
    answer = await gateway.ask(
        ONE, {"id": str(project.id)}, key=await gateway.key("insight:read", project=project)
    )
    assert answer.extensions["code"] == "FORBIDDEN"
    assert answer.extensions["missingScope"] == "project:read"


async def _paged_key(gateway: Gateway) -> str:
    for name in ("p1", "p2", "p3"):
        project = await gateway.project(name, organization="Paged")
    owner = await ensure_member(
        gateway.stores.metadata, email="paged@example.com", organization_id=project.organization_id
    )
    return await make_key(gateway.stores.metadata, owner, ["project:read"])


async def test_pages_contain_every_project_once(gateway: Gateway) -> None:
    key = await _paged_key(gateway)
    first = (await gateway.ask(LIST, {"first": 2}, key=key)).data["projects"]
    assert [edge["node"]["name"] for edge in first["edges"]] == ["p1", "p2"]
    assert first["totalCount"] == 3
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    second = (await gateway.ask(LIST, {"first": 2, "after": first["pageInfo"]["endCursor"]}, key=key)).data[
        "projects"
    ]
    assert [edge["node"]["name"] for edge in second["edges"]] == ["p3"]
    assert second["pageInfo"]["hasNextPage"] is False
    assert second["pageInfo"]["hasPreviousPage"] is True


async def test_page_after_the_last_project_is_empty(gateway: Gateway) -> None:
    key = await _paged_key(gateway)
    last = (await gateway.ask(LIST, key=key)).data["projects"]["pageInfo"]["endCursor"]
    page = (await gateway.ask(LIST, {"after": last}, key=key)).data["projects"]
    assert page["edges"] == []
    assert page["pageInfo"]["startCursor"] is None


@pytest.mark.parametrize("first", [0, -1, 501])
async def test_first_out_of_range_is_rejected(gateway: Gateway, first: int) -> None:
    answer = await gateway.ask(LIST, {"first": first}, key=await _paged_key(gateway))
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["first"]


@pytest.mark.parametrize(
    "text", ["", "project:0", "project:1 ", "insight:1", "project:\uff11", "project:99999999999"]
)
async def test_cursor_of_another_list_is_rejected(gateway: Gateway, text: str) -> None:
    cursor = base64.urlsafe_b64encode(text.encode()).decode()
    answer = await gateway.ask(LIST, {"after": cursor}, key=await _paged_key(gateway))
    assert answer.extensions["path"] == ["after"]


@pytest.mark.parametrize("cursor", ["x", "%%%", "héhé", "WyJwcm9qZWN0IiwgMV0=\n"])
async def test_cursor_with_invalid_characters_is_rejected(gateway: Gateway, cursor: str) -> None:
    answer = await gateway.ask(LIST, {"after": cursor}, key=await _paged_key(gateway))
    assert answer.extensions["path"] == ["after"]


async def test_entities_by_reference_are_checked_one_by_one(gateway: Gateway) -> None:
    project = await gateway.project("referred")
    foreign = await gateway.project("foreign", organization="Foreign")
    refs = [{"__typename": "Project", "id": str(each)} for each in (project.id, foreign.id, "x")]
    answer = await gateway.ask(
        ENTITIES, {"refs": refs}, key=await gateway.key("project:read", project=project, only=True)
    )
    assert answer.body["data"]["_entities"] == [{"id": str(project.id), "name": "referred"}, None, None]
    assert [error["extensions"]["code"] for error in answer.body["errors"]] == ["NOT_FOUND"] * 2


async def test_entities_require_a_key(gateway: Gateway) -> None:
    answer = await gateway.ask(ENTITIES, {"refs": [{"__typename": "Project", "id": "1"}]})
    assert answer.body["data"]["_entities"] == [None]
    assert answer.extensions["code"] == "UNAUTHENTICATED"


async def test_entities_require_a_scope(gateway: Gateway) -> None:
    project = await gateway.project("referred")
    key = await gateway.key("insight:read", project=project)
    answer = await gateway.ask(ENTITIES, {"refs": [{"__typename": "Project", "id": str(project.id)}]}, key=key)
    assert answer.extensions["code"] == "FORBIDDEN"
