"""Trends over HTTP on a few events; their details are tested with the compiler."""

import pytest

from datasource.tables.steps import JSON_INSERT_SETTINGS
from resolvers.trends.query import TrendDisplay
from tests.support.gateway import NOW, Gateway, open_gateway

TREND = """query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) {
    series { label order event customName math formula data days labels
        count aggregatedValue breakdownValue compareLabel }
    days labels interval dateFrom dateTo timezone hasMore sql isCached lastRefresh
    statistics { elapsedMs rowsRead bytesRead queries } } } }"""

EVENTS = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT
    {project:UInt32}, name, toDateTime64(at, 6, 'UTC'), generateUUIDv4(), 'd', 1, generateUUIDv4(),
    '{"price": 4, "ns": 1700000000123456789}'
FROM (SELECT arrayJoin([('sign up', '2020-01-13 12:00:00'), ('sign up', '2020-01-14 12:00:00'),
    ('sign up', '2020-01-14 13:00:00'), ('pay', '2020-01-14 14:00:00')]) AS row, row.1 AS name, row.2 AS at)
SETTINGS """
    + JSON_INSERT_SETTINGS
)


@pytest.fixture(scope="module")
async def project_and_key(gateway: Gateway) -> tuple[str, str]:
    project = await gateway.project("shop")
    await gateway.stores.events.command(EVENTS, {"project": project.id})
    return str(project.id), await gateway.key("project:read", "insight:read", project=project)


async def test_trend_returns_every_field(gateway: Gateway, project_and_key: tuple[str, str]) -> None:
    project_id, key = project_and_key
    query = {
        "events": [{"event": "sign up", "customName": "new people"}],
        "dateFrom": "2020-01-13",
        "dateTo": "2020-01-14",
    }
    answer = await gateway.ask(TREND, {"id": project_id, "query": query}, key=key)
    trend = answer.data["project"]["trend"]
    assert trend["series"] == [
        {
            "label": "sign up",
            "order": 0,
            "event": "sign up",
            "customName": "new people",
            "math": "TOTAL",
            "formula": None,
            "data": [1.0, 2.0],
            "days": ["2020-01-13", "2020-01-14"],
            "labels": ["13-Jan-2020", "14-Jan-2020"],
            "count": 3.0,
            "aggregatedValue": None,
            "breakdownValue": None,
            "compareLabel": None,
        }
    ]
    assert trend["days"] == ["2020-01-13", "2020-01-14"]
    assert trend["interval"] == "DAY"
    assert trend["dateFrom"] == "2020-01-13T00:00:00-05:00"
    assert trend["timezone"] == "America/New_York"
    assert trend["hasMore"] is False
    assert trend["isCached"] is False
    assert trend["lastRefresh"] == NOW.isoformat()
    assert trend["sql"].lstrip().startswith("--")
    assert trend["statistics"]["queries"] == 1


async def test_trend_without_dates_ends_at_the_requests_clock(
    gateway: Gateway, project_and_key: tuple[str, str]
) -> None:
    project_id, key = project_and_key
    answer = await gateway.ask(TREND, {"id": project_id, "query": {"events": [{"event": "pay"}]}}, key=key)
    trend = answer.data["project"]["trend"]
    assert (trend["days"][0], trend["days"][-1]) == ("2020-01-08", "2020-01-15")
    assert trend["series"][0]["count"] == 1.0


async def test_trend_series_follow_their_order(gateway: Gateway, project_and_key: tuple[str, str]) -> None:
    project_id, key = project_and_key
    events = [{"event": "sign up", "order": 1}, {"event": "pay", "order": 0}]
    answer = await gateway.ask(TREND, {"id": project_id, "query": {"events": events}}, key=key)
    assert [line["label"] for line in answer.data["project"]["trend"]["series"]] == ["pay", "sign up"]


@pytest.mark.parametrize("display", TrendDisplay)
async def test_whole_number_that_no_float_holds_exactly_is_the_nearest_float(
    gateway: Gateway, project_and_key: tuple[str, str], display: TrendDisplay
) -> None:
    project_id, key = project_and_key
    series = {"event": "pay", "math": "MAX", "mathProperty": "ns"}
    query = {"events": [series], "dateFrom": "2020-01-14", "dateTo": "2020-01-14", "display": display}
    answer = await gateway.ask(TREND, {"id": project_id, "query": query}, key=key)
    (line,) = answer.data["project"]["trend"]["series"]
    assert (line["aggregatedValue"] if display.is_total else line["data"][0]) == 1.7000000001234568e18


async def test_trend_without_scope_names_what_is_missing(gateway: Gateway) -> None:
    project = await gateway.project("shop")
    key = await gateway.key("project:read", project=project)
    answer = await gateway.ask(TREND, {"id": str(project.id), "query": {"events": [{"event": "pay"}]}}, key=key)
    assert answer.extensions["code"] == "FORBIDDEN"
    assert answer.extensions["missingScope"] == "insight:read"


async def test_invalid_input_has_its_path(gateway: Gateway, project_and_key: tuple[str, str]) -> None:
    project_id, key = project_and_key
    query = {"events": [{"event": "pay"}], "dateFrom": "the day before"}
    answer = await gateway.ask(TREND, {"id": project_id, "query": query}, key=key)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["query", "dateFrom"]


async def test_trends_over_the_limit_of_a_request_are_rejected(
    gateway: Gateway, project_and_key: tuple[str, str]
) -> None:
    project_id, key = project_and_key
    field = 'trend(query: {events: [{event: "pay"}]}) { days }'
    fields = " ".join(f"t{index}: {field}" for index in range(3))
    settings = gateway.settings.model_copy(update={"max_trends": 2})
    async with open_gateway(gateway.stores, settings) as small:
        answer = await small.ask(f'{{ project(id: "{project_id}") {{ {fields} }} }}', key=key)
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"
    assert answer.extensions["limit"] == 2


async def test_trend_that_reads_too_many_rows_is_rejected(
    gateway: Gateway, project_and_key: tuple[str, str]
) -> None:
    project_id, key = project_and_key
    settings = gateway.settings.model_copy(update={"query_max_rows": 1})
    query = {"events": [{"event": "sign up", "properties": [{"key": "price", "value": 4}]}]}
    async with open_gateway(gateway.stores, settings) as small:
        answer = await small.ask(TREND, {"id": project_id, "query": query}, key=key)
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"
    assert "SELECT" not in str(answer.body)
