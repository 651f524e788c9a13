"""Prometheus metrics, scraped over HTTP."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from datasource.cache.memory import MemoryCache
from resolvers.stores import Stores
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings
from tests.support.gateway import Gateway, open_gateway
from tests.support.telemetry import sample, scrape

TREND = "query Named($id: ID!) { project(id: $id) { trend(query: {events: [{}]}) { series { count } } } }"


@pytest.fixture
async def measured(stores: Stores, settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(stores, settings.model_copy(update={"metrics": True})) as gateway:
        yield gateway


async def test_operations_queries_and_responses_are_counted(measured: Gateway) -> None:
    project = await measured.project("counted")
    key = await measured.key("project:read", "insight:read", project=project)
    for _ in range(2):
        assert (await measured.ask(TREND, {"id": str(project.id)}, key=key)).data
    values = await scrape(measured)
    assert values[sample("operations_total", type="query", outcome="OK")] == 2
    assert values[sample("operation_seconds_count", type="query")] == 2
    assert values[sample("clickhouse_queries_total", kind="query", outcome="OK")] >= 1
    assert values[sample("http_responses_total", method="POST", route="/graphql", status="200")] == 2
    assert values[sample("http_requests_in_flight")] == 1  # the scrape itself


async def test_queue_and_trend_cache_are_measured(stores: Stores, settings: Settings) -> None:
    caching = replace(stores, trend_cache=TrendCache(MemoryCache(10**6)))
    async with open_gateway(caching, settings.model_copy(update={"metrics": True})) as gateway:
        project = await gateway.project("cached")
        key = await gateway.key("project:read", "insight:read", project=project)
        for _ in range(3):
            assert (await gateway.ask(TREND, {"id": str(project.id)}, key=key)).data
        values = await scrape(gateway)
    requests = {result: values[sample("trend_cache_requests_total", result=result)] for result in ("miss", "hit")}
    assert requests == {"miss": 1, "hit": 2}
    assert values[sample("trend_cache_bytes")] > 0
    assert values[sample("clickhouse_queries_running")] == values[sample("clickhouse_queries_waiting")] == 0


async def test_errors_are_counted_by_code(measured: Gateway) -> None:
    project = await measured.project("errors counted")
    key = await measured.key("project:read", project=project)
    await measured.ask(TREND, {"id": str(project.id)}, key=key)
    await measured.ask(TREND, {"id": "0"}, key=key)
    await measured.ask(TREND)
    await measured.ask("{ nope }")
    await measured.ask("{")
    values = await scrape(measured)
    counted = {dict(labels)["code"]: n for (name, labels), n in values.items() if name == "trendgate_errors_total"}
    assert counted == {
        "FORBIDDEN": 1,
        "NOT_FOUND": 1,
        "BAD_USER_INPUT": 1,
        "GRAPHQL_VALIDATION_FAILED": 1,
        "GRAPHQL_PARSE_FAILED": 1,
    }
    assert values[sample("operations_total", type="unknown", outcome="GRAPHQL_PARSE_FAILED")] == 1


async def test_labels_contain_nothing_that_clients_choose(measured: Gateway) -> None:
    await measured.ask("query Chosen { __typename }")
    await measured.client.get("/chosen/path")
    await measured.client.request("CHOSEN", "/graphql")
    text = str(await scrape(measured)).lower()
    assert "chosen" not in text
    assert "'route', 'other'" in text
    assert "'method', 'other'" in text


async def test_scrape_requires_the_token(stores: Stores, settings: Settings) -> None:
    given = settings.model_copy(update={"metrics": True, "metrics_token": SecretStr("test-token")})
    async with open_gateway(stores, given) as gateway:
        for headers in ({}, {"authorization": "Bearer nope"}, {"authorization": "Basic test-token"}):
            response = await gateway.client.get("/metrics", headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            assert "trendgate_" not in response.text
        headers = {"authorization": "Bearer test-token"}
        assert (await gateway.client.get("/metrics", headers=headers)).status_code == 200


async def test_metrics_are_disabled_by_default(gateway: Gateway) -> None:
    assert (await gateway.client.get("/metrics")).status_code == 404


async def test_applications_have_separate_metrics(stores: Stores, settings: Settings, measured: Gateway) -> None:
    await measured.ask("{ __typename }")
    async with open_gateway(stores, settings.model_copy(update={"metrics": True})) as other:
        values = await scrape(other)
    assert sample("operations_total", type="query", outcome="OK") not in values


async def test_documentation_lists_every_metric(stores: Stores, settings: Settings) -> None:
    cached = replace(stores, trend_cache=TrendCache(MemoryCache(10**6)))
    async with open_gateway(cached, settings.model_copy(update={"metrics": True})) as gateway:
        text = (await gateway.client.get("/metrics")).text
    page = (Path(__file__).parents[2] / "docs" / "observability.md").read_text(encoding="utf-8")
    rows = "\n".join(re.findall(r"^\| (`trendgate_.*?) \|", page, re.MULTILINE))
    assert set(re.findall(r"^# TYPE (trendgate_\w+)", text, re.MULTILINE)) == set(re.findall(r"`(\w+)`", rows))
