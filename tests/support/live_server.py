"""The application on a real server, and an engine whose queries never end."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from asgi.app import create_app
from asgi.server import Server
from datasource.clickhouse.engine import Engine, Limits, ProgressListener, QueryResult
from resolvers.stores import Stores
from settings import Settings
from tests.support.gateway import NOW

ENDLESS = "SELECT sum(sipHash64(number)) AS count FROM numbers(1000000000000)"


@dataclass(frozen=True)
class Endless:
    """The real engine, which runs an endless query in place of every query."""

    inner: Engine

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(
        self, *_arguments: Any, on_progress: ProgressListener | None = None, **_options: Any
    ) -> QueryResult:
        limits = Limits(seconds=600, rows_to_read=10**15)
        return await self.inner.query(ENDLESS, limits=limits, on_progress=on_progress)


def endless_stores(stores: Stores) -> Stores:
    endless: Engine = Endless(stores.events)  # type: ignore[assignment]  # the rest is the real engine's
    return replace(stores, events=endless)


@asynccontextmanager
async def serve(settings: Settings, stores: Stores) -> AsyncIterator[int]:
    """Serve, and yield the port."""
    async with serving(settings, stores) as (port, _):
        yield port


@asynccontextmanager
async def serving(settings: Settings, stores: Stores) -> AsyncIterator[tuple[int, Server]]:
    """Serve, and yield the port and the server, which the test may stop."""
    started = asyncio.Event()
    app = create_app(settings, stores=stores, clock=lambda: NOW)
    server = Server(app, settings, on_start=started.set)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        task = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        try:
            yield listener.getsockname()[1], server
        finally:
            server.should_exit = True
            await task


async def running(engine: Engine) -> int:
    answer = await engine.query("SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number)%'")
    return int(str(answer.columns[0][0])) - 1  # the query itself contains the text


async def wait_for(engine: Engine, queries: int) -> None:
    """Wait until a number of endless queries run."""
    async with asyncio.timeout(60):
        while await running(engine) != queries:  # noqa: ASYNC110 - ClickHouse sends no event
            await asyncio.sleep(0.02)
