"""The shape of errors: message, code and hint for the client, cause and id for the log."""

import logging

import pytest
from sqlalchemy import update

from datasource.metadata.models import Project
from tests.support.gateway import Answer, Gateway, open_gateway

NEW_TYPE = "application/graphql-response+json"
PROJECT = "query($id: ID!) { project(id: $id) { id testAccountFilters { key } } }"
TREND = "query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) { days } } }"


async def test_error_without_key_has_code_and_hint_and_status_200(gateway: Gateway) -> None:
    answer = await gateway.ask("{ viewer { keyLabel } }")
    assert answer.status == 200
    assert answer.body == {
        "data": None,
        "errors": [
            {
                "message": "No API key was sent.",
                "locations": [{"line": 1, "column": 3}],
                "path": ["viewer"],
                "extensions": {"code": "UNAUTHENTICATED", "hint": answer.extensions["hint"]},
            }
        ],
    }
    assert "Authorization: Bearer" in answer.extensions["hint"]


async def test_error_of_unknown_key_shows_no_more_than_its_mask(gateway: Gateway) -> None:
    answer = await gateway.ask("{ viewer { keyLabel } }", key="phx_0123456789abcdefghijklmnop")
    assert answer.status == 200
    assert answer.extensions["code"] == "UNAUTHENTICATED"
    assert "0123456789" not in str(answer.body)


async def test_error_while_executing_keeps_status_200_in_the_newer_type(gateway: Gateway) -> None:
    answer = await gateway.ask("{ viewer { keyLabel } }", accept=NEW_TYPE)
    assert answer.status == 200
    assert answer.body["data"] is None
    assert answer.headers["content-type"] == f"{NEW_TYPE}; charset=utf-8"


async def test_error_of_input_names_its_path(gateway: Gateway) -> None:
    project = await gateway.project("shaped")
    key = await gateway.key("*", project=project)
    query = {"events": [{"properties": [{"key": "a"}, {"key": ""}]}]}
    answer = await gateway.ask(TREND, {"id": str(project.id), "query": query}, key=key)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["query", "events", 0, "properties", 1, "key"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ viewer { ", "GRAPHQL_PARSE_FAILED"),
        ("{ viewer { nope } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ a: viewer { keyLabel } a: __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("fragment A on Query { __typename }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ projects(first: null) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
        ("query($n: Int!) { projects(first: $n) { totalCount } }", "BAD_USER_INPUT"),
    ],
)
@pytest.mark.parametrize(("accept", "status"), [("application/json", 200), (NEW_TYPE, 400)])
async def test_request_that_never_runs_has_a_code_and_no_data(
    gateway: Gateway, query: str, code: str, accept: str, status: int
) -> None:
    answer = await gateway.ask(query, accept=accept)
    assert answer.status == status
    assert set(answer.body) == {"errors"}
    assert answer.extensions["code"] == code


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"interval": "DECADE"}, ["query", "interval"]),
        ({"nope": 1}, ["query"]),
        ({"properties": [{"value": ["a", None]}]}, ["query", "properties", 0, "value"]),
        ({"properties": [{"value": {"a": 1}}]}, ["query", "properties", 0, "value"]),
        ({"events": [{"order": "first"}]}, ["query", "events", 0, "order"]),
    ],
)
async def test_invalid_variable_has_its_path(gateway: Gateway, value: object, path: list[object]) -> None:
    answer = await gateway.ask(TREND, {"id": "1", "query": value})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == path


async def _ask_broken(gateway: Gateway) -> tuple[Answer, str]:
    """Request a project whose stored settings are damaged, which no client can cause or fix."""
    project = await gateway.project("damaged")
    async with gateway.stores.metadata.write() as session:
        damage = update(Project).where(Project.id == project.id)
        await session.execute(damage.values(test_account_filters=[{"key": "k", "operator": "SECRET_OPERATOR"}]))
    key = await gateway.key("*", project=project)
    return await gateway.ask(PROJECT, {"id": str(project.id)}, key=key), key


async def test_unexpected_error_is_masked_and_logged_under_its_id(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="trendgate"):
        answer, key = await _ask_broken(gateway)
    assert answer.status == 200
    assert answer.error["message"] == "Internal error"
    assert set(answer.extensions) == {"code", "errorId", "hint"}
    assert answer.extensions["code"] == "INTERNAL"
    assert "SECRET_OPERATOR" not in str(answer.body)
    [record] = [each for each in caplog.records if each.name == "trendgate.errors"]
    assert record.levelno == logging.ERROR
    assert answer.extensions["errorId"] in record.getMessage()
    assert answer.headers["x-request-id"] in record.getMessage()
    assert "SECRET_OPERATOR" in caplog.text
    assert key not in caplog.text


async def test_expected_error_is_logged_in_one_line_without_traceback(
    gateway: Gateway, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="trendgate"):
        await gateway.ask("{ viewer { keyLabel } }")
    [record] = [each for each in caplog.records if each.name == "trendgate.errors"]
    assert record.levelno == logging.INFO
    assert record.exc_info is None
    assert "UNAUTHENTICATED at viewer" in record.getMessage()
    assert "\n" not in record.getMessage()


async def test_suggestions_and_sdl_are_hidden_without_introspection(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"introspection": False})
    async with open_gateway(gateway.stores, settings) as closed:
        for query in ("{ __schema { description } }", "{ _service { sdl } }"):
            assert (await closed.ask(query)).extensions["code"] == "GRAPHQL_VALIDATION_FAILED"
        answer = await closed.ask("{ viewe { keyLabel } }")
    assert "Did you mean" not in answer.error["message"]


async def test_introspection_needs_no_key(gateway: Gateway) -> None:
    answer = await gateway.ask("{ __schema { queryType { name } } }")
    assert answer.data["__schema"]["queryType"]["name"] == "Query"
    answer = await gateway.ask("{ _service { sdl } }")
    assert 'type Project implements AccessControlled @key(fields: "id")' in answer.data["_service"]["sdl"]
