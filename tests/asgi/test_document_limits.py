"""Limits on documents, over HTTP."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from asgi.app import create_app
from tests.support.gateway import NOW, Answer, Gateway, open_gateway

TREND = "query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) { days } } }"
DEEP = "{ projects { edges { node { groupTypes { name } } } } }"
GRAPHQL_JSON = "application/graphql-response+json"


def limit_of(answer: Answer) -> tuple[object, object, object]:
    """Return limit, actual value and unit of a QUERY_TOO_EXPENSIVE, which must have a hint."""
    assert answer.extensions["code"] == "QUERY_TOO_EXPENSIVE"
    assert answer.extensions["hint"]
    return answer.extensions["limit"], answer.extensions.get("actual"), answer.extensions["unit"]


async def ask(gateway: Gateway, query: str, key: str | None = None, **settings: object) -> Answer:
    """Send the query to a gateway with these settings."""
    async with open_gateway(gateway.stores, gateway.settings.model_copy(update=settings)) as limited:
        return await limited.ask(query, key=key)


async def test_too_many_aliases_are_rejected(gateway: Gateway) -> None:
    query = "{" + " ".join(f"a{index}: __typename" for index in range(51)) + "}"
    assert limit_of(await gateway.ask(query)) == (50, 51, "aliases")


async def test_too_many_tokens_are_rejected(gateway: Gateway) -> None:
    assert limit_of(await gateway.ask("{" + " __typename" * 5001 + "}")) == (5000, None, "tokens")


@pytest.mark.parametrize("query", [DEEP, f"{{ ...all }} fragment all on Query {DEEP}"])
async def test_document_that_is_too_deep_is_rejected(gateway: Gateway, query: str) -> None:
    assert limit_of(await ask(gateway, query, max_query_depth=3)) == (3, 4, "levels")
    answer = await ask(gateway, query, max_query_depth=4)
    assert answer.extensions["code"] == "UNAUTHENTICATED"


async def test_too_many_objects_in_variables_are_rejected(gateway: Gateway) -> None:
    query = {"events": [{}], "properties": [{"key": "a", "value": "b"}] * 10_000}
    answer = await gateway.ask(TREND, {"id": "1", "query": query})
    assert limit_of(answer) == (2000, 10003, "objects")


@pytest.mark.parametrize("inner", ["name", "a: name", "groupTypes { name }"])
async def test_nested_fragments_are_measured_once(gateway: Gateway, inner: str) -> None:
    doubled = " ".join(f"fragment f{n} on Project {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    answer = await gateway.ask(
        f'{{ project(id: "1") {{ ...f0 }} }} {doubled} fragment f60 on Project {{ {inner} }}'
    )
    expected = "UNAUTHENTICATED" if inner == "name" else "QUERY_TOO_EXPENSIVE"
    assert answer.extensions["code"] == expected


async def test_recursive_fragment_is_rejected(gateway: Gateway) -> None:
    answer = await gateway.ask("{ ...f } fragment f on Query { viewer { keyLabel } ...f }")
    assert answer.extensions["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_request_that_could_cost_too_much_is_rejected_before_it_runs(gateway: Gateway) -> None:
    query = "{ projects(first: 500) { edges { node { actions(first: 20) { edges { node { name } } } } } } }"
    answer = await gateway.ask(query, accept=GRAPHQL_JSON)
    assert answer.status == 400
    assert limit_of(answer) == (10_000, 1 + 500 * (2 + 1 + 20 * 2), "cost units")
    assert answer.error["message"] == "The request could cost up to 21,501; the limit is 10,000."
    assert answer.extensions["mostExpensivePath"] == ["projects", "edges", "node", "actions", "edges", "node"]
    assert "data" not in answer.body


async def test_request_that_costs_exactly_the_limit_runs(gateway: Gateway) -> None:
    key = await gateway.key("project:read", project=await gateway.project("priced"))
    query = "{ projects(first: 2) { edges { node { name } } } }"
    assert limit_of(await ask(gateway, query, key, max_query_cost=4)) == (4, 5, "cost units")
    assert (await ask(gateway, query, key, max_query_cost=5)).data["projects"]


async def test_cost_is_in_the_response_on_request(gateway: Gateway) -> None:
    key = await gateway.key("project:read", project=await gateway.project("priced"))
    body: dict[str, Any] = {"query": "{ projects(first: 3) { edges { node { name } } } }"}
    headers = {"authorization": f"Bearer {key}"}
    without = await gateway.client.post("/graphql", json=body, headers=headers)
    assert "extensions" not in without.json()
    with_cost = await gateway.client.post("/graphql", json={**body, "extensions": {"cost": True}}, headers=headers)
    assert with_cost.json()["extensions"] == {"cost": {"actual": 7, "limit": 10_000}}


Ask = Callable[..., Any]


@asynccontextmanager
async def rate_limited(gateway: Gateway, per_minute: int) -> AsyncIterator[tuple[list[timedelta], Ask]]:
    """A gateway with a rate limit, and the time since its start, which the test moves."""
    passed = [timedelta()]
    settings = gateway.settings.model_copy(update={"cost_per_minute": per_minute})
    app = create_app(settings, stores=gateway.stores, clock=lambda: NOW + passed[0])
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:

        async def ask(key: str, first: int, accept: str = "application/json") -> Answer:
            query = f"{{ projects(first: {first}) {{ edges {{ node {{ name }} }} }} }}"  # 1 + 2 * first
            headers = {"authorization": f"Bearer {key}", "accept": accept}
            response = await client.post("/graphql", json={"query": query}, headers=headers)
            return Answer(response.status_code, response.headers, response.json())

        yield passed, ask


async def test_key_over_its_rate_limit_has_to_wait_and_others_do_not(gateway: Gateway) -> None:
    project = await gateway.project("rate limited")
    one, two = [await gateway.key("project:read", project=project) for _ in range(2)]
    async with rate_limited(gateway, 60) as (passed, ask):
        for _ in range(2):
            assert (await ask(one, 10)).data["projects"]  # 21 each
        limited = await ask(one, 10)
        assert limited.status == 200
        assert {name: limited.extensions[name] for name in ("code", "limit", "actual", "left", "retryAfter")} == {
            "code": "RATE_LIMITED",
            "limit": 60,
            "actual": 21,
            "left": 18,
            "retryAfter": 3,
        }
        assert (await ask(one, 8)).data["projects"]  # 17 of 18
        assert (await ask(two, 10)).data["projects"]
        limited = await ask(one, 10, GRAPHQL_JSON)
        assert (limited.status, limited.headers["retry-after"]) == (429, "20")
        passed[0] += timedelta(seconds=19)
        assert (await ask(one, 10)).extensions["retryAfter"] == 1
        passed[0] += timedelta(seconds=1)
        assert (await ask(one, 10)).data["projects"]


async def test_bucket_never_holds_more_than_one_minute_of_tokens(gateway: Gateway) -> None:
    key = await gateway.key("project:read", project=await gateway.project("rate limited"))
    async with rate_limited(gateway, 60) as (passed, ask):
        assert (await ask(key, 29)).data["projects"]
        passed[0] += timedelta(hours=1)
        assert (await ask(key, 29)).data["projects"]
        assert (await ask(key, 29)).extensions["code"] == "RATE_LIMITED"
        assert limit_of(await ask(key, 30)) == (60, 61, "cost units")  # waiting would not help


async def test_request_without_a_valid_key_spends_nothing(gateway: Gateway) -> None:
    async with rate_limited(gateway, 60) as (_, ask):
        for _ in range(4):
            assert (await ask("phx_unknown", 29)).extensions["code"] == "UNAUTHENTICATED"
