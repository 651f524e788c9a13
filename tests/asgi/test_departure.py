"""A client that goes away: over a real socket, with a query that ClickHouse would never finish by itself."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import uvicorn

from asgi.app import create_app
from asgi.stores import Stores
from datasource.clickhouse.embedded import EmbeddedEngine
from datasource.clickhouse.engine import Engine, Limits, QueryResult
from datasource.clickhouse.turns import QueueLimits
from tests.asgi.gateway import Gateway
from tests.datasource.clickhouse.queues import KINDS, folder_of, open_queue, until
from tests.native_server import Backend

ENDLESS = "SELECT sum(sipHash64(number)) AS count FROM numbers(1000000000000)"
TREND = "query($id: ID!) { project(id: $id) { trend(query: {events: [{}]}) { series { count } } } }"


@dataclass(frozen=True)
class Endless:
    """The real engine, which is asked something endless in place of every trend."""

    inner: Engine

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(self, *_given: Any, **_options: Any) -> QueryResult:
        return await self.inner.query(ENDLESS, limits=Limits(seconds=60, rows_to_read=10**15))


@asynccontextmanager
async def serve(gateway: Gateway, engine: Engine) -> AsyncIterator[int]:
    """The port of a real server."""
    endless: Engine = Endless(engine)  # type: ignore[assignment]  # the rest is the real engine's
    app = create_app(gateway.settings, stores=Stores(metadata=gateway.stores.metadata, events=endless))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await serving


async def running(engine: Engine) -> int:
    answer = await engine.query("SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number)%'")
    return int(str(answer.columns[0][0])) - 1  # not this one


async def wait_for(engine: Engine, queries: int) -> float:
    """Seconds until so many of the endless queries run."""
    started = time.perf_counter()
    while await running(engine) != queries:
        assert time.perf_counter() - started < 5
        await asyncio.sleep(0.05)
    return time.perf_counter() - started


async def send(gateway: Gateway, port: int) -> asyncio.StreamWriter:
    """A client that has asked for a trend and reads nothing yet."""
    project = await gateway.project("left alone")
    key = await gateway.key("*", project=project)
    body = json.dumps({"query": TREND, "variables": {"id": str(project.id)}})
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /graphql HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n"
    kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + kind + body).encode())
    return writer


@pytest.mark.parametrize("leave", ["close", "abort"])
async def test_query_of_a_client_that_leaves_is_ended(gateway: Gateway, engine: Engine, leave: str) -> None:
    async with serve(gateway, engine) as port:
        writer = await send(gateway, port)
        await wait_for(engine, 1)
        if leave == "close":
            writer.close()
            await writer.wait_closed()
        else:
            writer.transport.abort()
        assert await wait_for(engine, 0) < 2
    key = await gateway.key("*", project=await gateway.project("left alone"))
    answer = await gateway.ask("{ viewer { keyLabel } }", key=key)
    assert answer.data["viewer"]["keyLabel"] == "tests"


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_leaves_while_it_waits_frees_its_place(
    gateway: Gateway, backend: Backend, embedded: EmbeddedEngine, kind: str
) -> None:
    folder, limits = folder_of(embedded), QueueLimits(most_waiting=1)
    async with (
        open_queue(kind, backend, folder, at_once=1, limits=limits) as queue,
        serve(gateway, queue) as port,
    ):
        first = await send(gateway, port)
        await until(queue, running=1, waiting=0)
        second = await send(gateway, port)
        await until(queue, running=1, waiting=1)
        second.transport.abort()
        await until(queue, running=1, waiting=0)
        third = await send(gateway, port)
        await until(queue, running=1, waiting=1)
        for writer in (third, first):
            writer.transport.abort()
        await until(queue, running=0, waiting=0)
