"""The queue of statements, as clients see it over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.fair_queue import QueueLimits
from resolvers.stores import Stores
from tests.datasource.clickhouse.queued_engines import KINDS, folder_of, open_queue
from tests.support.gateway import Answer, Gateway, open_gateway
from tests.support.native_server import Backend

TREND = """query($id: ID!, $query: TrendQueryInput!) {
    project(id: $id) { trend(query: $query) { series { data } statistics { queries } } } }"""
SMALL: Mapping[str, object] = {
    "events": [{"event": "queued"}],
    "dateFrom": "2020-01-13",
    "dateTo": "2020-01-14",
}
SIX_STATEMENTS: Mapping[str, object] = {
    **SMALL,
    "events": [{"event": name} for name in ("queued", "paid", "left")],
    "compare": True,
}


@dataclass
class Queue:
    """A gateway on its own engine, with a project and two keys."""

    gateway: Gateway
    project_id: str
    keys: tuple[str, str]

    async def ask(self, key: str, query: Mapping[str, object] = SMALL) -> Answer:
        return await self.gateway.ask(TREND, {"id": self.project_id, "query": dict(query)}, key=key)


OpenQueue = Callable[[int, QueueLimits], AbstractAsyncContextManager[Queue]]


@pytest.fixture(params=KINDS)
def open_keys(
    request: pytest.FixtureRequest, gateway: Gateway, backend: Backend, embedded: EmbeddedEngine
) -> OpenQueue:
    @asynccontextmanager
    async def open_it(concurrency: int, limits: QueueLimits) -> AsyncIterator[Queue]:
        project = await gateway.project("queue")
        keys = (await gateway.key("*", project=project), await gateway.key("*", project=project))
        folder = folder_of(embedded)
        async with open_queue(request.param, backend, folder, concurrency=concurrency, limits=limits) as engine:
            stores = Stores(metadata=gateway.stores.metadata, events=engine)
            async with open_gateway(stores, gateway.settings) as own:
                yield Queue(own, str(project.id), keys)

    return open_it


async def test_trend_of_several_statements_succeeds_with_one_slot(open_keys: OpenQueue) -> None:
    async with open_keys(1, QueueLimits(per_key=1)) as queue:
        answers = await asyncio.gather(*(queue.ask(queue.keys[n % 2], SIX_STATEMENTS) for n in range(4)))
    assert {answer.data["project"]["trend"]["statistics"]["queries"] for answer in answers} == {6}


async def test_rejected_trend_leaves_nothing_behind(open_keys: OpenQueue) -> None:
    async with open_keys(1, QueueLimits(per_key=1, max_waiting=2)) as queue:
        answer = await queue.ask(queue.keys[0], SIX_STATEMENTS)  # one runs, two wait, the fourth is rejected
    assert answer.status == 200
    assert answer.error["message"] == "Too many queries are waiting to run."
    details = {name: value for name, value in answer.extensions.items() if name not in ("hint", "waiting")}
    assert details == {
        "code": "RATE_LIMITED",
        "limit": 2,
        "actual": 2,
        "unit": "queries",
        "running": 1,
        "concurrency": 1,
        "keyRunning": 1,
        "keyWaiting": 2,
        "keyConcurrency": 1,
        "retryAfter": 1,
    }
