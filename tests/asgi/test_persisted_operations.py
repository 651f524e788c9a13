"""Operations by their hash or id: automatic persisted queries, and those of a manifest."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest

from datasource.cache.memory import MemoryCache
from datasource.cache.persisted_queries import PersistedQueries, hash_operation
from tests.support.gateway import Gateway, open_gateway

LABEL = "query Label { viewer { keyLabel } }"
REGISTERED = "query Registered($first: Int!) { projects(first: $first) { totalCount } }"
CHANGE = 'mutation Change { actionDelete(projectId: "1", id: "1") }'
NEWER = "application/graphql-response+json"


@pytest.fixture
async def own(gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway without persisted queries."""
    stores = replace(gateway.stores, persisted_queries=PersistedQueries(MemoryCache(10**6), 60))
    async with open_gateway(stores, gateway.settings) as own:
        yield own


@pytest.fixture
async def key(gateway: Gateway) -> str:
    return await gateway.key("*", project=await gateway.project("persisted"))


@pytest.fixture
async def closed(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Gateway]:
    """A gateway that runs two registered operations only, one by its hash, one by a name."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({hash_operation(REGISTERED): REGISTERED, "label-1": LABEL}))
    update = {"operations_manifest": file, "operations_registered_only": True}
    async with open_gateway(gateway.stores, gateway.settings.model_copy(update=update)) as closed:
        yield closed


def automatic(text: str, *, sha256: object = None, version: object = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": sha256 or hash_operation(text)}}


async def post(gateway: Gateway, key: str | None = None, accept: str = "application/json", **body: Any) -> Any:
    headers = {"accept": accept, **({"authorization": f"Bearer {key}"} if key else {})}
    return (await gateway.client.post("/graphql", json=body, headers=headers)).json()


async def get(gateway: Gateway, key: str | None = None, **parameters: Any) -> httpx2.Response:
    encoded = {name: each if isinstance(each, str) else json.dumps(each) for name, each in parameters.items()}
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return await gateway.client.get("/graphql", params=encoded, headers=headers)


def code(body: Any) -> str:
    assert "data" not in body, body
    [error] = body["errors"]
    return str(error["extensions"]["code"])


async def test_hash_is_unknown_until_it_is_sent_with_its_text(own: Gateway, key: str) -> None:
    failed = await post(own, key, extensions=automatic(LABEL))
    assert code(failed) == "PERSISTED_QUERY_NOT_FOUND"
    assert failed["errors"][0]["message"] == "PersistedQueryNotFound"
    sent = await post(own, key, query=LABEL, extensions=automatic(LABEL))
    assert sent["data"]["viewer"]["keyLabel"]
    assert await post(own, key, extensions=automatic(LABEL)) == sent
    assert (await get(own, key, extensions=automatic(LABEL))).json() == sent
    assert (await get(own, key, documentId=f"sha256:{hash_operation(LABEL)}")).json() == sent


async def test_persisted_query_uses_the_variables_and_key_of_the_request(own: Gateway, key: str) -> None:
    text = "query Q($name: String!) { __type(name: $name) { name } viewer { keyLabel } }"
    await post(own, key, query=text, variables={"name": "Query"}, extensions=automatic(text))
    answer = await post(own, None, variables={"name": "Trend"}, extensions=automatic(text))
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    answer = await post(own, key, variables={"name": "Trend"}, extensions=automatic(text))
    assert answer["data"]["__type"] == {"name": "Trend"}


@pytest.mark.parametrize("accept", ["application/json", NEWER])
async def test_unknown_hash_has_the_status_of_a_request_that_never_runs(own: Gateway, accept: str) -> None:
    response = await own.client.post("/graphql", json={"extensions": automatic(LABEL)}, headers={"accept": accept})
    assert response.status_code == (400 if accept == NEWER else 200)
    assert response.headers["cache-control"] == "no-store"
    assert code(response.json()) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize(
    ("persisted", "path"),
    [
        ({"version": 2, "sha256Hash": hash_operation(LABEL)}, ["version"]),
        ({"sha256Hash": hash_operation(LABEL)}, ["version"]),
        ({"version": 1}, ["sha256Hash"]),
        ({"version": 1, "sha256Hash": 5}, ["sha256Hash"]),
        ({"version": 1, "sha256Hash": ""}, ["sha256Hash"]),
        ({"version": 1, "sha256Hash": hash_operation("{ __typename }")}, ["sha256Hash"]),
        ({"version": 1, "sha256Hash": "abc"}, ["sha256Hash"]),
        ("abc", []),
        ([], []),
    ],
)
async def test_malformed_or_mismatched_hash_is_rejected(
    own: Gateway, key: str, persisted: object, path: list[str]
) -> None:
    answer = await post(own, key, query=LABEL, extensions={"persistedQuery": persisted})
    assert code(answer) == "BAD_USER_INPUT"
    assert answer["errors"][0]["extensions"]["path"] == ["extensions", "persistedQuery", *path]
    assert code(await post(own, key, extensions=automatic(LABEL))) == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{ nope }", "{", "{ project { name } }", "query A { a } query B { b }"])
async def test_invalid_operation_is_not_stored(own: Gateway, key: str, text: str) -> None:
    assert code(await post(own, key, query=text, extensions=automatic(text))).startswith("GRAPHQL_")
    assert code(await post(own, key, extensions=automatic(text))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_operation_sent_without_a_key_runs_and_is_not_stored(own: Gateway) -> None:
    text = "{ __typename }"
    assert await post(own, query=text, extensions=automatic(text)) == {"data": {"__typename": "Query"}}
    assert code(await post(own, extensions=automatic(text))) == "PERSISTED_QUERY_NOT_FOUND"


async def test_operation_whose_fields_fail_is_stored(own: Gateway, key: str) -> None:
    text = '{ project(id: "nope") { name } }'
    await post(own, key, query=text, extensions=automatic(text))
    answer = await post(own, key, extensions=automatic(text))
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_get_does_not_run_a_persisted_mutation(own: Gateway, key: str) -> None:
    await post(own, key, query=CHANGE, extensions=automatic(CHANGE))
    assert (await get(own, key, extensions=automatic(CHANGE))).status_code == 405


async def test_persisted_queries_can_be_disabled(gateway: Gateway, key: str) -> None:
    async with open_gateway(replace(gateway.stores, persisted_queries=None), gateway.settings) as bare:
        answer = await post(bare, key, extensions=automatic(LABEL))
        assert code(answer) == "PERSISTED_QUERY_NOT_SUPPORTED"
        assert answer["errors"][0]["message"] == "PersistedQueryNotSupported"
        assert "data" in await post(bare, key, query=LABEL, extensions=automatic(LABEL))


@pytest.mark.parametrize("sent", [{"documentId": 5}, {"documentId": ""}, {"documentId": ["a"]}])
async def test_document_id_must_be_a_non_empty_string(own: Gateway, sent: dict[str, Any]) -> None:
    answer = await post(own, **sent)
    assert code(answer) == "BAD_USER_INPUT"
    assert answer["errors"][0]["extensions"]["path"] == ["documentId"]


async def test_query_with_a_document_id_is_rejected(own: Gateway, key: str) -> None:
    answer = await post(own, key, query=LABEL, documentId="abc")
    assert "not both" in answer["errors"][0]["message"]


async def test_field_named_document_id_is_not_an_id(own: Gateway, key: str) -> None:
    answer = await post(own, key, query="{ documentId: __typename }", variables={"documentId": "abc"})
    assert answer == {"data": {"documentId": "Query"}}


@pytest.mark.parametrize(
    "sent",
    [
        {"extensions": automatic(REGISTERED)},
        {"query": REGISTERED, "extensions": automatic(REGISTERED)},
        {"documentId": hash_operation(REGISTERED)},
        {"documentId": f"sha256:{hash_operation(REGISTERED)}"},
    ],
)
async def test_registered_operation_runs_by_its_id(closed: Gateway, key: str, sent: dict[str, Any]) -> None:
    answer = await post(closed, key, variables={"first": 1}, **sent)
    assert answer["data"]["projects"]["totalCount"] >= 1
    sent = {**sent, "variables": {"first": 1}}
    assert (await get(closed, key, **sent)).json() == answer


async def test_registered_operation_may_have_any_id(closed: Gateway, key: str) -> None:
    assert "viewer" in (await post(closed, key, documentId="label-1"))["data"]
    assert "viewer" in (await post(closed, key, extensions=automatic("", sha256="label-1")))["data"]


@pytest.mark.parametrize(
    "text", [LABEL, REGISTERED, "{ __typename }", "{ __schema { description } }", "{ nope }", "{"]
)
async def test_query_is_rejected_if_only_registered_operations_run(closed: Gateway, key: str, text: str) -> None:
    assert code(await post(closed, key, query=text)) == "PERSISTED_QUERY_ID_REQUIRED"
    assert code((await get(closed, key, query=text)).json()) == "PERSISTED_QUERY_ID_REQUIRED"


async def test_empty_request_is_rejected_if_only_registered_operations_run(closed: Gateway) -> None:
    assert code(await post(closed)) == "PERSISTED_QUERY_ID_REQUIRED"


async def test_unknown_id_is_rejected_with_and_without_its_query(closed: Gateway, key: str) -> None:
    text = "{ viewer { scopes } }"
    for sent in (
        {"extensions": automatic(text)},
        {"query": text, "extensions": automatic(text)},
        {"documentId": hash_operation(text)},
    ):
        assert code(await post(closed, key, **sent)) == "PERSISTED_QUERY_NOT_IN_LIST"


async def test_registered_id_with_another_query_is_rejected(closed: Gateway, key: str) -> None:
    extensions = automatic("", sha256="label-1")
    assert code(await post(closed, key, query="{ viewer { scopes } }", extensions=extensions)) == "BAD_USER_INPUT"


async def test_graphiql_is_disabled_if_only_registered_operations_run(closed: Gateway) -> None:
    assert (await closed.client.get("/graphql", headers={"accept": "text/html"})).status_code == 406


async def test_browser_that_sends_an_id_gets_json(closed: Gateway) -> None:
    response = await closed.client.get("/graphql?documentId=label-1", headers={"accept": "text/html"})
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_manifest_alone_restricts_nothing(gateway: Gateway, key: str, tmp_path: Path) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"label-1": LABEL}))
    settings = gateway.settings.model_copy(update={"operations_manifest": file})
    stores = replace(gateway.stores, persisted_queries=PersistedQueries(MemoryCache(10**6), 60))
    async with open_gateway(stores, settings) as opened:
        assert "viewer" in (await post(opened, key, documentId="label-1"))["data"]
        assert "data" in await post(opened, query="{ __typename }")
        assert code(await post(opened, documentId="label-2")) == "PERSISTED_QUERY_NOT_FOUND"
        assert (await opened.client.get("/graphql", headers={"accept": "text/html"})).status_code == 200
