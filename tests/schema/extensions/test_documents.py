"""Checking documents, what is remembered of them, and that nothing without a bound is."""

import asyncio
import threading
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLError, execute_sync, get_introspection_query, validate

from schema.build import build_schema
from schema.extensions.document_cache import DocumentCache
from schema.extensions.documents import SHORT_LENGTH, Documents
from settings import Settings

SCHEMA = build_schema(Settings())._schema
VALID = "{ viewer { keyLabel } }"
TYPE = "query($n: String!) { __type(name: $n) { name fields { name } } }"


def documents(**settings: Any) -> Documents:
    return Documents(Settings(**settings), ())


async def test_valid_documents_are_remembered_and_invalid_ones_are_not() -> None:
    checker = documents()
    checked = await checker.check(SCHEMA, VALID, keyless=False)
    assert not checked.errors
    assert await checker.check(SCHEMA, VALID, keyless=True) is checked
    size = checker.cached_bytes
    assert size > 4_000
    for number in range(100):
        assert (await checker.check(SCHEMA, f"{{ unknown{number} }}", keyless=False)).errors
    with pytest.raises(GraphQLError):
        await checker.check(SCHEMA, "{", keyless=False)
    assert checker.cached_bytes == size


async def test_any_number_of_documents_stays_within_the_bytes() -> None:
    checker = documents(document_cache_bytes=200_000)
    for number in range(300):
        await checker.check(SCHEMA, f"query q{number} {VALID}", keyless=number % 2 == 0)
    assert 50_000 < checker.cached_bytes <= 200_000 / 2 * 1.2


async def test_callers_without_a_key_cannot_evict_documents_of_others() -> None:
    checker = documents(document_cache_bytes=200_000)
    mine = await checker.check(SCHEMA, VALID, keyless=False)
    for number in range(300):
        await checker.check(SCHEMA, f"query q{number} {VALID}", keyless=True)
    assert await checker.check(SCHEMA, VALID, keyless=False) is mine


@pytest.mark.parametrize("is_long", [False, True])
async def test_long_documents_are_checked_on_another_thread(
    is_long: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def record(*args: Any, **kwargs: Any) -> list[GraphQLError]:
        threads.append(threading.current_thread())
        return validate(*args, **kwargs)

    monkeypatch.setattr("schema.extensions.documents.validate", record)
    await documents().check(SCHEMA, VALID + "#" * (SHORT_LENGTH if is_long else 0), keyless=False)
    assert [thread is threading.main_thread() for thread in threads] == [not is_long]


async def test_at_most_ten_errors_are_found() -> None:
    text = "{" + " ".join(f"unknown{number}" for number in range(1_000)) + "}"
    checked = await documents().check(SCHEMA, text, keyless=False)
    assert len(checked.errors) == 10
    assert "Too many validation errors" in checked.errors[-1].message


async def test_introspection_is_executed_once_per_variables() -> None:
    checker = documents()
    checked = await checker.check(SCHEMA, TYPE, keyless=True)
    results = [
        await checker.introspect(SCHEMA, checked.document, {"n": name}, keyless=True)
        for name in ("Query", "Project", "Query")
    ]
    assert results[0] is results[2]
    assert [result.data["__type"]["name"] for result in results if result.data] == ["Query", "Project", "Query"]


async def test_introspection_is_executed_once_for_equal_documents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    executed: list[object] = []

    def record(*args: Any, **kwargs: Any) -> ExecutionResult:
        executed.append(args)
        return execute_sync(*args, **kwargs)

    monkeypatch.setattr("schema.extensions.documents.execute_sync", record)
    checker = documents()

    async def introspect(text: str, **variables: object) -> ExecutionResult:
        document = (await checker.check(SCHEMA, text, keyless=True)).document
        return await checker.introspect(SCHEMA, document, variables, keyless=True)

    await asyncio.gather(*(introspect(f"{TYPE} #{number}", n="Query", unused=number) for number in range(20)))
    await introspect(TYPE.replace(" ", ",\n"), n="Query")
    assert len(executed) == 1
    await introspect('{ __type(name: "name") { name } }')
    await introspect('{ __type(name: """name""") { name } }')
    await introspect(TYPE, n="Project")
    assert len(executed) == 4


async def test_results_of_introspection_stay_within_the_bytes_and_errors_are_not_remembered() -> None:
    checker = documents(document_cache_bytes=200_000)
    checked = await checker.check(SCHEMA, TYPE, keyless=True)
    for variables in [{"n": f"unknown{number}" * 100} for number in range(100)]:
        await checker.introspect(SCHEMA, checked.document, variables, keyless=True)
    assert checker.cached_bytes <= 200_000 / 2 / 5 * 2
    size = checker.cached_bytes
    assert (await checker.introspect(SCHEMA, checked.document, {}, keyless=False)).errors
    assert checker.cached_bytes == size


async def test_the_introspection_of_tools_is_within_the_limits_without_a_key() -> None:
    query = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    checker = documents()
    checked = await checker.check(SCHEMA, query, keyless=True)
    assert not checked.errors
    assert checked.shape.is_introspection
    result = await checker.introspect(SCHEMA, checked.document, {}, keyless=True)
    assert await checker.introspect(SCHEMA, checked.document, {}, keyless=True) is result


def test_an_entry_larger_than_the_cache_is_not_stored() -> None:
    cache = DocumentCache[str](100, 10)
    cache.store("a", "kept", 90, is_keyless=False)
    cache.store("b", "too large", 101, is_keyless=False)
    cache.store("c", "too large", 11, is_keyless=True)
    assert (cache.find("a"), cache.find("b"), cache.find("c"), cache.size) == ("kept", None, None, 90)
