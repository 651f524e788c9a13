"""Warnings of trends that were computed: misspelled names, kinds of values, and what the result leaves open."""

from typing import Any

import pytest

from datasource.metadata.data_versions import changing_data
from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Gateway
from tests.support.seeds.saved_objects import EVENTS, Shop, open_shop

TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    warnings { code message path suggestion } } } }"""
TYPED = (
    """INSERT INTO events (project_id, event, timestamp, properties)
SELECT {project:UInt32}, 'typed', toDateTime64('2020-01-10 12:00:00', 6, 'UTC'), properties
FROM (SELECT arrayJoin([
    '{"price": 1, "plan": "pro", "paid": true}', '{"plan": "free"}', '{"plan": "team"}'
]) AS properties)
SETTINGS """
    + JSON_INSERT_SETTINGS
)
PAST = {"dateFrom": "2020-01-08", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> Shop:
    shop = await open_shop(gateway, "warnings")
    for text in (EVENTS, TYPED):
        await gateway.stores.events.command(text, {"project": shop.project.id})
    return shop


async def warnings_of(shop: Shop, key: str | None = None, **query: Any) -> list[dict[str, Any]]:
    query = {"events": [{"event": "typed"}], **PAST, **query}
    answer = await shop.ask(TREND, query=query) if key is None else await shop.ask(TREND, key=key, query=query)
    warnings: list[dict[str, Any]] = answer.data["project"]["trend"]["warnings"]
    return warnings


async def warned(shop: Shop, **query: Any) -> list[tuple[str, list[str], str | None]]:
    return [(each["code"], each["path"], each["suggestion"]) for each in await warnings_of(shop, **query)]


async def test_trend_without_a_fault_has_no_warning(shop: Shop) -> None:
    properties = [{"key": "plan", "value": "pro"}, {"key": "price", "value": 0, "operator": "GT"}]
    assert await warned(shop, properties=properties, breakdown=["plan"]) == []


async def test_misspelled_event(shop: Shop) -> None:
    assert await warnings_of(shop, events=[{"event": "typed"}, {"event": "sing up"}, {"event": None}]) == [
        {
            "code": "UNKNOWN_EVENT",
            "message": "No event is named 'sing up'.",
            "path": ["query", "events", "1", "event"],
            "suggestion": "sign up",
        }
    ]


async def test_event_that_resembles_none(shop: Shop) -> None:
    path = ["query", "events", "0", "event"]
    assert await warned(shop, events=[{"event": "checkout"}]) == [("UNKNOWN_EVENT", path, None)]
    assert await warned(shop, events=[{"event": "x" * 400}]) == [("UNKNOWN_EVENT", path, None)]


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"properties": [{"key": "plann", "value": "pro"}]}, ["properties", "0", "key"]),
        ({"breakdown": ["Plan"]}, ["breakdown", "0"]),
        (
            {"events": [{"event": "typed", "properties": [{"key": "plam", "operator": "IS_SET"}]}]},
            ["events", "0", "properties", "0", "key"],
        ),
        (
            {"propertyGroup": {"type": "OR", "filters": [{"key": "paln", "value": "pro"}]}},
            ["propertyGroup", "filters", "0", "key"],
        ),
    ],
)
async def test_misspelled_property(shop: Shop, query: dict[str, Any], path: list[str]) -> None:
    ((code, found, suggestion),) = await warned(shop, **query)
    assert (code, suggestion) == ("UNKNOWN_PROPERTY", "plan")
    assert found[: len(path) + 1] == ["query", *path]


async def test_property_of_persons_is_looked_up_among_persons(shop: Shop) -> None:
    (found,) = await warnings_of(shop, properties=[{"key": "plan", "type": "PERSON", "value": "pro"}])
    assert (found["code"], found["message"]) == ("UNKNOWN_PROPERTY", "No persons have the property 'plan'.")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ({"events": [{"event": "typed", "math": "SUM", "mathProperty": "plan"}]}, "mathProperty"),
        ({"properties": [{"key": "plan", "value": 3, "operator": "GTE"}]}, "key"),
    ],
)
async def test_numbers_of_a_property_that_has_none(shop: Shop, query: dict[str, Any], place: str) -> None:
    (found,) = await warnings_of(shop, **query)
    assert (found["code"], found["path"][-1]) == ("NOT_NUMERIC", place)
    assert found["message"].startswith("The property 'plan' has no numbers, only strings;")


@pytest.mark.parametrize(
    ("key", "value", "is_known"),
    [
        ("price", "cheap", False),
        ("price", ["cheap", "1"], True),
        ("paid", "yes", False),
        ("paid", "TRUE", True),
        ("paid", True, True),
        ("plan", "enterprise", True),  # would take a look at all events
    ],
)
async def test_value_of_another_kind(shop: Shop, key: str, value: object, is_known: bool) -> None:
    found = await warned(shop, properties=[{"key": key, "value": value}])
    expected = [] if is_known else [("UNKNOWN_VALUE", ["query", "properties", "0", "value"], None)]
    assert found == expected


async def test_group_type_that_does_not_exist(shop: Shop) -> None:
    event = {"event": "typed", "math": "UNIQUE_GROUP", "mathGroupTypeIndex": 4}
    assert await warned(shop, events=[event]) == [
        ("UNKNOWN_GROUP_TYPE", ["query", "events", "0", "mathGroupTypeIndex"], None)
    ]


async def test_values_that_were_cut_and_an_other_that_is_a_sum(shop: Shop) -> None:
    events = [{"event": "typed", "math": "DAU"}, {"event": "typed"}]
    assert await warned(shop, events=events, breakdown=["plan"], breakdownLimit=2) == [
        ("VALUES_CUT", ["query", "breakdownLimit"], None),
        ("OTHER_IS_A_SUM", ["query", "events", "0", "math"], None),
    ]


@pytest.mark.parametrize(
    ("query", "is_partial"),
    [
        ({"dateFrom": "-3d", "dateTo": None}, True),  # today is not over
        ({"dateFrom": "2020-01-01", "dateTo": "2020-01-10", "interval": "MONTH"}, True),  # cut by dateTo
        ({"dateFrom": "2019-11-01", "dateTo": "2019-12-31", "interval": "MONTH"}, False),
        ({"dateFrom": "2019-10-01", "dateTo": "2019-12-31", "interval": "QUARTER"}, False),
        ({"dateFrom": "2018-10-01", "dateTo": "2019-12-31", "interval": "YEAR"}, False),
        ({"dateFrom": "2020-01-08", "dateTo": "2020-01-10"}, False),
        ({"dateFrom": "2020-01-10T10:00:00", "dateTo": "2020-01-10T11:30:00", "interval": "HOUR"}, True),
        ({"dateFrom": "-3d", "dateTo": None, "display": "BOLD_NUMBER"}, False),
    ],
)
async def test_last_bucket_that_is_not_over(shop: Shop, query: dict[str, Any], is_partial: bool) -> None:
    codes = [code for code, *_ in await warned(shop, **query)]
    assert codes == ["PARTIAL_LAST_BUCKET"] * is_partial


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"dateFrom": "2020-01-01", "dateTo": "2020-03-30", "interval": "QUARTER"},
            "The last quarter is not over",
        ),
        ({"dateFrom": "2019-01-01", "dateTo": "2020-03-31", "interval": "YEAR"}, "The last year is not over yet."),
        (
            {"dateFrom": "2020-01-10T10:00", "dateTo": "2020-01-10T11:07", "interval": "FIFTEEN_MINUTES"},
            "The last 15 minutes are not over yet.",
        ),
    ],
)
async def test_unfinished_bucket_is_called_by_its_length(shop: Shop, query: dict[str, Any], message: str) -> None:
    [warning] = await warnings_of(shop, **query)
    assert warning["message"].startswith(message)


async def test_data_that_is_being_loaded(shop: Shop, gateway: Gateway) -> None:
    async with changing_data(gateway.stores.metadata, shop.project.id):
        assert await warned(shop) == [("LATE_DATA", ["query"], None)]
    assert await warned(shop) == []


async def test_names_are_suggested_only_to_keys_that_may_list_them(shop: Shop, gateway: Gateway) -> None:
    query = {"events": [{"event": "sing up"}], "breakdown": ["plann"]}
    key = await gateway.key("project:read", "insight:read", project=shop.project)
    found = await gateway.ask(TREND, {"project": str(shop.project.id), "query": {**query, **PAST}}, key=key)
    warnings = found.data["project"]["trend"]["warnings"]
    assert [(each["code"], each["suggestion"]) for each in warnings] == [
        ("UNKNOWN_EVENT", None),
        ("UNKNOWN_PROPERTY", None),
    ]


async def test_new_names_are_known_as_soon_as_they_are_loaded(shop: Shop, gateway: Gateway) -> None:
    assert [code for code, *_ in await warned(shop, events=[{"event": "late"}])] == ["UNKNOWN_EVENT"]
    late = TYPED.replace("'typed'", "'late'")
    async with changing_data(gateway.stores.metadata, shop.project.id):
        await gateway.stores.events.command(late, {"project": shop.project.id})
    assert await warned(shop, events=[{"event": "late"}]) == []


async def test_rest_spells_the_path_as_the_client_sent_it(shop: Shop, gateway: Gateway) -> None:
    key = await gateway.key("*", project=shop.project)
    response = await gateway.client.post(
        f"/api/projects/{shop.project.id}/insights/trend/",
        json={"events": [{"id": "sing up", "math": "dau"}], "date_from": "2020-01-08", "date_to": "2020-01-14"},
        headers={"authorization": f"Bearer {key}"},
    )
    assert response.json()["warnings"] == [
        {
            "code": "UNKNOWN_EVENT",
            "message": "No event is named 'sing up'.",
            "path": ["events", "0", "id"],
            "suggestion": "sign up",
        }
    ]
