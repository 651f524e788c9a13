"""Whole numbers beyond 64 bits in filters, which find what the same text finds, on every way into the gateway."""

import json
from typing import Any

import orjson
import pytest

from asgi.request_json import parse_request_json
from tests.support.gateway import Gateway
from tests.support.seeds.saved_objects import Shop, open_shop

LARGEST = 2**64 - 1
LARGE = 2**64
VALUES = ("18446744073709551616", "18446744073709551617", "18446744073709551616.5", "1e30")
"""As the loader stores them: whole numbers beyond 64 bits as text."""
STATEMENT = """INSERT INTO events (project_id, event, timestamp, distinct_id, person_no, properties) VALUES """
TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    series { aggregatedValue } } } }"""
LITERAL = """query($project: ID!) { project(id: $project) { trend(query: {
    events: [{event: "pay"}], display: BOLD_NUMBER, properties: [{key: "n", value: %s}]})
    { series { aggregatedValue } } } }"""


@pytest.fixture
async def shop(gateway: Gateway, request: pytest.FixtureRequest) -> Shop:
    shop = await open_shop(gateway, f"numbers of {request.node.name}"[:200])
    stored = (json.dumps({"n": value}) for value in (*VALUES, LARGEST))
    rows = (
        f"({shop.project.id}, 'pay', '2020-01-14 12:00:00', 'ada', 1, '{properties}')"  # values of this test
        for properties in stored
    )
    await gateway.stores.events.command(STATEMENT + ", ".join(rows), {})
    return shop


async def count(shop: Shop, value: Any, operator: str = "EXACT") -> float:
    filter_ = {"key": "n", "value": value, "operator": operator}
    asked = {"events": [{"event": "pay"}], "display": "BOLD_NUMBER", "properties": [filter_]}
    answer = await shop.ask(TREND, query=asked)
    found: float = answer.data["project"]["trend"]["series"][0]["aggregatedValue"]
    return found


@pytest.mark.parametrize(
    ("value", "operator", "expected"),
    [
        (LARGEST, "EXACT", 1),
        (LARGE, "EXACT", 1),
        ([LARGE, LARGE + 1, 5], "EXACT", 2),
        (LARGE, "IS_NOT", 4),
        (LARGE + 2, "EXACT", 0),
        (LARGE, "ICONTAINS", 2),
        (10**25, "GT", 1),
        (10**25, "LT", 4),
        ([10**18, 10**25], "BETWEEN", 4),
        (-LARGE, "GT", 5),
    ],
)
async def test_large_number_finds_what_its_text_finds(
    shop: Shop, value: int | list[int], operator: str, expected: int
) -> None:
    text = [str(each) for each in value] if isinstance(value, list) else str(value)
    assert await count(shop, value, operator) == await count(shop, text, operator) == expected


@pytest.mark.parametrize(("literal", "expected"), [(str(LARGE), 1), (f"[{LARGE}, {LARGEST}]", 2)])
async def test_large_number_in_the_document_finds_what_its_text_finds(
    shop: Shop, literal: str, expected: int
) -> None:
    answer = await shop.ask(LITERAL % literal)
    assert answer.data["project"]["trend"]["series"] == [{"aggregatedValue": expected}]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_large_number_over_rest_finds_what_its_text_finds(shop: Shop, method: str) -> None:
    filters = [{"key": "n", "value": LARGE}]
    given = {"events": [{"id": "pay"}], "properties": filters, "display": "BoldNumber", "date_from": "2020-01-14"}
    path = f"/api/projects/{shop.id}/insights/trend/"
    headers = {"authorization": f"Bearer {shop.key}"}
    if method == "GET":
        parameters = {name: each if isinstance(each, str) else json.dumps(each) for name, each in given.items()}
        response = await shop.gateway.client.get(path, params=parameters, headers=headers)
    else:
        response = await shop.gateway.client.post(path, json=given, headers=headers)
    assert response.status_code == 200, response.text
    assert response.json()["result"][0]["aggregated_value"] == 1


async def test_large_number_in_a_stored_object_stays_its_text(shop: Shop) -> None:
    create = """mutation($input: InsightCreateInput!) { insightCreate(input: $input) {
        query trend { series { aggregatedValue } } } }"""
    query = {"events": [{"event": "pay"}], "display": "BOLD_NUMBER", "properties": [{"key": "n", "value": LARGE}]}
    created = (await shop.ask(create, input={"projectId": shop.id, "name": "x", "query": query})).data
    shown = created["insightCreate"]
    assert shown["query"]["properties"] == [{"key": "n", "value": str(LARGE)}]
    assert shown["trend"]["series"] == [{"aggregatedValue": 1}]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 18446744073709551615}', {"a": LARGEST}),
        ('{"a": 18446744073709551616}', {"a": "18446744073709551616"}),
        (
            '{"a": -9223372036854775808, "b": [ -9223372036854775809 ]}',
            {"a": -(2**63), "b": ["-9223372036854775809"]},
        ),
        ('{"a": ["1", 1, 1.5, 1e30, true, null]}', {"a": ["1", 1, 1.5, 1e30, True, None]}),
        (f"[{'9' * 300}]", ["9" * 300]),
    ],
)
def test_numbers_of_requests_keep_their_digits(text: str, value: object) -> None:
    assert parse_request_json(text) == parse_request_json(text.encode()) == value


@pytest.mark.parametrize(
    "text", ["[NaN]", f"[{LARGE}, NaN]", '["\\ud800"]', "[" * 5000 + "1" + "]" * 5000, "[1,]"]
)
def test_invalid_json_is_rejected(text: str) -> None:
    with pytest.raises(orjson.JSONDecodeError):
        parse_request_json(text)
