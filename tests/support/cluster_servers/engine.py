"""The engine of the cluster, which stands in for Keeper.

It runs an ON CLUSTER statement on every server without that clause, creates plain tables instead of replicated
ones, and writes to every server what replication would copy there. All else is the product's native engine.
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pyarrow as pa

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.engine import Limits, ParamValue, ProgressListener, QueryResult, QueueStatus
from datasource.clickhouse.native_engine import NativeEngine
from datasource.clickhouse.native_format import NativeBlock, block_from_arrow
from datasource.tables.migrate import cluster_topology, migrate
from tests.support.cluster_servers.servers import CLUSTER, start_servers

_ON_CLUSTER: Final = f" ON CLUSTER '{CLUSTER}'"
_REPLICATED: Final = re.compile(r"ENGINE = Replicated(\w+)\('[^']*', '[^']*'(?:, )?")
_DEDUPLICATION: Final = re.compile(r"\nSETTINGS replicated_deduplication_window = 0$")
_WRITES: Final = re.compile(r"\s*(?:INSERT INTO|DELETE FROM|TRUNCATE TABLE) (\w+)(?![\w.])")


class ClusterEngine:
    """Runs statements on the first server, or on all of them where that is needed."""

    is_shared = True
    cluster = CLUSTER

    def __init__(self, servers: Sequence[NativeEngine]) -> None:
        self.servers = tuple(servers)
        self._sharded = cluster_topology(CLUSTER, "default").sharded

    @property
    def queue_status(self) -> QueueStatus:
        return self.servers[0].queue_status

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        return await self.servers[0].query(text, params, limits=limits, blocks=blocks, on_progress=on_progress)

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        single = text.replace(_ON_CLUSTER, "")
        plain = _DEDUPLICATION.sub("", _REPLICATED.sub(r"ENGINE = \1(", single))
        servers = self.servers if self._runs_on_all(text) else self.servers[:1]
        for server in servers:
            await server.command(plain, params, blocks=blocks)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        await self.command(text.replace("{batch}", "{block}"), params, blocks=[block_from_arrow(batch)])

    async def ping(self) -> None:
        await self.servers[0].ping()

    async def close(self) -> None:
        for server in self.servers:
            await server.close()

    def _runs_on_all(self, text: str) -> bool:
        written = _WRITES.match(text)
        return _ON_CLUSTER in text or (written is not None and written.group(1) not in self._sharded)


@asynccontextmanager
async def open_cluster(ports: Sequence[int]) -> AsyncIterator[ClusterEngine]:
    """Open an engine on the servers at these ports."""
    addresses = [ServerAddress.parse(f"clickhouse://127.0.0.1:{port}") for port in ports]
    engine = ClusterEngine([NativeEngine.open(address, cluster=CLUSTER) for address in addresses])
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def migrated_cluster(folder: Path) -> AsyncIterator[ClusterEngine]:
    """Start servers, and migrate them."""
    with start_servers(folder) as ports:
        async with open_cluster(ports) as engine:
            await migrate(engine)
            yield engine
