"""Definitions over HTTP: scopes, pages, errors. The datasource's tests check the lists in detail."""

from typing import Any

import pytest

from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Gateway, open_gateway
from tests.support.seeds.saved_objects import EVENTS, Shop, open_shop

LIST_EVENTS = """query($project: ID!, $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    eventDefinitions(first: $first, after: $after, search: $search) {
        totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node { name count firstSeen lastSeen } } } } }"""
LIST_PROPERTIES = """query($project: ID!, $type: PropertyType! = EVENT, $event: String, $group: Int,
    $first: Int! = 50, $after: String, $search: String) { project(id: $project) {
    propertyDefinitions(type: $type, event: $event, groupTypeIndex: $group, first: $first, after: $after,
        search: $search) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { key type valueTypes count } } } } }"""
LIST_VALUES = """query($project: ID!, $key: String!, $type: PropertyType! = EVENT, $group: Int, $search: String,
    $first: Int! = 20) { project(id: $project) {
    propertyValues(key: $key, type: $type, groupTypeIndex: $group, search: $search, first: $first) {
        value count } } }"""
TYPED = (
    """INSERT INTO events (project_id, event, timestamp, properties)
SELECT {project:UInt32}, 'typed', toDateTime64('2020-01-10 12:00:00.25', 6, 'UTC'), properties
FROM (SELECT arrayJoin([
    '{"k.k": 1, "day": "2020-01-05"}', '{"k.k": 1.5}', '{"k.k": true}', '{"k.k": "1"}'
]) AS properties)
SETTINGS """
    + JSON_INSERT_SETTINGS
)
GROUPS = (
    """INSERT INTO groups (project_id, type_index, key, properties)
SELECT {project:UInt32}, 1, 'acme', '{"size": 12}'
SETTINGS """
    + JSON_INSERT_SETTINGS
)


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> Shop:
    shop = await open_shop(gateway, "definitions")
    for text in (EVENTS, TYPED, GROUPS):
        await gateway.stores.events.command(text, {"project": shop.project.id})
    other = await open_shop(gateway, "definitions of others", organization="Others")
    await gateway.stores.events.command(EVENTS, {"project": other.project.id})
    return shop


def listed(answer: Any, field: str) -> Any:
    return [edge["node"] for edge in answer.data["project"][field]["edges"]]


async def test_events_are_listed_in_the_projects_time_zone(shop: Shop) -> None:
    found = listed(await shop.ask(LIST_EVENTS), "eventDefinitions")
    assert [(each["name"], each["count"]) for each in found] == [
        ("typed", 4.0),
        ("sign up", 2.0),
        ("pay", 1.0),
        ("view", 1.0),
    ]
    assert (found[0]["firstSeen"], found[0]["lastSeen"]) == ("2020-01-10T07:00:00.250000-05:00",) * 2
    assert (found[1]["firstSeen"], found[1]["lastSeen"]) == (
        "2020-01-13T07:00:00-05:00",
        "2020-01-14T07:00:00-05:00",
    )


async def test_pages_follow_their_cursors(shop: Shop) -> None:
    names, after = [], None
    for _ in range(2):
        answer = await shop.ask(LIST_EVENTS, first=2, after=after)
        page = answer.data["project"]["eventDefinitions"]
        assert page["totalCount"] == 4
        assert page["pageInfo"]["hasPreviousPage"] is (after is not None)
        assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
        names += [edge["node"]["name"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert page["pageInfo"]["hasNextPage"] is False
    assert names == ["typed", "sign up", "pay", "view"]


async def test_search_narrows_the_list(shop: Shop) -> None:
    assert [each["name"] for each in listed(await shop.ask(LIST_EVENTS, search="P"), "eventDefinitions")] == [
        "typed",
        "sign up",
        "pay",
    ]


async def test_properties_tell_their_value_types(shop: Shop) -> None:
    found = listed(await shop.ask(LIST_PROPERTIES, event="typed"), "propertyDefinitions")
    assert found == [
        {"key": "k.k", "type": "EVENT", "valueTypes": ["Boolean", "Numeric", "String"], "count": 4.0},
        {"key": "day", "type": "EVENT", "valueTypes": ["DateTime"], "count": 1.0},
    ]


async def test_properties_of_groups_and_sessions(shop: Shop) -> None:
    groups = await shop.ask(LIST_PROPERTIES, type="GROUP", group=1)
    assert listed(groups, "propertyDefinitions") == [
        {"key": "size", "type": "GROUP", "valueTypes": ["Numeric"], "count": 1.0}
    ]
    assert listed(await shop.ask(LIST_PROPERTIES, type="GROUP", group=0), "propertyDefinitions") == []
    assert listed(await shop.ask(LIST_PROPERTIES, type="PERSON"), "propertyDefinitions") == []
    assert listed(await shop.ask(LIST_PROPERTIES, type="SESSION"), "propertyDefinitions") == []


async def test_fields_of_sessions_are_pages_too(gateway: Gateway) -> None:
    shop = await open_shop(gateway, "definitions of sessions")
    text = TYPED.replace('"k.k": 1,', '"$session_id": "s",')
    await gateway.stores.events.command(text, {"project": shop.project.id})
    keys: list[str] = []
    after = None
    while True:
        answer = await shop.ask(LIST_PROPERTIES, type="SESSION", first=7, after=after, search="ENTRY")
        page = answer.data["project"]["propertyDefinitions"]
        keys += [edge["node"]["key"] for edge in page["edges"]]
        assert all(edge["node"]["count"] == 1.0 for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert len(keys) == page["totalCount"] == 9
    assert keys == sorted(keys)
    values = await shop.ask(LIST_VALUES, type="SESSION", key="$session_duration")
    assert values.data["project"]["propertyValues"] == [{"value": 0, "count": 1.0}]


async def test_values_keep_their_types(shop: Shop) -> None:
    answer = await shop.ask(LIST_VALUES, key="k.k")
    found = answer.data["project"]["propertyValues"]
    assert {(type(each["value"]), each["value"]): each["count"] for each in found} == {
        (int, 1): 1.0,
        (float, 1.5): 1.0,
        (bool, True): 1.0,
        (str, "1"): 1.0,
    }
    groups = await shop.ask(LIST_VALUES, key="size", type="GROUP", group=1, search="2")
    assert groups.data["project"]["propertyValues"] == [{"value": 12, "count": 1.0}]


REFUSED = [
    (LIST_EVENTS, {"first": 0}, ["first"]),
    (LIST_EVENTS, {"first": 501}, ["first"]),
    (LIST_EVENTS, {"search": "x" * 401}, ["search"]),
    (LIST_EVENTS, {"search": "a\0"}, ["search"]),
    (LIST_EVENTS, {"after": "rubbish"}, ["after"]),
    (LIST_EVENTS, {"after": "é"}, ["after"]),
    (LIST_EVENTS, {"after": "WyJwcm9wZXJ0eSIsIDEsICJ4Il0="}, ["after"]),  # of properties
    (LIST_EVENTS, {"after": "WyJldmVudCIsIC0xLCAieCJd"}, ["after"]),  # a count below 0
    (LIST_EVENTS, {"after": "WyJldmVudCIsIDEsICJcdWQ4MDAiXQ=="}, ["after"]),  # a lone surrogate
    (LIST_PROPERTIES, {"first": 501}, ["first"]),
    (LIST_PROPERTIES, {"type": "GROUP"}, ["groupTypeIndex"]),
    (LIST_PROPERTIES, {"type": "GROUP", "group": 5}, ["groupTypeIndex"]),
    (LIST_PROPERTIES, {"type": "EVENT", "group": 1}, ["groupTypeIndex"]),
    (LIST_PROPERTIES, {"type": "PERSON", "event": "pay"}, ["event"]),
    (LIST_PROPERTIES, {"event": "pay\0"}, ["event"]),
    (LIST_PROPERTIES, {"type": "COHORT"}, ["type"]),
    (LIST_PROPERTIES, {"type": "HOGQL"}, ["type"]),
    (LIST_VALUES, {"key": ""}, ["key"]),
    (LIST_VALUES, {"key": "k\0"}, ["key"]),
    (LIST_VALUES, {"key": "k", "first": 501}, ["first"]),
    (LIST_VALUES, {"key": "k", "type": "ELEMENT"}, ["type"]),
    (LIST_VALUES, {"key": "k", "type": "GROUP"}, ["groupTypeIndex"]),
    (LIST_VALUES, {"key": "k", "type": "SESSION"}, ["key"]),
]


@pytest.mark.parametrize(("query", "variables", "path"), REFUSED)
async def test_bad_argument_is_rejected_with_its_path(
    shop: Shop, query: str, variables: dict[str, Any], path: list[str]
) -> None:
    answer = await shop.ask(query, **variables)
    assert (answer.extensions["code"], answer.extensions["path"]) == ("BAD_USER_INPUT", path)


@pytest.mark.parametrize(
    ("query", "variables", "scope"),
    [
        (LIST_EVENTS, {}, "event_definition:read"),
        (LIST_PROPERTIES, {}, "property_definition:read"),
        (LIST_VALUES, {"key": "k"}, "property_definition:read"),
    ],
)
async def test_scope_opens_the_field_and_no_other(
    shop: Shop, query: str, variables: dict[str, Any], scope: str
) -> None:
    refused = await shop.ask_with(["project:read", "insight:read"], query, **variables)
    assert (refused.extensions["code"], refused.extensions["missingScope"]) == ("FORBIDDEN", scope)
    answered = await shop.ask_with(["project:read", scope], query, **variables)
    assert "errors" not in answered.body


async def test_fields_beyond_the_budget_of_a_request_are_rejected(shop: Shop) -> None:
    fields = " ".join(f"f{index}: eventDefinitions {{ totalCount }}" for index in range(3))
    settings = shop.gateway.settings.model_copy(update={"max_trends": 2})
    async with open_gateway(shop.gateway.stores, settings) as small:
        answer = await small.ask(f'{{ project(id: "{shop.id}") {{ {fields} }} }}', key=shop.key)
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"


async def test_trend_has_its_values_as_a_document(shop: Shop) -> None:
    query = {
        "events": [{"event": "sign up", "customName": "new"}],
        "breakdown": ["plan"],
        "dateFrom": "2020-01-13",
        "dateTo": "2020-01-14",
    }
    text = (
        "query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) { csv } } }"
    )
    answer = await shop.ask(text, query=query)
    assert answer.data["project"]["trend"]["csv"] == (
        "series,custom name,plan,13-Jan-2020,14-Jan-2020\r\nfree,new,free,0.0,1.0\r\npro,new,pro,1.0,0.0\r\n"
    )
