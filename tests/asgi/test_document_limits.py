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


def numbered(text: str, count: int) -> str:
    """The text that many times, with a number for each N."""
    return " ".join(text.replace("N", str(number)) for number in range(count))


LARGE = {
    "aliases": ("{" + numbered("aN: __typename", 51) + "}", (50, 51, "aliases")),
    "tokens": ("{" + " __typename" * 5_001 + "}", (5_000, None, "tokens")),
    "characters": ("{ __typename }" + "#" * 100_000, (100_000, 100_014, "characters")),
    "a long name": (f"query {'a' * 201} {{ __typename }}", (200, 201, "characters")),
    "a long number": (f"{{ projects(first: {'9' * 5_000}) {{ totalCount }} }}", (200, 5_000, "characters")),
    "operations": (numbered("query qN { __typename }", 101), (100, 101, "definitions")),
    "fragments": (
        f"{{ {numbered('...fN', 100)} }} {numbered('fragment fN on Query { __typename }', 100)}",
        (100, 101, "definitions"),
    ),
    "repeats": ("{" + "__typename " * 31 + "}", (30, 31, "fields")),
    "repeats in fragments": (
        f"{{ {numbered('...fN', 31)} }} {numbered('fragment fN on Query { viewer { keyLabel } }', 31)}",
        (30, 31, "fields"),
    ),
    "schemas": ("{ __schema { __typename } ... { s: __schema { __typename } } }", (1, 2, "fields")),
    "aliases in introspection": ('{ __type(name: "Query") { a: name b: name } }', (0, 2, "aliases")),
}


@pytest.mark.parametrize(("query", "expected"), LARGE.values(), ids=LARGE)
async def test_large_document_is_rejected(
    gateway: Gateway, query: str, expected: tuple[int, int | None, str]
) -> None:
    key = await gateway.key("project:read", project=await gateway.project("limited"))
    assert limit_of(await gateway.ask(query, key=key)) == expected
    [error] = (await gateway.ask(query)).body["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["message"].startswith(
        "No API key was sent. Requests without a valid API key have smaller limits."
    )


@pytest.mark.parametrize("query", [DEEP, f"{{ ...all }} fragment all on Query {DEEP}"])
async def test_document_that_is_too_deep_is_rejected(gateway: Gateway, query: str) -> None:
    key = await gateway.key("project:read", project=await gateway.project("limited"))
    assert limit_of(await ask(gateway, query, key, max_query_depth=3)) == (3, 4, "levels")
    assert (await ask(gateway, query, key, max_query_depth=4)).data["projects"]


async def test_fields_of_inlined_fragments_are_counted(gateway: Gateway) -> None:
    key = await gateway.key("project:read", project=await gateway.project("limited"))
    query = "{ a: viewer { ...f } b: viewer { ...f } } fragment f on Viewer { keyLabel scopes }"
    assert limit_of(await ask(gateway, query, key, max_query_selections=7)) == (7, None, "selections")
    assert (await ask(gateway, query, key, max_query_selections=8)).data["a"]


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"events": [{}], "properties": [{"key": "a", "value": "b"}] * 10_000}, (2_000, 10_003, "objects")),
        ({"events": [{}], "dateFrom": ["x"] * 100_000}, (100_000, 100_003, "values")),
    ],
)
async def test_large_variables_are_rejected(
    gateway: Gateway, variables: object, expected: tuple[int, int, str]
) -> None:
    key = await gateway.key("project:read", project=await gateway.project("limited"))
    assert limit_of(await gateway.ask(TREND, {"id": "1", "query": variables}, key=key)) == expected


@pytest.mark.parametrize(
    ("query", "limit"),
    [
        ("{" + numbered("aN: __typename", 11) + "}", 10),
        ("{" + " __typename" * 1_001 + "}", 1_000),
        ("{ __typename }" + "#" * 20_000, 20_000),
        (numbered("query qN { __typename }", 21), 20),
        ("{" + "__typename " * 7 + "}", 6),
    ],
)
@pytest.mark.parametrize("key", [None, "phx_unknown"])
async def test_limits_are_a_fifth_without_a_valid_key(
    gateway: Gateway, query: str, limit: int, key: str | None
) -> None:
    extensions = (await gateway.ask(query, key=key)).extensions
    assert (extensions["code"], extensions["limit"]) == ("UNAUTHENTICATED", limit)
    assert extensions["hint"]
    valid = await gateway.key("project:read", project=await gateway.project("limited"))
    answer = await gateway.ask(query, key=valid)
    assert answer.body.get("data") or answer.extensions["code"] != "UNAUTHENTICATED"


@pytest.mark.parametrize(("count", "code"), [(20_000, "BAD_USER_INPUT"), (20_001, "UNAUTHENTICATED")])
async def test_variables_are_limited_without_a_key_too(gateway: Gateway, count: int, code: str) -> None:
    answer = await gateway.ask("query($n: Int) { projects(first: $n) { totalCount } }", {"n": [1] * (count - 1)})
    assert answer.extensions["code"] == code


@pytest.mark.parametrize("inner", ["name", "a: name", "groupTypes { name }"])
async def test_nested_fragments_are_measured_once(gateway: Gateway, inner: str) -> None:
    key = await gateway.key("project:read", project=await gateway.project("limited"))
    doubled = " ".join(f"fragment f{n} on Project {{ ...f{n + 1} ...f{n + 1} }}" for n in range(60))
    answer = await gateway.ask(
        f'{{ project(id: "999999999") {{ ...f0 }} }} {doubled} fragment f60 on Project {{ {inner} }}', key=key
    )
    expected = "QUERY_TOO_EXPENSIVE" if inner == "groupTypes { name }" else "NOT_FOUND"
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
