"""WebSockets on which nothing happens."""

import asyncio
import time
from contextlib import suppress
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from settings import Settings
from tests.asgi.graphql.streams import FOLLOW, open_socket
from tests.support.gateway import Gateway
from tests.support.live_server import endless_stores, serve

TREND = {"events": [{}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}
LONG_S = 600.0


def with_limits(gateway: Gateway, **limits: float) -> Settings:
    return gateway.settings.model_copy(update=limits)


@pytest.mark.parametrize("has_key", [False, True])
async def test_socket_without_operations_is_closed(gateway: Gateway, has_key: bool) -> None:
    key = await gateway.key("*", project=await gateway.project("idle")) if has_key else None
    short, long = (
        ("socket_idle_s", "keyless_socket_idle_s") if has_key else ("keyless_socket_idle_s", "socket_idle_s")
    )
    settings = with_limits(gateway, **{short: 0.3, long: LONG_S})
    async with serve(settings, gateway.stores) as port, open_socket(port, key) as socket:
        async with asyncio.timeout(20):
            assert await socket.closed() == (1000, "No operation has run for some time.")


async def test_pings_do_not_keep_a_socket_open(gateway: Gateway) -> None:
    settings = with_limits(gateway, keyless_socket_idle_s=0.3)
    async with serve(settings, gateway.stores) as port, open_socket(port) as socket, asyncio.timeout(20):
        with suppress(ConnectionClosed):
            while True:
                await socket.send(type="ping")
                assert await socket.receive() == {"type": "pong"}


async def test_operations_keep_a_socket_open(gateway: Gateway) -> None:
    settings = with_limits(gateway, keyless_socket_idle_s=1.0)
    async with serve(settings, gateway.stores) as port, open_socket(port) as socket:
        until = time.monotonic() + 2.5
        while time.monotonic() < until:
            await socket.subscribe("a", "{ __typename }")
            assert (await socket.all("a"))[-1]["type"] == "complete"
            await asyncio.sleep(0.1)


async def test_running_operation_keeps_a_socket_open(gateway: Gateway) -> None:
    project = await gateway.project("endless")
    key = await gateway.key("*", project=project)
    settings = with_limits(gateway, socket_idle_s=0.2)
    stores = endless_stores(gateway.stores)
    async with serve(settings, stores) as port, open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": TREND})
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            message: Any = await socket.next("a")
            assert message["type"] == "next"
        await socket.send(type="complete", id="a")
        assert (await socket.closed())[0] == 1000
