"""Clients that disconnect over a real socket, during a query that would never end."""

import asyncio
import json
from dataclasses import replace

import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.fair_queue import QueueLimits
from tests.datasource.clickhouse.queued_engines import KINDS, folder_of, open_queue, until
from tests.support.gateway import Gateway
from tests.support.live_server import endless_stores, serve, wait_for
from tests.support.native_server import Backend

TREND = """query($id: ID!, $event: String) { project(id: $id) {
    trend(query: {events: [{event: $event}]}) { series { count } } } }"""
GRAPHQL, REST = "/graphql", "/api/projects/{}/insights/trend/"


async def send(gateway: Gateway, port: int, event: str, *, path: str = GRAPHQL) -> asyncio.StreamWriter:
    """Send a request for the trend of an event, and return the client's end without reading the response."""
    project = await gateway.project("disconnects")
    key = await gateway.key("*", project=project)
    graphql = {"query": TREND, "variables": {"id": str(project.id), "event": event}}
    body = json.dumps(graphql if path == GRAPHQL else {"events": [{"id": event}]})
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST {path.format(project.id)} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n"
    rest = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write((head + rest + body).encode())
    return writer


@pytest.mark.parametrize("how", ["close", "abort"])
@pytest.mark.parametrize("path", [GRAPHQL, REST])
async def test_query_of_a_disconnected_client_is_cancelled(
    gateway: Gateway, engine: Engine, how: str, path: str
) -> None:
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port:
        writer = await send(gateway, port, "view", path=path)
        await wait_for(engine, 1)
        if how == "close":
            writer.close()
            await writer.wait_closed()
        else:
            writer.transport.abort()
        await wait_for(engine, 0)
    key = await gateway.key("*", project=await gateway.project("disconnects"))
    answer = await gateway.ask("{ viewer { keyLabel } }", key=key)
    assert answer.data["viewer"]["keyLabel"] == "tests"


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_disconnects_in_the_queue_leaves_it(
    gateway: Gateway, backend: Backend, embedded: EmbeddedEngine, kind: str
) -> None:
    folder, limits = folder_of(embedded), QueueLimits(max_waiting=1)
    async with open_queue(kind, backend, folder, concurrency=1, limits=limits) as queue:
        stores = replace(gateway.stores, events=queue)
        async with serve(gateway.settings, endless_stores(stores)) as port:
            first = await send(gateway, port, "first")
            await until(queue, running=1, waiting=0)
            second = await send(gateway, port, "second")
            await until(queue, running=1, waiting=1)
            second.transport.abort()
            await until(queue, running=1, waiting=0)
            third = await send(gateway, port, "third")
            await until(queue, running=1, waiting=1)
            for writer in (third, first):
                writer.transport.abort()
            await until(queue, running=0, waiting=0)
