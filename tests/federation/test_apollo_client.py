"""Apollo Client, with its link for persisted queries."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from datasource.cache.memory import MemoryCache
from datasource.cache.persisted_queries import PersistedQueries, hash_operation
from resolvers.stores import Stores
from settings import Settings
from tests.federation import scripts
from tests.federation.conftest import serve
from tests.support.gateway import Gateway

pytestmark = pytest.mark.usefixtures("tools")

DATA = [{"projects": {"totalCount": 1, "__typename": "ProjectConnection"}}] * 2


@pytest.fixture
async def url(stores: Stores, settings: Settings) -> AsyncIterator[str]:
    """The URL of a gateway without any persisted queries."""
    async with serve(replace(stores, persisted_queries=PersistedQueries(MemoryCache(10**6), 60)), settings) as url:
        yield url


@pytest.fixture
async def key(gateway: Gateway) -> str:
    return await gateway.key("*", project=await gateway.project("queried by Apollo Client"), only=True)


def requests_of(result: Any) -> list[tuple[str, bool, int]]:
    return [(each["method"], each["hasText"], each["status"]) for each in result["requests"]]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_query_is_sent_in_full_once_and_then_by_hash(url: str, key: str, method: str) -> None:
    first = await scripts.run("apollo-client.mjs", url, key, method)
    assert requests_of(first) == [(method, False, 400), ("POST", True, 200), (method, False, 200)]
    later = await scripts.run("apollo-client.mjs", url, key, method)
    assert requests_of(later) == [(method, False, 200)] * 2
    assert first["data"] == later["data"] == DATA


async def test_registered_operation_is_sent_by_id(
    stores: Stores, settings: Settings, key: str, tmp_path: Path
) -> None:
    text = "query Projects($first: Int!) {\n  projects(first: $first) {\n    totalCount\n    __typename\n  }\n}"
    operation = {"id": hash_operation(text), "name": "Projects", "type": "query", "body": text}
    file = tmp_path / "manifest.json"
    file.write_text(
        json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation]})
    )
    strict = settings.model_copy(update={"operations_manifest": file, "operations_registered_only": True})
    async with serve(stores, strict) as url:
        result = await scripts.run("apollo-client.mjs", url, key, "GET", str(file))
    assert result["data"] == DATA
    assert requests_of(result) == [("GET", False, 200)] * 2
