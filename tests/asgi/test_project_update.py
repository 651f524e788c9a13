from typing import Any

import pytest

from tests.support.gateway import Gateway

UPDATE = """
mutation Update($input: ProjectUpdateInput!) {
  projectUpdate(input: $input) {
    id name timezone weekStartDay testAccountFilters { key value operator type }
  }
}
"""


async def _update(gateway: Gateway, of: str, *, scope: str = "project:write", **changes: Any) -> Any:
    project = await gateway.project(of)
    key = await gateway.key(scope, project=project)
    return await gateway.ask(UPDATE, {"input": {"id": str(project.id), **changes}}, key=key)


async def test_update_changes_only_given_fields(gateway: Gateway) -> None:
    filters = [{"key": "email", "type": "PERSON", "operator": "NOT_ICONTAINS", "value": "@corp.example"}]
    changed = await _update(gateway, "Changing", weekStartDay="WEDNESDAY", testAccountFilters=filters)
    assert changed.data["projectUpdate"]["testAccountFilters"] == filters
    again = (await _update(gateway, "Changing", timezone="Asia/Kolkata")).data["projectUpdate"]
    assert (again["name"], again["timezone"], again["weekStartDay"]) == ("Changing", "Asia/Kolkata", "WEDNESDAY")
    assert again["testAccountFilters"] == filters


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"name": None}, ["input", "name"]),
        ({"name": " "}, ["input", "name"]),
        ({"timezone": "Mars/Olympus"}, ["input", "timezone"]),
        (
            {"testAccountFilters": [{"key": "a", "operator": "GT"}]},
            ["input", "testAccountFilters", 0, "value"],
        ),
        (
            {"testAccountFilters": [{"key": "a", "value": "(", "operator": "REGEX"}]},
            ["input", "testAccountFilters", 0, "value"],
        ),
    ],
    ids=["null name", "blank name", "unknown zone", "filter without a value", "unreadable pattern"],
)
async def test_invalid_update_is_rejected_with_its_path(
    gateway: Gateway, changes: dict[str, Any], path: list[str | int]
) -> None:
    refused = await _update(gateway, "Stubborn", **changes)
    assert (refused.extensions["code"], refused.extensions["path"]) == ("BAD_USER_INPUT", path)


async def test_update_to_an_existing_name_is_rejected(gateway: Gateway) -> None:
    await gateway.project("Taken")
    refused = await _update(gateway, "Envious", name="Taken")
    assert refused.extensions["path"] == ["input", "name"]


async def test_update_requires_the_write_scope(gateway: Gateway) -> None:
    refused = await _update(gateway, "Guarded", scope="project:read", name="Open")
    assert refused.extensions["missingScope"] == "project:write"


async def test_update_of_an_unreachable_project_is_not_found(gateway: Gateway) -> None:
    mine, theirs = await gateway.project("Mine"), await gateway.project("Theirs", organization="Elsewhere")
    key = await gateway.key("*", project=mine, only=True)
    refused = await gateway.ask(UPDATE, {"input": {"id": str(theirs.id), "name": "Mine now"}}, key=key)
    assert refused.extensions["code"] == "FORBIDDEN"
    assert str(theirs.id) in refused.error["message"]
    stranger = await gateway.key("*", project=await gateway.project("Far away", organization="Far away"))
    refused = await gateway.ask(UPDATE, {"input": {"id": "999999", "name": "Mine now"}}, key=stranger)
    assert refused.extensions["code"] == "NOT_FOUND"
