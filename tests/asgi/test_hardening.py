"""Weaknesses that scanners of GraphQL servers look for; test_view.py and test_error_shape.py have others."""

import pytest

from tests.support.gateway import Gateway, open_gateway

CIRCLE = (
    "__schema { types { fields { type { fields { type { fields { type { fields { type { name } } } } } } } } } }"
)


async def test_many_aliases_are_rejected_before_anything_runs(gateway: Gateway) -> None:
    answer = await gateway.ask("{" + " ".join(f"a{number}: __typename" for number in range(101)) + "}")
    assert "data" not in answer.body
    assert "aliases" in answer.error["message"]


async def test_repeated_field_is_executed_once_or_rejected(gateway: Gateway) -> None:
    assert (await gateway.ask("{" + " __typename" * 6 + "}")).data == {"__typename": "Query"}
    assert "6" in (await gateway.ask("{" + " __typename" * 500 + "}")).error["message"]
    assert "tokens" in (await gateway.ask("{" + "a " * 1_001 + "}")).error["message"]


async def test_many_directives_have_a_bounded_response(gateway: Gateway) -> None:
    answer = await gateway.ask("{ __typename " + "@aa" * 400 + " }")
    assert "data" not in answer.body
    assert len(answer.body["errors"]) == 10
    assert "tokens" in (await gateway.ask("{ __typename " + "@aa" * 2_000 + " }")).error["message"]


async def test_circular_introspection_is_rejected(gateway: Gateway) -> None:
    answer = await gateway.ask("{ " + CIRCLE + " }")
    assert "data" not in answer.body
    assert "introspection" in answer.error["message"].lower()


async def test_circular_fragments_are_rejected(gateway: Gateway) -> None:
    answer = await gateway.ask("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }")
    assert "data" not in answer.body
    assert answer.body["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_deeply_nested_lists_are_rejected(gateway: Gateway) -> None:
    depth = 2_000
    document = "{ _entities(representations: " + "[" * depth + "]" * depth + ") { __typename } }"
    answer = await gateway.ask(document)
    assert answer.status == 200
    assert answer.body["errors"][0]["extensions"]["code"] != "INTERNAL"


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"]
)
@pytest.mark.parametrize("method", ["POST", "GET"])
async def test_form_is_never_read(gateway: Gateway, method: str, content_type: str) -> None:
    """Pages of other origins can send forms without a preflight request."""
    response = await gateway.client.request(
        method,
        "/graphql",
        content=b"query=%7B__typename%7D",
        headers={"content-type": content_type, "accept": "application/json"},
    )
    assert response.status_code in {400, 415}
    assert "data" not in response.json()


async def test_mutation_by_get_is_rejected_even_among_queries(gateway: Gateway) -> None:
    document = 'query Q { __typename } mutation M { actionDelete(projectId: "1", id: "1") }'
    parameters = {"query": document, "operationName": "M"}
    assert (await gateway.client.get("/graphql", params=parameters)).status_code == 405
    parameters["operationName"] = "Q"
    assert (await gateway.client.get("/graphql", params=parameters)).status_code == 200


async def test_clients_cannot_enable_tracing_or_debugging(gateway: Gateway) -> None:
    headers = {"apollo-tracing": "1", "x-apollo-tracing": "1", "apollo-federation-include-trace": "ftv1"}
    parameters = {"debug": "1", "trace": "1"}
    response = await gateway.client.post(
        "/graphql", json={"query": "{ viewer { keyLabel } }"}, headers=headers, params=parameters
    )
    assert set(response.json()) <= {"data", "errors"}
    [error] = response.json()["errors"]
    assert not {"stacktrace", "exception", "debugMessage", "trace"} & set(error["extensions"])


@pytest.mark.parametrize("path", ["/graphiql", "/playground", "/console", "/altair", "/voyager", "/v1/graphql"])
async def test_other_paths_are_not_found(gateway: Gateway, path: str) -> None:
    assert (await gateway.client.get(path, headers={"accept": "text/html"})).status_code == 404


async def test_graphiql_and_introspection_can_be_disabled(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"graphiql": False, "introspection": False})
    async with open_gateway(gateway.stores, settings) as closed:
        page = await closed.client.get("/graphql", headers={"accept": "text/html"})
        assert page.status_code == 406
        answer = await closed.ask('{ __type(name: "Query") { name } projcts { totalCount } }')
    assert "data" not in answer.body
    assert "Did you mean" not in str(answer.body)
