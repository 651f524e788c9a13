"""GraphQL over HTTP: methods, media types, bodies."""

import pytest

from tests.support.gateway import Gateway

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"5", b'"text"', b"null", b"[]", b"[{}]", b'{"query": 5}', b'{"query": "{a}", "variables": []}'],
)
async def test_malformed_body_is_rejected_as_json(gateway: Gateway, body: bytes) -> None:
    response = await gateway.client.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "POST" in error["extensions"]["hint"]


@pytest.mark.parametrize(
    "body", [b'{"query": "{__typename}", "variables": {"a": NaN}}', b"[" * 100_000, b'{"a": "\\ud800"}']
)
async def test_invalid_json_is_rejected(gateway: Gateway, body: bytes) -> None:
    response = await gateway.client.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 400


@pytest.mark.parametrize("batch", [[{"query": "{__typename}"}], [{"query": "{__typename}"}] * 2, []])
async def test_batch_is_rejected_with_the_reason(gateway: Gateway, batch: list[object]) -> None:
    response = await gateway.client.post("/graphql", json=batch)
    assert response.status_code == 400
    assert "Batches" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("name", [5, True, [], {}])
async def test_operation_name_must_be_a_string(gateway: Gateway, name: object) -> None:
    response = await gateway.client.post("/graphql", json={"query": "{__typename}", "operationName": name})
    assert response.status_code == 400
    assert "operationName" in response.json()["errors"][0]["message"]


async def test_get_runs_a_query(gateway: Gateway) -> None:
    query = "query Q($n: Int!) { __typename projects(first: $n) { totalCount } }"
    parameters = {"query": query, "variables": '{"n": 1}', "operationName": "Q"}
    key = await gateway.key("*", project=await gateway.project("got"))
    response = await gateway.client.get("/graphql", params=parameters, headers={"authorization": f"Bearer {key}"})
    assert response.status_code == 200
    assert response.json()["data"]["__typename"] == "Query"


async def test_get_rejects_mutations(gateway: Gateway) -> None:
    response = await gateway.client.get("/graphql", params={"query": "mutation { a }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_get_without_query_is_rejected(gateway: Gateway) -> None:
    assert (await gateway.client.get("/graphql")).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_rejected(gateway: Gateway, method: str) -> None:
    response = await gateway.client.request(method, "/graphql")
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("application/json", "application/json"),
        ("*/*", "application/json"),
        ("text/plain", "application/json"),
        ("application/graphql-response+json", "application/graphql-response+json"),
        ("application/graphql-response+json, application/json", "application/graphql-response+json"),
        ("application/graphql-response+json;q=0.5, application/json", "application/json"),
        ("application/graphql-response+json;q=0", "application/json"),
        (
            "application/json;q=0.9, Application/GraphQL-Response+JSON; charset=utf-8",
            "application/graphql-response+json",
        ),
        ("application/graphql-response+json;q=many", "application/json"),
    ],
)
async def test_media_type_of_responses_follows_accept(gateway: Gateway, accept: str, expected: str) -> None:
    answer = await gateway.ask("{ __typename }", accept=accept)
    assert answer.headers["content-type"] == f"{expected}; charset=utf-8"
    assert answer.headers["vary"].startswith("Accept")
    assert answer.headers["cache-control"] == "no-store"


async def test_unknown_path_has_a_json_error(gateway: Gateway) -> None:
    response = await gateway.client.get("/nope")
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert "server" not in response.headers
