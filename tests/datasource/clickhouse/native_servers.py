"""Servers on the backend of the test run, and engines on them, for one test."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.native_engine import NativeEngine
from datasource.clickhouse.protocol import Timeouts
from tests.support.native_server import Backend, NativeServer

QUICK = Timeouts(connect_s=1.0, receive_s=5.0)


@contextmanager
def serving(backend: Backend, **options: Any) -> Iterator[NativeServer]:
    server = NativeServer(backend, **options).start()
    try:
        yield server
    finally:
        server.stop()


@asynccontextmanager
async def open_native(
    *servers: NativeServer,
    credentials: str = "",
    options: str = "",
    connections: int = 4,
    queue_limits: QueueLimits | None = None,
    timeouts: Timeouts = QUICK,
    cooldown_s: float = 10.0,
) -> AsyncIterator[NativeEngine]:
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    address = ServerAddress.parse(f"clickhouse://{credentials}{hosts}/default{options}")
    engine = NativeEngine.open(
        address, connections=connections, queue_limits=queue_limits, timeouts=timeouts, cooldown_s=cooldown_s
    )
    try:
        yield engine
    finally:
        await engine.close()
