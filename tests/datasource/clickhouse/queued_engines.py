"""Engines with their own queue on the data folder of the test run, embedded or behind a server."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.fair_queue import QueueLimits
from tests.datasource.clickhouse.native_servers import open_native, serving
from tests.support.native_server import Backend

KINDS = ("embedded", "native")


@asynccontextmanager
async def open_queue(
    kind: str, backend: Backend, folder: Path, *, concurrency: int, limits: QueueLimits
) -> AsyncIterator[Engine]:
    """Open an engine, and check at the end that nothing runs or waits and no connection is left open."""
    if kind == "native":
        with serving(backend) as server:
            async with open_native(server, connections=concurrency, queue_limits=limits) as native:
                yield native
                assert (native.queue_status.running, native.queue_status.waiting) == (0, 0)
                while server.clients > native._pool.idle:  # noqa: ASYNC110 - connections that killed one close
                    await asyncio.sleep(0.01)
                assert server.clients <= concurrency
        return
    from chdb.session import Session

    sessions = [Session(str(folder)) for _ in range(concurrency + 1)]
    with tempfile.TemporaryFile("w") as lock:  # the folder is locked by the engine of the test run
        embedded = EmbeddedEngine(lock, sessions[1:], sessions[0], limits)
        yield embedded
        assert (embedded.queue_status.running, embedded.queue_status.waiting) == (0, 0)
        assert embedded._idle.qsize() == concurrency
        await embedded.close()


def folder_of(embedded: EmbeddedEngine) -> Path:
    return Path(embedded._lock.name).parent


async def until(engine: Engine, *, running: int, waiting: int) -> None:
    """Wait until this many statements run and wait."""
    async with asyncio.timeout(60):
        while (engine.queue_status.running, engine.queue_status.waiting) != (running, waiting):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
