"""A client that goes away: over a real socket, with a query that ClickHouse would never finish by itself."""

import asyncio
import json

import pytest

from datasource.clickhouse.engine import Engine
from tests.asgi.gateway import Gateway
from tests.asgi.served import endless_stores, serve, wait_for

TREND = "query($id: ID!) { project(id: $id) { trend(query: {events: [{}]}) { series { count } } } }"


@pytest.mark.parametrize("leave", ["close", "abort"])
@pytest.mark.parametrize("address", ["/graphql", "/api/projects/{}/insights/trend/"])
async def test_query_of_a_client_that_leaves_is_ended(
    gateway: Gateway, engine: Engine, leave: str, address: str
) -> None:
    project = await gateway.project("left alone")
    key = await gateway.key("*", project=project)
    graphql = {"query": TREND, "variables": {"id": str(project.id)}}
    body = json.dumps(graphql if address == "/graphql" else {"events": [{"id": None}]})
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        head = f"POST {address.format(project.id)} HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\n"
        kind = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write((head + kind + body).encode())
        await wait_for(engine, 1)
        if leave == "close":
            writer.close()
            await writer.wait_closed()
        else:
            writer.transport.abort()
        assert await wait_for(engine, 0) < 2
    answer = await gateway.ask("{ viewer { keyLabel } }", key=key)
    assert answer.data["viewer"]["keyLabel"] == "tests"
