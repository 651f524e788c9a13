"""One price for every way in: refused before anything runs, and taken from the key's minute."""

from typing import Any

import pytest

from tests.asgi.many_values import MONTH, WEEK, YEAR, ManyValues, seed_many_values
from tests.support.gateway import Answer, Gateway


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> ManyValues:
    return await seed_many_values(gateway, "priced trends")


def figures_of(answer: Answer) -> tuple[Any, Any, Any]:
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"
    return answer.extensions["limit"], answer.extensions["actual"], answer.extensions["unit"]


async def test_many_queries_are_refused_before_any_runs(shop: ManyValues) -> None:
    trends = " ".join(f"t{number}: trend(query: $query) {{ days }}" for number in range(45))
    document = f"query($id: ID!, $query: TrendQueryInput!) {{ project(id: $id) {{ {trends} }} }}"
    answer = await shop.ask(document, query={**WEEK, "events": [{}] * 26, "compare": True})
    # 52 queries, 52 lines and a list of 7 days
    assert figures_of(answer) == (10_000, 1 + 45 * 520 + 45 * (52 + 1) * 7 // 250, "cost units")
    assert "data" not in answer.body or answer.body["data"] is None


async def test_texts_that_an_answer_repeats_are_refused_before_it_runs(shop: ManyValues) -> None:
    lists = " ".join(f"d{number}: days l{number}: labels" for number in range(20))
    answer = await shop.trend({**YEAR, "breakdownLimit": 1000}, f"series {{ {lists} }}")
    lines = 1001
    assert figures_of(answer) == (10_000, 12 + lines + 41 * lines * 365 // 250, "cost units")
    assert answer.extensions["mostExpensivePath"][:2] == ["project", "trend"]


async def test_trend_of_an_insight_is_paid_for_when_its_query_is_known(shop: ManyValues) -> None:
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


async def test_values_of_filters_are_paid_for_in_each_query(shop: ManyValues) -> None:
    lists = [{"key": "page", "operator": "IN", "value": [f"{n}-{i}" for i in range(10_000)]} for n in range(3)]
    query = {**WEEK, "events": [{}] * 26, "compare": True, "properties": lists}
    limit, actual, unit = figures_of(await shop.trend(query, "hasMore"))
    assert (limit, unit) == (10_000, "cost units")
    assert actual > 52 * 30_000 * 2 // 250
    small = {**WEEK, "properties": lists[:1], "compare": True}
    assert (await shop.trend(small, "hasMore")).data["project"]["trend"] == {"hasMore": False}


async def test_rest_is_refused_and_spends_the_minute_of_the_key(shop: ManyValues) -> None:
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


async def test_export_link_spends_the_minute_of_its_key(shop: ManyValues) -> None:
    async with shop.limited(cost_per_minute=35) as limited:
        link = await limited.link(WEEK, "csv")  # 13 with the links
        statuses = [(await limited.gateway.client.get(link)).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        head = await limited.gateway.client.head(link)
        assert head.status_code == 200  # which runs nothing


async def test_subscription_spends_the_minute_of_its_key(shop: ManyValues) -> None:
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


async def test_trend_with_more_figures_than_the_limit_is_refused(shop: ManyValues) -> None:
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
