"""Engines with a queue of their own over the folder of the run, embedded or behind a server."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.fair_queue import QueueLimits
from tests.datasource.clickhouse.servers import open_native, serving
from tests.support.native_server import Backend

KINDS = ("embedded", "native")


@asynccontextmanager
async def open_queue(
    kind: str, backend: Backend, folder: Path, *, at_once: int, limits: QueueLimits
) -> AsyncIterator[Engine]:
    """Nothing runs or waits at the end, and no connection is left."""
    if kind == "native":
        with serving(backend) as server:
            async with open_native(server, connections=at_once, queue_limits=limits) as native:
                yield native
                assert (native.occupancy.running, native.occupancy.waiting) == (0, 0)
                while server.clients > native._pool.idle:  # noqa: ASYNC110 - those that ended a query are closing
                    await asyncio.sleep(0.01)
                assert server.clients <= at_once
        return
    from chdb.session import Session

    sessions = [Session(str(folder)) for _ in range(at_once + 1)]
    with tempfile.TemporaryFile("w") as lock:  # the folder's is held by the engine of the run
        embedded = EmbeddedEngine(lock, sessions[1:], sessions[0], limits)
        yield embedded
        assert (embedded.occupancy.running, embedded.occupancy.waiting) == (0, 0)
        assert embedded._idle.qsize() == at_once
        await embedded.close()


def folder_of(embedded: EmbeddedEngine) -> Path:
    return Path(embedded._lock.name).parent


async def until(engine: Engine, *, running: int, waiting: int) -> None:
    """Wait, a few seconds at most, until it is as busy as this."""
    async with asyncio.timeout(5):
        while (engine.occupancy.running, engine.occupancy.waiting) != (running, waiting):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
