"""Saved cohorts over HTTP: creating, reading, changing, calculating and deleting them, and their use in trends."""

from typing import Any

import pytest
from sqlalchemy import event

from tests.support.gateway import EMAIL, NOW, Gateway
from tests.support.seeds.saved_objects import Shop, open_shop

FILTER = "key value operator type groupTypeIndex"
BEHAVIOR = f"""kind event actionId properties {{ {FILTER} }} negated timeValue timeInterval explicitDatetime
    countOperator count minPeriods totalPeriods seqEvent seqActionId seqTimeValue seqTimeInterval"""
COHORT = f"""id projectId name description isStatic size calculatedAt calculationError distinctIds
    filters {{ properties {{ {FILTER} }} behaviors {{ {BEHAVIOR} }} }}
    createdBy {{ email }} createdAt updatedAt"""
CREATE = f"mutation($input: CohortCreateInput!) {{ cohortCreate(input: $input) {{ {COHORT} }} }}"
UPDATE = f"mutation($input: CohortUpdateInput!) {{ cohortUpdate(input: $input) {{ {COHORT} }} }}"
CALCULATE = (
    f"""mutation($project: ID!, $id: ID!) {{ cohortCalculate(projectId: $project, id: $id) {{ {COHORT} }} }}"""
)
DELETE = "mutation($project: ID!, $id: ID!) { cohortDelete(projectId: $project, id: $id) }"
ONE = f"query($project: ID!, $id: ID!) {{ project(id: $project) {{ cohort(id: $id) {{ {COHORT} }} }} }}"
NAME = "query($project: ID!, $id: ID!) { project(id: $project) { cohort(id: $id) { name } } }"
LIST = """query($project: ID!, $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    cohorts(first: $first, after: $after, search: $search) { totalCount edges { cursor node { name size } }
        pageInfo { hasNextPage endCursor } } } }"""
TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    series { label count breakdownValue } } } }"""
ENTITIES = "query($refs: [_Any!]!) { _entities(representations: $refs) { ... on Cohort { id projectId name } } }"

PRO = {"key": "plan", "value": "pro", "type": "PERSON"}
SEEN = {"kind": "PERFORMED_EVENT", "event": "sign up", "timeValue": 7, "timeInterval": "DAY"}
WINDOWS = ("timeValue", "timeInterval", "explicitDatetime", "seqTimeValue", "seqTimeInterval")
NUMBERS = ("countOperator", "count", "minPeriods", "totalPeriods")
UNUSED = dict.fromkeys(("event", "actionId", "seqEvent", "seqActionId", *WINDOWS, *NUMBERS))
PEOPLE = (
    "INSERT INTO person_distinct_ids (project_id, distinct_id, person_no, person_id, version) "
    "VALUES ({project:UInt32}, 'ada', 1, generateUUIDv4(), 0), ({project:UInt32}, 'bob', 2, generateUUIDv4(), 0), "
    "({project:UInt32}, 'eve', 3, generateUUIDv4(), 0)",
    "INSERT INTO persons (project_id, person_no, properties, version) "
    """VALUES ({project:UInt32}, 1, '{"plan": "pro"}', 1), ({project:UInt32}, 2, '{"plan": "free"}', 1)""",
    "INSERT INTO events (project_id, event, timestamp, distinct_id, person_no, properties) "
    """VALUES ({project:UInt32}, 'sign up', '2020-01-13 12:00:00', 'ada', 1, '{}'), """
    """({project:UInt32}, 'sign up', '2020-01-14 12:00:00', 'bob', 2, '{}'), """
    """({project:UInt32}, 'sign up', '2020-01-14 13:00:00', 'bob', 2, '{}')""",
)


@pytest.fixture
async def shop(gateway: Gateway, request: pytest.FixtureRequest) -> Shop:
    """A new project with ada (pro), bob (free) and eve, who did nothing, and a key with the scope of persons."""
    shop = await open_shop(gateway, f"cohorts of {request.node.name}"[:200])
    for statement in PEOPLE:
        await gateway.stores.events.command(statement, {"project": shop.project.id})
    return shop


async def create(shop: Shop, name: str = "pros", **who: Any) -> dict[str, Any]:
    """Create a cohort, by default of the pros."""
    answer = await shop.ask(
        CREATE, input={"projectId": shop.id, "name": name, **(who or {"filters": [{"properties": [PRO]}]})}
    )
    created: dict[str, Any] = answer.data["cohortCreate"]
    return created


def of_cohort(cohort: dict[str, Any], operator: str = "IN") -> dict[str, Any]:
    return {"value": cohort["id"], "operator": operator, "type": "COHORT"}


async def test_created_cohort_is_returned(shop: Shop) -> None:
    behavior = {**SEEN, "properties": [{"key": "x", "value": [1, "a"]}], "negated": True}
    groups = [{"properties": [PRO], "behaviors": [behavior]}, {"behaviors": [SEEN]}]
    created = await create(shop, " pros ", filters=groups, description="who pay")
    shown = {**PRO, "operator": "EXACT", "groupTypeIndex": None}
    inner = {"key": "x", "value": [1, "a"], "operator": "EXACT", "type": "EVENT", "groupTypeIndex": None}
    assert created["filters"] == [
        {"properties": [shown], "behaviors": [{**UNUSED, **behavior, "properties": [inner]}]},
        {"properties": [], "behaviors": [{**UNUSED, **SEEN, "properties": [], "negated": False}]},
    ]
    assert (created["name"], created["description"], created["isStatic"]) == ("pros", "who pay", False)
    assert (created["size"], created["calculatedAt"]) == (2, NOW.isoformat())
    assert (created["calculationError"], created["distinctIds"]) == (None, None)
    assert created["createdBy"] == {"email": EMAIL}
    assert (await shop.ask(ONE, id=created["id"])).data["project"]["cohort"] == created


async def test_static_cohort_consists_of_distinct_ids(shop: Shop) -> None:
    created = await create(shop, distinctIds=["eve", "ada", "eve"])
    assert (created["isStatic"], created["size"], created["filters"]) == (True, 2, [])
    assert created["distinctIds"] == ["eve", "ada"]
    answer = await shop.ask(CREATE, input={"projectId": shop.id, "name": "x", "distinctIds": ["ada", "zoe"]})
    assert answer.extensions["path"] == ["input", "distinctIds"]
    assert "'zoe'" in answer.error["message"]


async def test_distinct_ids_require_the_scope_of_persons(shop: Shop) -> None:
    created = await create(shop, distinctIds=["ada"])
    answer = await shop.ask_with(["project:read", "cohort:read"], ONE, id=created["id"])
    assert answer.extensions["missingScope"] == "person:read"
    assert (await shop.ask_with(["project:read", "cohort:read"], NAME, id=created["id"])).data


async def test_trend_filters_and_breaks_down_by_cohorts(shop: Shop) -> None:
    pros, listed = await create(shop), await create(shop, "listed", distinctIds=["bob", "eve"])

    async def counts(**parts: Any) -> dict[str, float]:
        query = {"events": [{"event": "sign up"}], **parts}
        answer = await shop.ask(TREND, query=query)
        return {series["label"]: series["count"] for series in answer.data["project"]["trend"]["series"]}

    assert await counts(properties=[of_cohort(pros)]) == {"sign up": 1}
    assert await counts(properties=[of_cohort(listed)]) == {"sign up": 2}
    assert await counts(properties=[of_cohort(listed, "NOT_IN")]) == {"sign up": 1}
    split = await counts(breakdown=[listed["id"], pros["id"]], breakdownType="COHORT")
    assert split == {"listed": 2, "pros": 1}


async def test_trend_of_an_action_with_a_cohort_reads_it(shop: Shop) -> None:
    pros = await create(shop)
    steps = [{"event": "sign up", "properties": [of_cohort(pros)]}]
    text = "mutation($input: ActionCreateInput!) { actionCreate(input: $input) { id } }"
    answer = await shop.ask(text, input={"projectId": shop.id, "name": "pro signs up", "steps": steps})
    query = {"actions": [{"actionId": answer.data["actionCreate"]["id"]}]}
    series = (await shop.ask(TREND, query=query)).data["project"]["trend"]["series"]
    assert [(each["label"], each["count"]) for each in series] == [("pro signs up", 1)]


async def test_test_account_filters_can_use_a_cohort(shop: Shop) -> None:
    pros = await create(shop)
    text = "mutation($input: ProjectUpdateInput!) { projectUpdate(input: $input) { id } }"
    filters = [of_cohort(pros, "NOT_IN")]
    assert (await shop.ask(text, input={"id": shop.id, "testAccountFilters": filters})).data
    events = [{"event": "sign up"}]
    for filter_test_accounts, count in ((True, 2), (False, 3)):
        query = {"events": events, "filterTestAccounts": filter_test_accounts}
        series = (await shop.ask(TREND, query=query)).data["project"]["trend"]["series"]
        assert [each["count"] for each in series] == [count]
    caught = await shop.ask(text, input={"id": shop.id, "testAccountFilters": [{**filters[0], "value": 12345}]})
    assert caught.extensions["path"] == ["input", "testAccountFilters", 0, "value"]


async def test_trend_of_a_deleted_cohort_is_rejected(shop: Shop) -> None:
    pros = await create(shop)
    assert (await shop.ask(DELETE, id=pros["id"])).data == {"cohortDelete": pros["id"]}
    events: list[dict[str, Any]] = [{"event": "sign up"}]
    answer = await shop.ask(TREND, query={"events": events, "properties": [of_cohort(pros)]})
    assert answer.extensions["path"] == ["query", "properties", 0, "value"]
    answer = await shop.ask(TREND, query={"events": events, "breakdown": pros["id"], "breakdownType": "COHORT"})
    assert "There is no cohort" in answer.error["message"]
    for text in (ONE, DELETE, CALCULATE):
        assert (await shop.ask(text, id=pros["id"])).extensions["code"] == "NOT_FOUND"


async def test_cohort_in_use_is_not_deleted(shop: Shop) -> None:
    pros = await create(shop)
    await create(shop, "seen pros", filters=[{"properties": [of_cohort(pros)], "behaviors": [SEEN]}])
    answer = await shop.ask(DELETE, id=pros["id"])
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert "'seen pros'" in answer.error["message"]
    assert (await shop.ask(ONE, id=pros["id"])).data["project"]["cohort"] == pros


async def test_update_changes_only_what_is_given(shop: Shop) -> None:
    pros = await create(shop)
    key = {"projectId": shop.id, "id": pros["id"]}
    named = (await shop.ask(UPDATE, input={**key, "name": "professionals"})).data["cohortUpdate"]
    assert named == {**pros, "name": "professionals"}
    seen = (await shop.ask(UPDATE, input={**key, "filters": [{"behaviors": [SEEN]}]})).data["cohortUpdate"]
    assert (seen["name"], seen["size"], seen["filters"][0]["properties"]) == ("professionals", 2, [])
    static = (await shop.ask(UPDATE, input={**key, "distinctIds": ["eve"]})).data["cohortUpdate"]
    assert (static["isStatic"], static["size"], static["filters"]) == (True, 1, [])
    caught = await shop.ask(UPDATE, input={**key, "filters": None})
    assert caught.extensions["path"] == ["input", "filters"]


async def test_calculate_finds_new_members(shop: Shop) -> None:
    pros = await create(shop)
    statement = "INSERT INTO persons (project_id, person_no, properties, version) VALUES "
    new = statement + """({project:UInt32}, 3, '{"plan": "pro"}', 1)"""
    await shop.gateway.stores.events.command(new, {"project": shop.project.id})
    assert (await shop.ask(ONE, id=pros["id"])).data["project"]["cohort"]["size"] == 1
    assert (await shop.ask(CALCULATE, id=pros["id"])).data["cohortCalculate"] == {**pros, "size": 2}


async def test_list_is_paged_and_searched(shop: Shop) -> None:
    for name in ("Pros", "listed", "more pros"):
        await create(shop, name)
    page = (await shop.ask(LIST, first=1, search="PRO")).data["project"]["cohorts"]
    assert (page["totalCount"], [edge["node"]["name"] for edge in page["edges"]]) == (2, ["Pros"])
    assert page["pageInfo"]["hasNextPage"]
    page = (await shop.ask(LIST, after=page["pageInfo"]["endCursor"])).data["project"]["cohorts"]
    assert [edge["node"]["name"] for edge in page["edges"]] == ["listed", "more pros"]


async def test_entities_are_loaded_in_one_statement(shop: Shop) -> None:
    ids = [(await create(shop, name))["id"] for name in "abc"]
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    listened = shop.gateway.stores.metadata._engine.sync_engine
    event.listen(listened, "before_cursor_execute", note)
    try:
        refs = [{"__typename": "Cohort", "projectId": shop.id, "id": each} for each in ids]
        answer = await shop.ask(ENTITIES, refs=refs)
    finally:
        event.remove(listened, "before_cursor_execute", note)
    assert [entity["name"] for entity in answer.data["_entities"]] == ["a", "b", "c"]
    assert sum("FROM cohorts" in statement for statement in statements) == 1


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ({}, ["filters"]),
        ({"filters": [], "distinctIds": []}, ["distinctIds"]),
        ({"filters": [{}]}, ["filters", 0]),
        ({"filters": [{"properties": [{**PRO, "type": "EVENT"}]}]}, ["filters", 0, "properties", 0, "type"]),
        ({"filters": [{"behaviors": [{**SEEN, "negated": True}]}]}, ["filters", 0]),
        ({"filters": [{"behaviors": [{**SEEN, "count": 1}]}]}, ["filters", 0, "behaviors", 0, "count"]),
        ({"filters": [{"behaviors": [{**SEEN, "event": ""}]}]}, ["filters", 0, "behaviors", 0, "event"]),
        (
            {"filters": [{"behaviors": [{**SEEN, "event": None, "actionId": "x"}]}]},
            ["filters", 0, "behaviors", 0, "actionId"],
        ),
        (
            {
                "filters": [
                    {"behaviors": [{**SEEN, "properties": [{"key": "a", "value": "(", "operator": "REGEX"}]}]}
                ]
            },
            ["filters", 0, "behaviors", 0, "properties", 0, "value"],
        ),
        ({"filters": [{"behaviors": [SEEN]}] * 51}, ["filters"]),
        ({"filters": [{"behaviors": [SEEN] * 201}]}, ["filters"]),
        ({"distinctIds": ["a" * 401]}, ["distinctIds", 0]),
    ],
)
async def test_invalid_cohort_is_rejected_with_its_path(
    who: dict[str, Any], path: list[str | int], gateway: Gateway
) -> None:
    shop = await open_shop(gateway, "refusals")
    answer = await shop.ask(CREATE, input={"projectId": shop.id, "name": "x", **who})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["input", *path]
    assert (await shop.ask(LIST)).data["project"]["cohorts"]["totalCount"] == 0


@pytest.mark.parametrize("text", [ONE, LIST])
async def test_reading_requires_its_scope(text: str, shop: Shop) -> None:
    answer = await shop.ask_with(["project:read", "insight:read"], text, id="1")
    assert answer.extensions["missingScope"] == "cohort:read"


@pytest.mark.parametrize("text", [CREATE, UPDATE, CALCULATE, DELETE])
async def test_writing_requires_its_scope(text: str, shop: Shop) -> None:
    pros = await create(shop)
    key = {"projectId": shop.id, "name": "x", **({"id": pros["id"]} if text == UPDATE else {})}
    answer = await shop.ask_with(["project:read", "cohort:read"], text, id=pros["id"], input=key)
    assert answer.extensions["missingScope"] == "cohort:write"


async def test_cohort_of_another_project_does_not_exist(shop: Shop, gateway: Gateway) -> None:
    pros = await create(shop)
    other = await open_shop(gateway, "next door to cohorts", organization="Neighbours")
    for text, code in ((ONE, "NOT_FOUND"), (DELETE, "FORBIDDEN"), (CALCULATE, "FORBIDDEN")):
        assert (await other.ask(text, id=pros["id"])).extensions["code"] == "NOT_FOUND"
        assert (await other.ask(text, id=pros["id"], project=shop.id)).extensions["code"] == code
    key = {"projectId": other.id, "id": pros["id"], "name": "mine"}
    assert (await other.ask(UPDATE, input=key)).extensions["code"] == "NOT_FOUND"
    answer = await other.ask(TREND, query={"events": [{"event": "a"}], "properties": [of_cohort(pros)]})
    assert "There is no cohort" in answer.error["message"]
    assert (
        await other.ask(ENTITIES, refs=[{"__typename": "Cohort", "projectId": shop.id, "id": pros["id"]}])
    ).body["errors"]
