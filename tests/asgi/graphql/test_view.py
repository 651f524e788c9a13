"""GraphQL over HTTP: methods, media types, bodies."""

import gzip
from collections.abc import AsyncIterator

import pytest

from tests.support.gateway import Gateway, open_gateway

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"5", b'"text"', b"null", b"[]", b"[{}]", b'{"query": 5}', b'{"query": "{a}", "variables": []}'],
)
async def test_post_of_malformed_body_is_refused_as_json(gateway: Gateway, body: bytes) -> None:
    response = await gateway.client.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "POST" in error["extensions"]["hint"]


@pytest.mark.parametrize(
    "body", [b'{"query": "{__typename}", "variables": {"a": NaN}}', b"[" * 100_000, b'{"a": "\\ud800"}']
)
async def test_post_of_what_is_no_json_is_refused(gateway: Gateway, body: bytes) -> None:
    response = await gateway.client.post("/graphql", content=body, headers=JSON)
    assert response.status_code == 400


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]
)
async def test_post_of_another_content_type_is_refused(gateway: Gateway, content_type: str) -> None:
    response = await gateway.client.post(
        "/graphql", content=b'{"query": "{__typename}"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=UTF-8", 200),
        ('Application/JSON;charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=utf-16", 415),
    ],
)
async def test_charset_of_a_post_is_utf_8(gateway: Gateway, content_type: str, status: int) -> None:
    response = await gateway.client.post(
        "/graphql", content=b'{"query": "{__typename}"}', headers={"content-type": content_type}
    )
    assert response.status_code == status


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
async def test_compressed_post_is_refused(gateway: Gateway, encoding: str) -> None:
    body = gzip.compress(b'{"query": "{__typename}"}')
    response = await gateway.client.post("/graphql", content=body, headers={**JSON, "content-encoding": encoding})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "compressed" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("batch", [[{"query": "{__typename}"}], [{"query": "{__typename}"}] * 2, []])
async def test_post_of_batch_is_refused_and_says_so(gateway: Gateway, batch: list[object]) -> None:
    response = await gateway.client.post("/graphql", json=batch)
    assert response.status_code == 400
    assert "batch" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize("name", [5, True, [], {}])
async def test_post_with_operation_name_that_is_no_text_is_refused(gateway: Gateway, name: object) -> None:
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


async def test_get_of_a_mutation_is_refused(gateway: Gateway) -> None:
    response = await gateway.client.get("/graphql", params={"query": "mutation { a }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"


async def test_get_without_query_is_refused(gateway: Gateway) -> None:
    assert (await gateway.client.get("/graphql")).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
async def test_other_methods_are_refused(gateway: Gateway, method: str) -> None:
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
async def test_media_type_of_answers_follows_accept(gateway: Gateway, accept: str, expected: str) -> None:
    answer = await gateway.ask("{ __typename }", accept=accept)
    assert answer.headers["content-type"] == f"{expected}; charset=utf-8"
    assert answer.headers["vary"].startswith("Accept")
    assert answer.headers["cache-control"] == "no-store"


async def test_body_beyond_the_limit_is_refused(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql", json={"query": " " * 1024**2})
    assert response.status_code == 413
    assert "1048576 bytes" in response.json()["errors"][0]["message"]


async def test_body_beyond_the_limit_without_announced_length_is_refused(gateway: Gateway) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    response = await gateway.client.post("/graphql", content=parts(), headers=JSON)
    assert response.status_code == 413


async def test_page_is_served_to_browsers_under_a_strict_policy(gateway: Gateway) -> None:
    response = await gateway.client.get("/graphql", headers={"accept": "text/html,*/*;q=0.8"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    policy = response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "http" not in policy
    assert response.headers["x-frame-options"] == "DENY"
    assert 'src="/graphql/assets/' in response.text


async def test_page_assets_are_served_for_long(gateway: Gateway) -> None:
    page = (await gateway.client.get("/graphql", headers={"accept": "text/html"})).text
    script = page.partition('src="')[2].partition('"')[0]
    response = await gateway.client.get(script)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/javascript")
    assert "immutable" in response.headers["cache-control"]


async def test_page_switched_off_is_refused_to_browsers_alone(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"graphiql": False})
    async with open_gateway(gateway.stores, settings) as bare:
        refusal = await bare.client.get("/graphql", headers={"accept": "text/html"})
        assert refusal.status_code == 406
        assert (await bare.client.get("/graphql/assets/index.js")).status_code == 404
        assert (await bare.ask("{ __typename }")).data == {"__typename": "Query"}
