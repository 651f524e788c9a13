"""One price for every way in: refused before anything runs, and taken from the key's minute."""

import asyncio
import gc
import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pyarrow as pa
import pytest

from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Answer, Gateway, open_gateway

VALUES = 10_000
_EVENTS = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, 'view', toDateTime64('2019-12-01 12:00:00', 6, 'UTC') + toIntervalHour(number % 700),
    generateUUIDv4(), 'd', 1, generateUUIDv4(), concat('{"page": "p', toString(number), '"}')
FROM numbers({values:UInt32}) SETTINGS """
    + JSON_INSERT_SETTINGS
)
YEAR = {"events": [{}], "dateFrom": "2019-01-15", "dateTo": "2020-01-14", "breakdown": ["page"]}
"""365 days with 10,000 values."""
MONTH = {**YEAR, "dateFrom": "2019-12-01", "dateTo": "2019-12-31"}
WEEK: Mapping[str, Any] = {"events": [{}], "dateFrom": "2019-12-01", "dateTo": "2019-12-07"}
SERIES_OF_A_MONTH = {**MONTH, "events": [{}] * 26, "breakdown": None, "interval": "HOUR"}


@dataclass(frozen=True)
class Shop:
    """A project with events, and a key that may read insights."""

    gateway: Gateway
    id: str
    key: str

    async def trend(self, query: Mapping[str, Any], selected: str) -> Answer:
        document = f"""query($id: ID!, $query: TrendQueryInput!) {{
            project(id: $id) {{ trend(query: $query, refresh: FORCE) {{ {selected} }} }} }}"""
        return await self.ask(document, query=query)

    async def ask(self, document: str, **variables: Any) -> Answer:
        return await self.gateway.ask(document, {"id": self.id, **variables}, key=self.key)

    async def rest(self, **parameters: Any) -> httpx2.Response:
        given = {
            name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()
        }
        headers = {"authorization": f"Bearer {self.key}"}
        return await self.gateway.client.get(
            f"/api/projects/{self.id}/insights/trend/", params=given, headers=headers
        )

    async def link(self, query: Mapping[str, Any], form: str) -> str:
        trend = (await self.trend(query, f"exports {{ {form} }}")).data["project"]["trend"]
        return str(httpx2.URL(trend["exports"][form]).raw_path.decode())

    @asynccontextmanager
    async def limited(self, **settings: Any) -> AsyncIterator["Shop"]:
        """The same project behind a gateway with other settings."""
        changed = self.gateway.settings.model_copy(update=settings)
        async with open_gateway(self.gateway.stores, changed) as gateway:
            yield Shop(gateway, self.id, self.key)


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> Shop:
    project = await gateway.project("priced trends")
    await gateway.stores.events.command(_EVENTS, {"project": project.id, "values": VALUES})
    return Shop(gateway, str(project.id), await gateway.key("*", project=project))


def figures_of(answer: Answer) -> tuple[Any, Any, Any]:
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"
    return answer.extensions["limit"], answer.extensions["actual"], answer.extensions["unit"]


async def test_many_queries_are_refused_before_any_runs(shop: Shop) -> None:
    trends = " ".join(f"t{number}: trend(query: $query) {{ days }}" for number in range(45))
    document = f"query($id: ID!, $query: TrendQueryInput!) {{ project(id: $id) {{ {trends} }} }}"
    answer = await shop.ask(document, query={**WEEK, "events": [{}] * 26, "compare": True})
    # 52 queries, 52 lines and a list of 7 days
    assert figures_of(answer) == (10_000, 1 + 45 * 520 + 45 * (52 + 1) * 7 // 250, "cost units")
    assert "data" not in answer.body or answer.body["data"] is None


async def test_texts_that_an_answer_repeats_are_refused_before_it_runs(shop: Shop) -> None:
    lists = " ".join(f"d{number}: days l{number}: labels" for number in range(20))
    answer = await shop.trend({**YEAR, "breakdownLimit": 1000}, f"series {{ {lists} }}")
    lines = 1001
    assert figures_of(answer) == (10_000, 12 + lines + 41 * lines * 365 // 250, "cost units")
    assert answer.extensions["mostExpensivePath"][:2] == ["project", "trend"]


async def test_trend_of_an_insight_is_paid_for_when_its_query_is_known(shop: Shop) -> None:
    create = "mutation($input: InsightCreateInput!) { insightCreate(input: $input) { id } }"
    query = {**YEAR, "breakdownLimit": 1000, "compare": True}
    fields = {"projectId": shop.id, "name": "large", "query": query}
    insight = (await shop.ask(create, input=fields)).data["insightCreate"]["id"]
    document = """query($id: ID!, $insight: ID!) { project(id: $id) { insight(id: $insight) {
        trend { series { data days labels } } } } }"""
    answer = await shop.ask(document, insight=insight)
    limit, actual, unit = figures_of(answer)
    assert (limit, actual, unit) == (10_000, 20 + 2002 + 4 * 2002 * 365 // 250, "cost units")
    assert answer.error["path"] == ["project", "insight", "trend"]


async def test_rest_is_refused_and_spends_the_minute_of_the_key(shop: Shop) -> None:
    week = {"date_from": "2019-12-01", "date_to": "2019-12-07", "events": [{"id": None}]}
    async with shop.limited(cost_per_minute=25) as limited:
        for _ in range(2):
            assert (await limited.rest(**week)).status_code == 200  # 10 each
        response = await limited.rest(**week)
        assert (response.status_code, response.headers["retry-after"]) == (429, "12")
        assert response.json()["extensions"]["limit"] == 25
        assert (await limited.rest(**{**week, "events": [{"id": None}] * 3})).status_code == 422
        answer = await limited.trend(WEEK, "hasMore")
        assert answer.extensions["code"] == "RATE_LIMITED"
        response = await limited.gateway.client.get(
            "/api/projects/?limit=3", headers={"authorization": f"Bearer {limited.key}"}
        )
        assert response.status_code == 429


async def test_export_link_spends_the_minute_of_its_key(shop: Shop) -> None:
    async with shop.limited(cost_per_minute=35) as limited:
        link = await limited.link(WEEK, "csv")  # 13 with the links
        statuses = [(await limited.gateway.client.get(link)).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        head = await limited.gateway.client.head(link)
        assert head.status_code == 200  # which runs nothing


async def test_subscription_spends_the_minute_of_its_key(shop: Shop) -> None:
    document = """subscription($id: ID!, $query: TrendQueryInput!) {
        trend(projectId: $id, query: $query) { result { days } } }"""
    body = {"query": document, "variables": {"id": shop.id, "query": dict(WEEK)}}
    headers = {"authorization": f"Bearer {shop.key}", "accept": "text/event-stream"}
    async with shop.limited(cost_per_minute=20) as limited:
        first, second = [
            (await limited.gateway.client.post("/graphql", json=body, headers=headers)).text for _ in range(2)
        ]
    assert '"days":["2019-12-01"' in first
    assert "RATE_LIMITED" in second


async def test_trend_with_more_figures_than_the_limit_is_refused(shop: Shop) -> None:
    async with shop.limited(max_figures=1000) as limited:
        assert (await limited.trend({**MONTH, "breakdownLimit": 31}, "hasMore")).data
        answer = await limited.trend({**MONTH, "breakdownLimit": 40}, "hasMore")
        assert figures_of(answer) == (1000, 41 * 31, "figures")
        assert answer.error["message"] == "The trend has 1,271 figures; the limit is 1,000."
        response = await limited.rest(
            date_from="2019-12-01",
            date_to="2019-12-31",
            events=[{"id": None}],
            breakdown="page",
            breakdown_limit=40,
        )
        assert (response.status_code, response.json()["extensions"]["actual"]) == (422, 1271)
        link = await limited.link({**MONTH, "breakdownLimit": 31}, "csv")
        assert (await limited.gateway.client.get(link)).status_code == 200


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
async def test_export_of_ten_thousand_values(shop: Shop, form: str) -> None:
    response = await shop.gateway.client.get(await shop.link(MONTH, form))
    assert response.status_code == 200
    if form == "csv":
        assert response.text.count("\r\n") == 1 + VALUES
    elif form == "arrow":
        assert pa.ipc.open_stream(response.content).read_all().num_rows == VALUES * 31


async def test_export_has_as_many_values_as_fit_in_the_limit_of_figures(shop: Shop) -> None:
    async with shop.limited(max_figures=31_000) as limited:
        response = await limited.gateway.client.get(await limited.link(MONTH, "csv"))
    assert response.status_code == 200
    assert response.text.count("\r\n") == 1 + 1000


async def test_thousand_values_by_day_for_a_year(shop: Shop) -> None:
    answer = await shop.trend({**YEAR, "breakdownLimit": 1000}, "series { label data days labels } csv")
    series = answer.data["project"]["trend"]["series"]
    assert len(series) == 1001
    assert {len(each[name]) for each in series for name in ("data", "days", "labels")} == {365}
    assert sum(map(sum, (each["data"] for each in series))) == VALUES
    response = await shop.rest(
        date_from="2019-01-15",
        date_to="2020-01-14",
        events=[{"id": None}],
        breakdown="page",
        breakdown_limit=1000,
    )
    assert response.status_code == 200
    assert len(response.json()["result"]) == 1001


async def test_series_of_every_letter_by_hour_for_a_month(shop: Shop) -> None:
    answer = await shop.trend(SERIES_OF_A_MONTH, "series { label data days labels }")
    series = answer.data["project"]["trend"]["series"]
    assert [sum(each["data"]) for each in series] == [VALUES] * 26


@contextmanager
def measured_loop() -> Iterator[list[float]]:
    """Collects how long the event loop works before a timer has its turn, in seconds of its own processor time."""
    turns = [0.0]

    async def measure() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            turns.append(now - before)
            before = now

    task = asyncio.create_task(measure())
    gc.disable()  # a collection looks at all objects of the whole test run
    try:
        yield turns
    finally:
        gc.enable()
        task.cancel()


@pytest.mark.parametrize("selected", ["series { label data days labels count }", "csv", None])
async def test_large_answer_leaves_the_event_loop_to_others(shop: Shop, selected: str | None) -> None:
    trend = f"trend(query: $query, refresh: FORCE) {{ {selected} }}"
    document = f"query($id: ID!, $query: TrendQueryInput!) {{ project(id: $id) {{ {trend} }} }}"
    graphql = {"query": document, "variables": {"id": shop.id, "query": {**YEAR, "breakdownLimit": 1000}}}
    rest = {
        "date_from": YEAR["dateFrom"],
        "date_to": YEAR["dateTo"],
        "events": [{"id": None}],
        "breakdown": "page",
        "breakdown_limit": 1000,
        "refresh": True,
    }
    path = f"/api/projects/{shop.id}/insights/trend/" if selected is None else "/graphql"
    headers = {"authorization": f"Bearer {shop.key}"}
    with measured_loop() as turns:
        response = await shop.gateway.client.post(
            path, json=rest if selected is None else graphql, headers=headers
        )
    assert response.status_code == 200
    assert len(response.content) > 1_000_000
    assert max(turns) < 0.08  # about 0.02, but 0.12 and more if everything ran at once
