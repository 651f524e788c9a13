"""Saved insights over HTTP: creating, reading, changing, deleting and running them."""

from typing import Any

import pytest

from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.insights import create_insight
from datasource.metadata.members import ensure_member
from tests.support.gateway import EMAIL, NOW, Gateway, open_gateway
from tests.support.seeds.saved_objects import EVENTS, Shop, open_shop

INSIGHT = "id projectId name description query createdBy { email } createdAt updatedAt"
CREATE = f"mutation($input: InsightCreateInput!) {{ insightCreate(input: $input) {{ {INSIGHT} }} }}"
UPDATE = f"mutation($input: InsightUpdateInput!) {{ insightUpdate(input: $input) {{ {INSIGHT} }} }}"
DELETE = "mutation($project: ID!, $id: ID!) { insightDelete(projectId: $project, id: $id) }"
ONE = f"query($project: ID!, $id: ID!) {{ project(id: $project) {{ insight(id: $id) {{ {INSIGHT} }} }} }}"
LIST = """query($project: ID!, $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    insights(first: $first, after: $after, search: $search) { totalCount edges { cursor node { name } }
        pageInfo { hasNextPage } } } }"""
RUN = """query($project: ID!, $id: ID!, $from: String, $to: String) { project(id: $project) { insight(id: $id) {
    trend(dateFrom: $from, dateTo: $to) { days series { label count data action { id } } } } } }"""
ENTITIES = """query($refs: [_Any!]!) { _entities(representations: $refs) {
    ... on Insight { id projectId name trend { series { count } } } } }"""
CREATE_ACTION = "mutation($input: ActionCreateInput!) { actionCreate(input: $input) { id } }"

SIGN_UPS: dict[str, Any] = {"events": [{"event": "sign up"}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> Shop:
    shop = await open_shop(gateway, "shop with insights")
    await gateway.stores.events.command(EVENTS, {"project": shop.project.id})
    return shop


@pytest.fixture(scope="module")
async def neighbour(gateway: Gateway) -> Shop:
    return await open_shop(gateway, "next door", organization="Neighbours")


async def create(shop: Shop, name: str, query: dict[str, Any] = SIGN_UPS) -> str:
    """Create an insight and return its id."""
    answer = await shop.ask(CREATE, input={"projectId": shop.id, "name": name, "query": query})
    return str(answer.data["insightCreate"]["id"])


async def create_action(shop: Shop, name: str, event: str) -> str:
    given = {"projectId": shop.id, "name": name, "steps": [{"event": event}]}
    return str((await shop.ask(CREATE_ACTION, input=given)).data["actionCreate"]["id"])


async def store_damaged(shop: Shop, query: dict[str, Any]) -> str:
    """Insert an insight whose query this version would reject, and return its id."""
    record = await create_insight(
        shop.gateway.stores.metadata, project_id=shop.project.id, name="old", query=query, now=NOW
    )
    return str(record.id)


async def test_created_insight_is_returned(shop: Shop) -> None:
    query = {
        "interval": "WEEK",
        "events": [{"properties": [{"value": [1, 2.5, "a", True], "key": "plan"}], "math": "DAU", "event": None}],
        "dateFrom": "-7d",
        "dateTo": None,
        "propertyGroup": {"type": "OR", "groups": [{}]},
        "breakdown": ["plan"],
        "samplingFactor": 0.5,
    }
    given = {"projectId": shop.id, "name": " weekly ", "description": "people", "query": query}
    insight = (await shop.ask(CREATE, input=given)).data["insightCreate"]
    assert insight == {
        "id": insight["id"],
        "projectId": shop.id,
        "name": "weekly",
        "description": "people",
        "query": query,
        "createdBy": {"email": EMAIL},
        "createdAt": NOW.isoformat(),
        "updatedAt": NOW.isoformat(),
    }
    assert list(insight["query"]) == list(query)
    assert (await shop.ask(ONE, id=insight["id"])).data["project"]["insight"] == insight


async def test_query_in_the_document_is_stored_as_json(shop: Shop) -> None:
    answer = await shop.ask(
        """mutation($project: ID!, $math: TrendMath!, $to: String, $limit: Int! = 7, $value: PropertyValue) {
            insightCreate(input: {projectId: $project, name: "literal", query: {
                events: {event: "pay", math: $math, properties: [{key: "plan", value: ["a", 1, 2.0, true]}]}
                properties: [{key: "plan", value: $value}]
                interval: WEEK, compare: true, dateFrom: null, dateTo: $to, breakdownLimit: $limit
            }}) { query } }""",
        math="DAU",
        value=["x"],
    )
    assert answer.data["insightCreate"]["query"] == {
        "events": {
            "event": "pay",
            "math": "DAU",
            "properties": [{"key": "plan", "value": ["a", 1, 2.0, True]}],
        },
        "properties": [{"key": "plan", "value": ["x"]}],
        "interval": "WEEK",
        "compare": True,
        "dateFrom": None,
        "breakdownLimit": 7,
    }


async def test_stored_query_can_be_sent_again(shop: Shop) -> None:
    insight_id = await create(shop, "once", {**SIGN_UPS, "interval": "WEEK", "display": "BOLD_NUMBER"})
    query = (await shop.ask(ONE, id=insight_id)).data["project"]["insight"]["query"]
    copy = await create(shop, "again", query)
    assert (await shop.ask(ONE, id=copy)).data["project"]["insight"]["query"] == query


async def test_update_changes_only_what_is_given(shop: Shop) -> None:
    insight_id = await create(shop, "before")
    change = {"projectId": shop.id, "id": insight_id}
    renamed = (await shop.ask(UPDATE, input={**change, "name": "after"})).data["insightUpdate"]
    assert (renamed["name"], renamed["query"]) == ("after", SIGN_UPS)
    query = {"events": [{"event": "pay"}], "interval": "HOUR"}
    replaced = (await shop.ask(UPDATE, input={**change, "query": query})).data["insightUpdate"]
    assert (replaced["name"], replaced["query"]) == ("after", query)
    assert (await shop.ask(ONE, id=insight_id)).data["project"]["insight"] == replaced


@pytest.mark.parametrize("field", ["name", "description", "query"])
async def test_update_to_null_is_rejected(shop: Shop, field: str) -> None:
    answer = await shop.ask(UPDATE, input={"projectId": shop.id, "id": await create(shop, "x"), field: None})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["input", field]


async def test_deleted_insight_is_not_found_and_not_listed(shop: Shop) -> None:
    insight_id = await create(shop, "to be deleted")
    assert (await shop.ask(DELETE, id=insight_id)).data["insightDelete"] == insight_id
    for query in (DELETE, ONE, RUN):
        assert (await shop.ask(query, id=insight_id)).extensions["code"] == "NOT_FOUND"
    answer = await shop.ask(UPDATE, input={"projectId": shop.id, "id": insight_id, "query": SIGN_UPS})
    assert answer.extensions["code"] == "NOT_FOUND"
    assert (await shop.ask(LIST, search="TO BE DEL")).data["project"]["insights"]["totalCount"] == 0


async def test_insight_of_another_project_is_not_found(shop: Shop, neighbour: Shop) -> None:
    insight_id = await create(shop, "mine")
    for query in (ONE, RUN, DELETE):
        foreign = await neighbour.ask(query, id=insight_id)
        assert foreign.extensions["code"] == "NOT_FOUND"
        assert foreign.body == (await neighbour.ask(query, id="999999")).body
    # The key is scoped to the other project; the error is the same whether the project exists or not.
    for project, code in ((neighbour, "NOT_FOUND"), (shop, "FORBIDDEN")):
        change = {"projectId": project.id, "id": insight_id, "name": "theirs"}
        assert (await neighbour.ask(UPDATE, input=change)).extensions["code"] == code
    created = await neighbour.ask(CREATE, input={"projectId": shop.id, "name": "theirs", "query": SIGN_UPS})
    assert created.extensions["code"] == "FORBIDDEN"
    assert (await neighbour.ask(LIST)).data["project"]["insights"]["edges"] == []
    assert (await shop.ask(ONE, id=insight_id)).data["project"]["insight"]["name"] == "mine"


@pytest.mark.parametrize("insight_id", ["0", "01", "9999999999", "9" * 400, "x", ""])
async def test_insight_unknown_or_malformed_is_not_found(shop: Shop, insight_id: str) -> None:
    for query in (ONE, DELETE):
        assert (await shop.ask(query, id=insight_id)).extensions["code"] == "NOT_FOUND"


async def test_pages_return_every_insight_once(gateway: Gateway) -> None:
    shop = await open_shop(gateway, "shop of insight pages")
    for name in ("Größe", "pay", "GRÖSSE"):
        await create(shop, name)
    first = (await shop.ask(LIST, first=2)).data["project"]["insights"]
    assert [edge["node"]["name"] for edge in first["edges"]] == ["Größe", "pay"]
    second = (await shop.ask(LIST, after=first["edges"][1]["cursor"])).data["project"]["insights"]
    assert [edge["node"]["name"] for edge in second["edges"]] == ["GRÖSSE"]
    assert second["pageInfo"]["hasNextPage"] is False
    assert (await shop.ask(LIST, search="größe")).data["project"]["insights"]["totalCount"] == 2


@pytest.mark.parametrize(
    ("arguments", "path"),
    [({"first": 0}, ["first"]), ({"after": "WyJhY3Rpb24iLCAxXQ=="}, ["after"]), ({"search": "\0"}, ["search"])],
)
async def test_list_arguments_out_of_range_are_rejected(
    shop: Shop, arguments: dict[str, Any], path: list[str]
) -> None:
    answer = await shop.ask(LIST, **arguments)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == path


async def test_insight_requires_its_scopes(shop: Shop) -> None:
    insight_id = await create(shop, "guarded")
    given = {"projectId": shop.id, "id": insight_id}
    for query, variables in (
        (CREATE, {"input": {"projectId": shop.id, "name": "x", "query": SIGN_UPS}}),
        (UPDATE, {"input": given}),
        (DELETE, {"id": insight_id}),
    ):
        answer = await shop.ask_with(["project:read", "insight:read", "action:write"], query, **variables)
        assert answer.extensions["code"] == "FORBIDDEN"
        assert answer.extensions["missingScope"] == "insight:write"
    for query in (ONE, LIST):
        answer = await shop.ask_with(["project:read", "action:read"], query, id=insight_id)
        assert answer.extensions["missingScope"] == "insight:read"
    run = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) {
        trend { series { count } } } } }"""
    allowed = await shop.ask_with(["project:read", "insight:read"], run, id=insight_id)
    assert allowed.data["project"]["insight"]["trend"] == {"series": [{"count": 2.0}]}


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": ""}, ["name"]),
        ({"name": "x" * 401}, ["name"]),
        ({"description": "a\0"}, ["description"]),
        ({"query": {}}, ["query"]),
        ({"query": {"events": [{"event": ""}]}}, ["query", "events", 0, "event"]),
        (
            {"query": {"events": [{}], "properties": [{"key": "a", "type": "GROUP"}]}},
            ["query", "properties", 0, "groupTypeIndex"],
        ),
        ({"query": {"events": [{}], "samplingFactor": 2}}, ["query", "samplingFactor"]),
        ({"query": {"events": [{}], "dateFrom": "the day before"}}, ["query", "dateFrom"]),
        ({"query": {"events": [{}, {"math": "SUM"}]}}, ["query", "events", 1, "mathProperty"]),
        ({"query": {"events": [{}], "formula": "A + B"}}, ["query", "formula"]),
        (
            {"query": {"events": [{}], "properties": [{"key": "a", "value": None}]}},
            ["query", "properties", 0, "value"],
        ),
        (
            {"query": {"events": [{"properties": [{"key": "a", "value": "(", "operator": "NOT_REGEX"}]}]}},
            ["query", "events", 0, "properties", 0, "value"],
        ),
        ({"query": {"actions": [{"actionId": "999999"}]}}, ["query", "actions", 0, "actionId"]),
        ({"query": {"actions": [{"actionId": "x"}]}}, ["query", "actions", 0, "actionId"]),
        ({"query": {"events": [{"nope": 1}]}}, ["query", "events", 0]),
    ],
)
async def test_insight_with_an_invalid_query_is_rejected_with_its_path(
    shop: Shop, given: dict[str, Any], path: list[str | int]
) -> None:
    created = await shop.ask(CREATE, input={"projectId": shop.id, "name": "refused", "query": SIGN_UPS, **given})
    assert created.extensions["code"] == "BAD_USER_INPUT"
    assert created.extensions["path"] == ["input", *path]
    insight_id = await create(shop, "unchanged")
    changed = await shop.ask(UPDATE, input={"projectId": shop.id, "id": insight_id, **given})
    assert changed.extensions == created.extensions
    assert (await shop.ask(ONE, id=insight_id)).data["project"]["insight"]["name"] == "unchanged"
    assert (await shop.ask(LIST, search="refused")).data["project"]["insights"]["totalCount"] == 0


async def test_insight_of_a_foreign_action_is_rejected(shop: Shop, neighbour: Shop) -> None:
    query = {"actions": [{"actionId": await create_action(shop, "pays", "pay")}]}
    answer = await neighbour.ask(CREATE, input={"projectId": neighbour.id, "name": "x", "query": query})
    assert answer.extensions["path"] == ["input", "query", "actions", 0, "actionId"]


async def test_insight_runs_as_stored(shop: Shop) -> None:
    action_id = await create_action(shop, "pays", "pay")
    insight_id = await create(shop, "both", {**SIGN_UPS, "actions": [{"actionId": action_id}]})
    trend = (await shop.ask(RUN, id=insight_id)).data["project"]["insight"]["trend"]
    assert trend == {
        "days": ["2020-01-13", "2020-01-14"],
        "series": [
            {"label": "sign up", "count": 2.0, "data": [1.0, 1.0], "action": None},
            {"label": "pays", "count": 1.0, "data": [0.0, 1.0], "action": {"id": action_id}},
        ],
    }


@pytest.mark.parametrize(
    ("dates", "days"),
    [
        ({"from": "2020-01-14"}, ["2020-01-14"]),
        ({"to": "2020-01-13"}, ["2020-01-13"]),
        ({"from": "2020-01-14", "to": "2020-01-15"}, ["2020-01-14", "2020-01-15"]),
        ({"from": None, "to": None}, ["2020-01-13", "2020-01-14"]),
    ],
)
async def test_insight_runs_with_other_dates(shop: Shop, dates: dict[str, str | None], days: list[str]) -> None:
    insight_id = await create(shop, "dated")
    assert (await shop.ask(RUN, id=insight_id, **dates)).data["project"]["insight"]["trend"]["days"] == days


@pytest.mark.parametrize(("variable", "argument"), [("from", "dateFrom"), ("to", "dateTo")])
async def test_invalid_date_is_rejected_at_the_argument(shop: Shop, variable: str, argument: str) -> None:
    answer = await shop.ask(RUN, id=await create(shop, "dated"), **{variable: "the day before"})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == [argument]
    assert "insight" not in answer.error["message"]


async def test_error_about_a_deleted_action_names_the_insight(shop: Shop) -> None:
    action_id = await create_action(shop, "short-lived", "pay")
    insight_id = await create(shop, "left behind", {"actions": [{"actionId": action_id}]})
    # Not by the mutation, which keeps actions that something uses.
    await ACTION_REPOSITORY.delete(shop.gateway.stores.metadata, (shop.project.id, int(action_id)), now=NOW)
    answer = await shop.ask(RUN, id=insight_id)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["query", "actions", 0, "actionId"]
    assert answer.error["message"] == (
        f"Insight {insight_id}, 'left behind', cannot run: There is no action {action_id}."
    )


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"events": [{}], "sampling": 1}, ["query"]),
        ({"events": [{"math": "SQUARES"}]}, ["query", "events", 0, "math"]),
        ({"events": [{}], "breakdownLimit": "many"}, ["query", "breakdownLimit"]),
        (
            {"events": [{"properties": [{"key": "a", "value": {"b": 1}}]}]},
            ["query", "events", 0, "properties", 0, "value"],
        ),
        ({"actions": [{}]}, ["query", "actions", 0]),
        ({}, ["query"]),
        ({"events": [{}], "breakdownLimit": 5000}, ["query", "breakdownLimit"]),
        ({"events": [{}], "dateFrom": "never"}, ["query", "dateFrom"]),
    ],
)
async def test_outdated_stored_query_is_rejected_with_the_insights_name(
    shop: Shop, query: dict[str, Any], path: list[str | int]
) -> None:
    insight_id = await store_damaged(shop, query)
    answer = await shop.ask(RUN, id=insight_id)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == path
    assert answer.error["message"].startswith(f"Insight {insight_id}, 'old', cannot run: ")


async def test_trends_of_insights_count_towards_the_limit(shop: Shop) -> None:
    insight_id = await create(shop, "costly")
    settings = shop.gateway.settings.model_copy(update={"max_trends": 1})
    document = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) {
        a: trend { days } b: trend { days } } } }"""
    async with open_gateway(shop.gateway.stores, settings) as small:
        answer = await small.ask(document, {"project": shop.id, "id": insight_id}, key=shop.key)
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"


async def test_entities_run_and_are_checked_one_by_one(shop: Shop, neighbour: Shop) -> None:
    mine, theirs = await create(shop, "referred"), await create(neighbour, "theirs")
    keys = [(shop.id, mine), (neighbour.id, theirs), (shop.id, theirs), (shop.id, "x")]
    refs = [{"__typename": "Insight", "projectId": project, "id": each} for project, each in keys]
    answer = await shop.ask(ENTITIES, refs=refs)
    assert answer.body["data"]["_entities"] == [
        {"id": mine, "projectId": shop.id, "name": "referred", "trend": {"series": [{"count": 2.0}]}},
        *[None] * 3,
    ]
    assert sorted(error["extensions"]["code"] for error in answer.body["errors"]) == [
        "FORBIDDEN",
        *["NOT_FOUND"] * 2,
    ]
    caught = await shop.ask_with(["project:read", "action:read"], ENTITIES, refs=refs[:1])
    assert caught.extensions["missingScope"] == "insight:read"


async def test_creator_who_left_is_not_shown(gateway: Gateway, shop: Shop) -> None:
    elsewhere = await open_shop(gateway, "elsewhere", organization="Elsewhere")
    leaver = await ensure_member(
        gateway.stores.metadata, email="leaver@example.com", organization_id=elsewhere.project.organization_id
    )
    for created_by in (leaver.id, None):
        record = await create_insight(
            gateway.stores.metadata,
            project_id=shop.project.id,
            name="left",
            query=SIGN_UPS,
            now=NOW,
            created_by=created_by,
        )
        answer = await shop.ask(ONE, id=str(record.id))
        assert answer.data["project"]["insight"]["createdBy"] is None
