"""Trends over REST: parameters and rows."""

from dataclasses import replace
from typing import Any

import pytest

from datasource.cache.memory import MemoryCache
from resolvers.stores import Stores
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings
from tests.asgi.rest.trends import DATES, RestClient
from tests.support.gateway import NOW, open_gateway
from tests.support.seeds.organization import Organization

SIGN_UP = [{"id": "sign up"}]


async def test_response_has_the_members_that_clients_read(client: RestClient) -> None:
    response = await client.get(events=[{"id": "sign up", "custom_name": "new", "math": "total"}], **DATES)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    answer = response.json()
    assert answer["results"] == [
        {
            "label": "sign up",
            "order": 0,
            "action": {
                "id": "sign up",
                "type": "events",
                "order": 0,
                "name": "sign up",
                "custom_name": "new",
                "math": "total",
                "math_property": None,
                "math_hogql": None,
                "math_group_type_index": None,
                "properties": {},
                "days": ["2020-01-13T00:00:00-05:00", "2020-01-14T00:00:00-05:00"],
            },
            "filter": {
                "insight": "TRENDS",
                "events": [{"id": "sign up", "custom_name": "new", "math": "total"}],
                **DATES,
            },
            "data": [1, 2],
            "days": ["2020-01-13", "2020-01-14"],
            "labels": ["13-Jan-2020", "14-Jan-2020"],
            "count": 3.0,
        }
    ]
    assert answer["result"] == answer["results"]
    assert answer["hasMore"] is False
    assert answer["next"] is None
    assert answer["error"] == ""
    assert answer["modifiers"] == {}
    assert answer["is_cached"] is False
    assert answer["last_refresh"] == NOW.isoformat()
    assert answer["resolved_date_range"] == {
        "date_from": "2020-01-13T00:00:00-05:00",
        "date_to": "2020-01-14T23:59:59.999999-05:00",
    }
    assert "GROUP BY bucket" in answer["hogql"]
    assert answer["timings"][0]["t"] > 0


async def test_counts_are_integers_and_other_values_floats(client: RestClient) -> None:
    text = (await client.get(events=SIGN_UP, **DATES)).text
    assert '"data":[1,2]' in text
    assert '"count":3.0' in text
    sums = (await client.get(events=[{"id": "sign up", "math": "sum", "math_property": "price"}], **DATES)).text
    assert '"data":[4.0,2.5]' in sums
    split = (await client.get(events=SIGN_UP, breakdown="plan", **DATES)).text
    assert '"data":[1.0,1.0]' in split


async def test_post_returns_the_same_as_get(client: RestClient) -> None:
    parameters = {"events": SIGN_UP, "breakdown": "plan", "compare": True, "breakdown_limit": 5, **DATES}
    sent, got = (await client.post(parameters)).json(), (await client.get(**parameters)).json()
    assert sent["results"] == got["results"]
    assert len(sent["results"]) == 2


async def test_lists_in_a_body_may_be_json_strings(client: RestClient) -> None:
    response = await client.post({"events": '[{"id": "pay"}]', **DATES})
    assert response.json()["results"][0]["data"] == [0, 1]


async def test_url_without_a_trailing_slash_accepts_a_body(client: RestClient) -> None:
    response = await client.gateway.client.post(
        client.path.rstrip("/"), json={"events": SIGN_UP, **DATES}, headers=client.headers
    )
    assert response.json()["results"][0]["count"] == 3


async def test_display_of_one_total_has_no_labels(client: RestClient) -> None:
    [row] = await client.rows(events=SIGN_UP, display="BoldNumber")
    assert row["aggregated_value"] == 3
    assert (row["data"], row["days"], row["count"], "labels" in row) == ([], [], 0, False)


async def test_formula_rows_have_no_action(client: RestClient) -> None:
    series = [{"id": "sign up"}, {"id": "pay"}]
    [row] = await client.rows(events=series, formula="A / B")
    assert (row["label"], row["action"], row["data"], row["count"]) == ("Formula (A / B)", None, [0.0, 2.0], 2.0)
    [total] = await client.rows(events=series, formula="A / B", display="ActionsPie")
    assert (total["data"], total["aggregated_value"], total["count"]) == (None, 3.0, 0)


async def test_breakdown_value_is_a_string_for_one_key_and_a_list_for_breakdowns(client: RestClient) -> None:
    rows = await client.rows(events=SIGN_UP, breakdown="plan")
    assert [row["breakdown_value"] for row in rows] == ["pro", "free"]
    rows = await client.rows(events=SIGN_UP, breakdowns=[{"property": "plan"}])
    assert [row["breakdown_value"] for row in rows] == [["pro"], ["free"]]
    rows = await client.rows(events=SIGN_UP, breakdown=["plan", "price"])
    assert [len(row["breakdown_value"]) for row in rows] == [2, 2, 2]


async def test_comparison_labels_current_and_previous_rows(client: RestClient) -> None:
    rows = await client.rows(events=SIGN_UP, compare="true", compare_to="-1d", date_from="2020-01-14")
    assert [(row["compare"], row["compare_label"], row["data"]) for row in rows] == [
        (True, "current", [2]),
        (True, "previous", [1]),
    ]


async def test_undefined_value_is_null(client: RestClient) -> None:
    math = {"id": "never happened", "math": "avg_count_per_actor"}
    [row] = await client.rows(events=[math], display="BoldNumber")
    assert row["aggregated_value"] is None


async def test_event_without_a_name_counts_all_events(client: RestClient) -> None:
    [row] = await client.rows(events=[{"id": None}])
    assert (row["label"], row["data"], row["action"]["id"]) == ("All events", [1, 3], None)


@pytest.mark.parametrize(
    "properties",
    [
        [{"key": "plan", "value": ["free"]}],
        [{"key": "plan", "value": "free", "operator": "exact", "type": "event", "label": "free"}],
        {"plan": "free"},
        {"plan__icontains": "FRE"},
        {"key": "plan", "value": "pro", "operator": "is_not"},
        {"type": "OR", "values": [{"key": "plan", "value": "free"}, {"key": "plan", "value": "none"}]},
        [{"type": "AND", "values": [{"key": "plan", "value": "free"}]}],
    ],
)
async def test_all_forms_of_properties_are_accepted(client: RestClient, properties: Any) -> None:
    [row] = await client.rows(events=SIGN_UP, properties=properties)
    assert row["data"] == [0, 1]
    [row] = await client.rows(events=[{"id": "sign up", "properties": properties}])
    assert row["data"] == [0, 1]


async def test_or_within_a_series_means_or(client: RestClient) -> None:
    either = {"type": "OR", "values": [{"key": "plan", "value": "free"}, {"key": "price", "value": 4}]}
    [row] = await client.rows(events=[{"id": "sign up", "properties": either}])
    assert row["count"] == 2


async def test_parameters_for_drawing_are_accepted(client: RestClient) -> None:
    drawing = {"show_legend": True, "refresh": "true", "insight": "TRENDS", "entity_type": "events"}
    [row] = await client.rows(events=SIGN_UP, **drawing)
    assert row["count"] == 3


@pytest.mark.parametrize(
    ("refresh", "is_cached"), [("true", False), (True, False), ("blocking", True), ("", True)]
)
async def test_cached_trend_is_used_unless_refreshed(
    stores: Stores, settings: Settings, client: RestClient, refresh: object, is_cached: bool
) -> None:
    keeping = replace(stores, trend_cache=TrendCache(MemoryCache(10**6)))
    async with open_gateway(keeping, settings) as gateway:
        asking = replace(client, gateway=gateway)
        body = {"events": SIGN_UP, **DATES}
        assert (await asking.post(body)).json()["is_cached"] is False
        assert (await asking.post({**body, "refresh": refresh})).json()["is_cached"] is is_cached
    refused = await client.post({**body, "refresh": "sometimes"})
    assert (refused.status_code, refused.json()["attr"]) == (400, "refresh")


async def test_long_parameters_are_not_repeated_in_every_row(client: RestClient) -> None:
    response = await client.post(
        {"events": SIGN_UP, "properties": [{"key": "plan", "value": ["x" * 300] * 30}], **DATES}
    )
    echo = response.json()["results"][0]["filter"]
    assert echo == {"insight": "TRENDS", "events": SIGN_UP}


async def test_actions_are_named_as_they_are_saved(org: Organization) -> None:
    action = await org.action("Views")
    rest = RestClient(org.gateway, org.id, org.creator.key)
    rows = await rest.rows(actions=[{"id": int(action), "math": "dau"}], events=[{"id": "pay", "order": 0}])
    assert [(row["label"], row["order"], row["action"]["name"]) for row in rows] == [
        ("Views", 0, "Views"),
        ("pay", 1, "pay"),
    ]
    assert rows[0]["action"] | {"math": "dau", "id": "Views", "type": "events"} == rows[0]["action"]


async def test_csv_is_an_attachment_with_512_breakdown_values(client: RestClient) -> None:
    parameters = {"events": [{"id": None}], "breakdown": "plan", **DATES}
    response = await client.get(format="csv", **parameters)
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["content-disposition"].startswith('attachment; filename="trend-')
    assert response.content == (b"series,plan,13-Jan-2020,14-Jan-2020\r\npro,pro,1.0,2.0\r\nfree,free,0.0,1.0\r\n")
    posted = await client.post(parameters, format="csv")
    assert posted.content == response.content


async def test_accept_header_selects_csv(client: RestClient) -> None:
    headers = {**client.headers, "accept": "text/csv"}
    response = await client.gateway.client.get(
        client.path, params={"events": '[{"id": "pay"}]', **DATES}, headers=headers
    )
    assert response.headers["content-type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize(("given", "rows"), [({}, 301), ({"breakdown_limit": 10}, 11)])
async def test_csv_has_the_values_that_json_cuts_off(org: Organization, given: dict[str, Any], rows: int) -> None:
    await org.gateway.stores.events.command(
        """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
        SELECT {project:UInt32}, 'view', toDateTime64('2020-01-14 12:00:00', 6, 'UTC'), generateUUIDv4(), 'd', 1,
            generateUUIDv4(), concat('{"page": "', toString(number), '"}') FROM numbers(300)""",
        {"project": org.project.id},
    )
    rest = RestClient(org.gateway, org.id, org.creator.key)
    parameters = {"events": [{"id": "view"}], "breakdown": "page", **DATES, **given}
    response = await rest.get(format="csv", **parameters)
    assert len(response.text.splitlines()) == rows + (1 if given else 0)
    answer = (await rest.get(**parameters)).json()
    assert (len(answer["results"]), answer["hasMore"]) == ((11 if given else 26), True)
