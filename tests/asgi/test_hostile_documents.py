"""Documents made to cost much: what they may take of the answer, the log and the time."""

import logging
import time

import pytest
from graphql import get_introspection_query

from errors import ErrorCode
from telemetry.logging import TextFormatter
from tests.support.gateway import Gateway
from tests.support.hostile_documents import DOCUMENTS, random_documents

MAX_ANSWER = 12_000
MAX_RESULT = 50_000
MAX_LOG = 5_000
MAX_SECONDS = 10
FORMATTER = TextFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")


async def send(gateway: Gateway, document: str, key: str | None, caplog: pytest.LogCaptureFixture) -> set[str]:
    """Send the document, check what it takes, and return the codes of its errors."""
    caplog.clear()
    started = time.perf_counter()
    with caplog.at_level(logging.INFO):
        answer = await gateway.client.post(
            "/graphql", json={"query": document}, headers={"authorization": f"Bearer {key}"} if key else {}
        )
    assert time.perf_counter() - started < MAX_SECONDS
    codes = {error["extensions"]["code"] for error in answer.json().get("errors", [])}
    assert ErrorCode.INTERNAL not in codes
    assert len(answer.content) < (MAX_ANSWER if codes else MAX_RESULT)
    lines = [FORMATTER.format(record) for record in caplog.records]
    assert sum(map(len, lines)) < MAX_LOG
    assert all(line.isprintable() for line in lines)
    return codes


@pytest.fixture(scope="module")
async def key(gateway: Gateway) -> str:
    """The key with the fewest scopes that reads trends."""
    return await gateway.key("project:read", "insight:read", project=await gateway.project("hostile"), only=True)


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
@pytest.mark.parametrize("has_key", [False, True])
async def test_hostile_document_takes_little(
    gateway: Gateway, key: str, document: str, has_key: bool, caplog: pytest.LogCaptureFixture
) -> None:
    codes = await send(gateway, document, key if has_key else None, caplog)
    assert codes or has_key


async def test_random_documents_take_little(gateway: Gateway, key: str, caplog: pytest.LogCaptureFixture) -> None:
    documents, codes = random_documents(12), set()
    for number in range(200):
        codes |= await send(gateway, next(documents), key if number % 2 else None, caplog)
    assert codes >= {"GRAPHQL_VALIDATION_FAILED", "QUERY_TOO_EXPENSIVE", "UNAUTHENTICATED"}


async def test_introspection_of_tools_needs_no_key(gateway: Gateway) -> None:
    answer = await gateway.ask(get_introspection_query())
    assert len(answer.data["__schema"]["types"]) > 50


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("[" * 1_000 + "]" * 1_000, "QUERY_TOO_EXPENSIVE"),
        ('{"groups": [' * 500 + "]}" * 500, "QUERY_TOO_EXPENSIVE"),
        ("[" + "0, " * 50_000 + "0]", "BAD_USER_INPUT"),
    ],
    ids=["nested lists", "nested groups", "many values"],
)
async def test_hostile_variable_is_refused(gateway: Gateway, key: str, value: str, code: str) -> None:
    document = "query($g: PropertyGroupInput!) { project(id: 1) { trend(query: {propertyGroup: $g}) { days } } }"
    answer = await gateway.client.post(
        "/graphql",
        content=f'{{"query": "{document}", "variables": {{"g": {value}}}}}',
        headers={"authorization": f"Bearer {key}", "content-type": "application/json"},
    )
    assert [error["extensions"]["code"] for error in answer.json()["errors"]] == [code]
