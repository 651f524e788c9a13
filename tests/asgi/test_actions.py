"""Saved actions over HTTP: creating, reading, changing, deleting and counting them."""

from typing import Any

import pytest
from sqlalchemy import event

from tests.support.gateway import EMAIL, NOW, Gateway
from tests.support.seeds.saved_objects import EVENTS, Shop, open_shop

STEP = """event url urlMatching text textMatching href hrefMatching selector tagName
    properties { key value operator type groupTypeIndex }"""
ACTION = f"id projectId name description steps {{ {STEP} }} createdBy {{ email level }} createdAt updatedAt"
CREATE = f"mutation($input: ActionCreateInput!) {{ actionCreate(input: $input) {{ {ACTION} }} }}"
UPDATE = f"mutation($input: ActionUpdateInput!) {{ actionUpdate(input: $input) {{ {ACTION} }} }}"
DELETE = "mutation($project: ID!, $id: ID!) { actionDelete(projectId: $project, id: $id) }"
ONE = f"query($project: ID!, $id: ID!) {{ project(id: $project) {{ action(id: $id) {{ {ACTION} }} }} }}"
LIST = """query($project: ID!, $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    actions(first: $first, after: $after, search: $search) { totalCount edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""
TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    series { label order event count customName action { id name } } } } }"""
ENTITIES = "query($refs: [_Any!]!) { _entities(representations: $refs) { ... on Action { id projectId name } } }"

EMPTY_STEP: dict[str, Any] = {
    "event": None,
    "url": None,
    "urlMatching": "CONTAINS",
    "text": None,
    "textMatching": "EXACT",
    "href": None,
    "hrefMatching": "EXACT",
    "selector": None,
    "tagName": None,
    "properties": [],
}


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> Shop:
    shop = await open_shop(gateway, "shop with actions")
    await gateway.stores.events.command(EVENTS, {"project": shop.project.id})
    return shop


@pytest.fixture(scope="module")
async def neighbour(gateway: Gateway) -> Shop:
    return await open_shop(gateway, "next door", organization="Neighbours")


async def create(shop: Shop, name: str, steps: list[dict[str, Any]] | None = None) -> str:
    """Create an action and return its id."""
    answer = await shop.ask(CREATE, input={"projectId": shop.id, "name": name, "steps": steps or []})
    return str(answer.data["actionCreate"]["id"])


async def test_created_action_is_returned(shop: Shop) -> None:
    step: dict[str, Any] = {
        "event": "$autocapture",
        "url": "^/pr.cing$",
        "urlMatching": "REGEX",
        "text": "Buy",
        "textMatching": "CONTAINS",
        "href": "/buy",
        "hrefMatching": "EXACT",
        "selector": "div > a#buy",
        "tagName": "a",
        "properties": [
            {"key": "plan", "value": ["pro", 1, 2.5, True], "operator": "IS_NOT", "type": "PERSON"},
            {"key": "size", "value": 3, "operator": "GT", "type": "GROUP", "groupTypeIndex": 0},
        ],
    }
    created = await shop.ask(
        CREATE,
        input={"projectId": shop.id, "name": " buys ", "description": "money", "steps": [step, {"event": "pay"}]},
    )
    action = created.data["actionCreate"]
    assert action == {
        "id": action["id"],
        "projectId": shop.id,
        "name": "buys",
        "description": "money",
        "steps": [
            {**step, "properties": [{"groupTypeIndex": None, **each} for each in step["properties"]]},
            {**EMPTY_STEP, "event": "pay"},
        ],
        "createdBy": {"email": EMAIL, "level": "MEMBER"},
        "createdAt": NOW.isoformat(),
        "updatedAt": NOW.isoformat(),
    }
    assert (await shop.ask(ONE, id=action["id"])).data["project"]["action"] == action


async def test_actions_can_share_a_name(shop: Shop) -> None:
    assert await create(shop, "twice") != await create(shop, "twice")


async def test_update_changes_only_what_is_given(shop: Shop) -> None:
    action_id = await create(shop, "before", [{"event": "pay"}])
    change = {"projectId": shop.id, "id": action_id}
    renamed = (await shop.ask(UPDATE, input={**change, "name": "after"})).data["actionUpdate"]
    assert (renamed["name"], renamed["steps"]) == ("after", [{**EMPTY_STEP, "event": "pay"}])
    replaced = (await shop.ask(UPDATE, input={**change, "steps": [], "description": "x"})).data["actionUpdate"]
    assert (replaced["name"], replaced["description"], replaced["steps"]) == ("after", "x", [])
    assert (await shop.ask(ONE, id=action_id)).data["project"]["action"] == replaced


async def test_fields_of_one_mutation_see_what_earlier_ones_did(shop: Shop) -> None:
    action_id = await create(shop, "first")
    answer = await shop.ask(
        """mutation($project: ID!, $id: ID!) {
            a: actionUpdate(input: {projectId: $project, id: $id, name: "second"}) { name }
            b: actionUpdate(input: {projectId: $project, id: $id, description: "d"}) { name description }
            c: actionDelete(projectId: $project, id: $id)
            d: actionUpdate(input: {projectId: $project, id: $id, name: "third"}) { name }
        }""",
        id=action_id,
    )
    assert answer.body["data"] is None
    assert answer.extensions["code"] == "NOT_FOUND"
    assert answer.error["path"] == ["d"]
    assert (await shop.ask(ONE, id=action_id)).extensions["code"] == "NOT_FOUND"


async def test_deleted_action_is_not_found_and_not_listed(shop: Shop) -> None:
    action_id = await create(shop, "to be deleted")
    assert (await shop.ask(DELETE, id=action_id)).data["actionDelete"] == action_id
    for query in (DELETE, ONE):
        assert (await shop.ask(query, id=action_id)).extensions["code"] == "NOT_FOUND"
    answer = await shop.ask(UPDATE, input={"projectId": shop.id, "id": action_id, "name": "x"})
    assert answer.extensions["code"] == "NOT_FOUND"
    page = (await shop.ask(LIST, search="to be deleted")).data["project"]["actions"]
    assert (page["totalCount"], page["edges"]) == (0, [])


@pytest.mark.parametrize("action_id", ["0", "-1", "01", "999999", "9999999999", "9" * 400, "x", "", "1.0"])
async def test_action_unknown_or_malformed_is_not_found(shop: Shop, action_id: str) -> None:
    for query in (ONE, DELETE):
        assert (await shop.ask(query, id=action_id)).extensions["code"] == "NOT_FOUND"
    answer = await shop.ask(UPDATE, input={"projectId": shop.id, "id": action_id})
    assert answer.extensions["code"] == "NOT_FOUND"


async def test_action_of_another_project_is_not_found(shop: Shop, neighbour: Shop) -> None:
    action_id = await create(shop, "mine", [{"event": "pay"}])
    for query in (ONE, DELETE):
        foreign = await neighbour.ask(query, id=action_id)
        assert foreign.extensions["code"] == "NOT_FOUND"
        assert foreign.body == (await neighbour.ask(query, id="999999")).body
    change = {"id": action_id, "name": "theirs"}
    answer = await neighbour.ask(UPDATE, input={"projectId": neighbour.id, **change})
    assert answer.extensions["code"] == "NOT_FOUND"
    # The key is scoped to the other project; the error is the same whether the project exists or not.
    answer = await neighbour.ask(UPDATE, input={"projectId": shop.id, **change})
    assert answer.extensions["code"] == "FORBIDDEN"
    answer = await neighbour.ask(CREATE, input={"projectId": shop.id, "name": "theirs", "steps": []})
    assert answer.extensions["code"] == "FORBIDDEN"
    page = (await neighbour.ask(LIST)).data["project"]["actions"]
    assert page["edges"] == []
    assert (await shop.ask(ONE, id=action_id)).data["project"]["action"]["name"] == "mine"


async def test_pages_return_every_action_once(gateway: Gateway) -> None:
    shop = await open_shop(gateway, "shop of pages")
    for name in ("Äpfel kaufen", "pay", "ÄPFEL ansehen"):
        await create(shop, name)
    first = (await shop.ask(LIST, first=2)).data["project"]["actions"]
    assert [edge["node"]["name"] for edge in first["edges"]] == ["Äpfel kaufen", "pay"]
    assert first["totalCount"] == 3
    assert first["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": first["edges"][0]["cursor"],
        "endCursor": first["edges"][1]["cursor"],
    }
    second = (await shop.ask(LIST, after=first["pageInfo"]["endCursor"])).data["project"]["actions"]
    assert [edge["node"]["name"] for edge in second["edges"]] == ["ÄPFEL ansehen"]
    assert second["pageInfo"]["hasPreviousPage"] is True
    found = (await shop.ask(LIST, first=1, search="äpfel")).data["project"]["actions"]
    assert found["totalCount"] == 2
    assert found["pageInfo"]["hasNextPage"] is True


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"first": 0}, ["first"]),
        ({"first": 501}, ["first"]),
        ({"after": "x"}, ["after"]),
        ({"after": "WyJpbnNpZ2h0IiwgMV0="}, ["after"]),  # a cursor of insights
        ({"search": "x" * 401}, ["search"]),
        ({"search": "a\0"}, ["search"]),
    ],
)
async def test_list_arguments_out_of_range_are_rejected(
    shop: Shop, arguments: dict[str, Any], path: list[str]
) -> None:
    answer = await shop.ask(LIST, **arguments)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == path


@pytest.mark.parametrize("granted", [["project:read", "insight:write"], ["project:read", "action:read"]])
async def test_change_without_scope_names_the_missing_scope(shop: Shop, granted: list[str]) -> None:
    action_id = await create(shop, "guarded")
    given = {"projectId": shop.id, "id": action_id}
    for query, variables in (
        (CREATE, {"input": {"projectId": shop.id, "name": "x", "steps": []}}),
        (UPDATE, {"input": given}),
        (DELETE, {"id": action_id}),
    ):
        answer = await shop.ask_with(granted, query, **variables)
        assert answer.extensions["code"] == "FORBIDDEN"
        assert answer.extensions["missingScope"] == "action:write"


async def test_actions_are_read_with_their_scope_only(shop: Shop) -> None:
    action_id = await create(shop, "guarded")
    for query in (ONE, LIST):
        caught = await shop.ask_with(["project:read", "insight:read"], query, id=action_id)
        assert caught.extensions["missingScope"] == "action:read"
    allowed = await shop.ask_with(["project:read", "action:read"], ONE, id=action_id)
    assert allowed.data["project"]["action"]["name"] == "guarded"


async def test_change_without_key_is_rejected(gateway: Gateway, shop: Shop) -> None:
    answer = await gateway.ask(DELETE, {"project": shop.id, "id": "1"})
    assert answer.extensions["code"] == "UNAUTHENTICATED"


FILTER = {"key": "plan", "value": "pro"}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": ""}, ["name"]),
        ({"name": " \t"}, ["name"]),
        ({"name": "x" * 401}, ["name"]),
        ({"name": "a\0"}, ["name"]),
        ({"description": "x" * 10_001}, ["description"]),
        ({"steps": [{}] * 51}, ["steps"]),
        ({"steps": [{"event": ""}]}, ["steps", 0, "event"]),
        ({"steps": [{"event": "x" * 401}]}, ["steps", 0, "event"]),
        ({"steps": [{}, {"url": "a\0"}]}, ["steps", 1, "url"]),
        ({"steps": [{"text": "x" * 10_001}]}, ["steps", 0, "text"]),
        (
            {"steps": [{"url": "a", "urlMatching": "REGEX"}, {"url": "(", "urlMatching": "REGEX"}]},
            ["steps", 1, "url"],
        ),
        ({"steps": [{"event": "$autocapture", "text": "[", "textMatching": "REGEX"}]}, ["steps", 0, "text"]),
        ({"steps": [{"href": "(?!a)", "hrefMatching": "REGEX"}]}, ["steps", 0, "href"]),
        (
            {"steps": [{"event": "$autocapture"}, {"event": "$autocapture", "selector": "a >"}]},
            ["steps", 1, "selector"],
        ),
        ({"steps": [{"event": "pay", "selector": "> b"}]}, ["steps", 0, "selector"]),
        ({"steps": [{"event": "$autocapture", "tagName": ""}]}, ["steps", 0, "tagName"]),
        ({"steps": [{"properties": [FILTER, {}]}]}, ["steps", 0, "properties", 1, "key"]),
        (
            {"steps": [{}, {"properties": [{"key": "a", "type": "GROUP"}]}]},
            ["steps", 1, "properties", 0, "groupTypeIndex"],
        ),
        ({"steps": [{"properties": [FILTER, {"key": "a"}]}]}, ["steps", 0, "properties", 1, "value"]),
        (
            {"steps": [{"properties": [{"key": "a", "value": ["b", "("], "operator": "REGEX"}]}]},
            ["steps", 0, "properties", 0, "value"],
        ),
        (
            {"steps": [{"properties": [{"key": "a", "value": "x", "operator": "IS_DATE_AFTER"}]}]},
            ["steps", 0, "properties", 0, "value"],
        ),
        (
            {"steps": [{"properties": [{"key": "nope(1)", "type": "HOGQL"}]}]},
            ["steps", 0, "properties", 0, "key"],
        ),
        ({"steps": [{"properties": [FILTER] * 201}]}, ["steps"]),
    ],
)
async def test_invalid_action_is_rejected_with_its_path(
    shop: Shop, given: dict[str, Any], path: list[str | int]
) -> None:
    created = await shop.ask(CREATE, input={"projectId": shop.id, "name": "refused", "steps": [], **given})
    assert created.extensions["code"] == "BAD_USER_INPUT"
    assert created.extensions["path"] == ["input", *path]
    action_id = await create(shop, "unchanged")
    changed = await shop.ask(UPDATE, input={"projectId": shop.id, "id": action_id, **given})
    assert changed.extensions == created.extensions
    assert (await shop.ask(ONE, id=action_id)).data["project"]["action"]["name"] == "unchanged"
    assert (await shop.ask(LIST, search="refused")).data["project"]["actions"]["totalCount"] == 0


@pytest.mark.parametrize("field", ["name", "description", "steps"])
async def test_update_to_null_is_rejected(shop: Shop, field: str) -> None:
    action_id = await create(shop, "unchanged", [{"event": "pay"}])
    answer = await shop.ask(UPDATE, input={"projectId": shop.id, "id": action_id, field: None})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["input", field]


async def test_trend_counts_actions_and_events(shop: Shop) -> None:
    pricing = await create(shop, "sees pricing", [{"event": "view", "url": "/pricing"}])
    pros = await create(shop, "pro", [{"properties": [FILTER]}])
    query = {
        "events": [{"event": "sign up"}, {"event": "pay", "order": 3}],
        "actions": [{"actionId": pros, "customName": "pros"}, {"actionId": pricing, "order": 0}],
        "dateFrom": "2020-01-13",
    }
    series = (await shop.ask(TREND, query=query)).data["project"]["trend"]["series"]
    assert [(each["label"], each["order"], each["count"], each["event"], each["action"]) for each in series] == [
        ("sign up", 0, 2.0, "sign up", None),
        ("sees pricing", 1, 1.0, None, {"id": pricing, "name": "sees pricing"}),
        ("pro", 2, 2.0, None, {"id": pros, "name": "pro"}),
        ("pay", 3, 1.0, "pay", None),
    ]
    assert series[2]["customName"] == "pros"


async def test_trend_of_an_action_needs_no_scope_but_its_definition_does(shop: Shop) -> None:
    action_id = await create(shop, "pays", [{"event": "pay"}])
    answer = await shop.ask_with(
        ["project:read", "insight:read"], TREND, query={"actions": [{"actionId": action_id}]}
    )
    [series] = answer.body["data"]["project"]["trend"]["series"]
    assert (series["count"], series["action"]) == (1.0, None)
    assert answer.extensions["missingScope"] == "action:read"


async def test_formula_of_actions_has_no_action(shop: Shop) -> None:
    action_id = await create(shop, "pays", [{"event": "pay"}])
    query = {"actions": [{"actionId": action_id}], "formula": "A * 2"}
    [series] = (await shop.ask(TREND, query=query)).data["project"]["trend"]["series"]
    assert (series["count"], series["action"]) == (2.0, None)


@pytest.mark.parametrize("action_id", ["999999", "99999999999", "0", "-1", "x", "", "9" * 400])
async def test_trend_of_an_unknown_action_is_rejected_with_its_path(shop: Shop, action_id: str) -> None:
    query = {"events": [{}], "actions": [{"actionId": await create(shop, "known")}, {"actionId": action_id}]}
    answer = await shop.ask(TREND, query=query)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["query", "actions", 1, "actionId"]


async def test_trend_of_a_deleted_or_foreign_action_is_rejected(shop: Shop, neighbour: Shop) -> None:
    action_id = await create(shop, "short-lived")
    query = {"actions": [{"actionId": action_id}]}
    foreign = await neighbour.ask(TREND, query=query)
    await shop.ask(DELETE, id=action_id)
    for answer in (foreign, await shop.ask(TREND, query=query)):
        assert answer.extensions["code"] == "BAD_USER_INPUT"
        assert answer.extensions["path"] == ["query", "actions", 0, "actionId"]


async def test_entities_are_checked_one_by_one(shop: Shop, neighbour: Shop) -> None:
    action_id = await create(shop, "referred")
    theirs = await create(neighbour, "theirs")
    keys = [
        (shop.id, action_id),
        (neighbour.id, theirs),
        (shop.id, theirs),
        (shop.id, "x"),
        ("x", action_id),
    ]
    refs = [{"__typename": "Action", "projectId": project, "id": each} for project, each in keys]
    answer = await shop.ask(ENTITIES, refs=refs)
    assert answer.body["data"]["_entities"] == [
        {"id": action_id, "projectId": shop.id, "name": "referred"},
        *[None] * 4,
    ]
    assert sorted(error["extensions"]["code"] for error in answer.body["errors"]) == [
        "FORBIDDEN",
        *["NOT_FOUND"] * 3,
    ]


async def test_entities_without_scope_or_key_field_are_rejected(shop: Shop) -> None:
    refs = [{"__typename": "Action", "projectId": shop.id, "id": await create(shop, "referred")}]
    answer = await shop.ask_with(["project:read", "insight:read"], ENTITIES, refs=refs)
    assert answer.extensions["missingScope"] == "action:read"
    answer = await shop.ask(ENTITIES, refs=[{"__typename": "Action", "id": "1"}])
    assert answer.extensions["path"] == ["representations", 0, "projectId"]


async def test_entities_are_loaded_in_one_statement(shop: Shop) -> None:
    ids = [await create(shop, f"one of many {number}") for number in range(5)]
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    listened = shop.gateway.stores.metadata._engine.sync_engine
    event.listen(listened, "before_cursor_execute", note)
    try:
        refs = [{"__typename": "Action", "projectId": shop.id, "id": each} for each in ids]
        document = ENTITIES.replace("name", "name createdBy { email }")
        assert len((await shop.ask(document, refs=refs)).data["_entities"]) == 5
    finally:
        event.remove(listened, "before_cursor_execute", note)
    assert sum("FROM saved_actions" in statement for statement in statements) == 1
    assert sum("FROM users" in statement for statement in statements) == 1
    assert sum("FROM projects" in statement for statement in statements) == 1
