"""A ClickHouse of somebody else, which is read and never written to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from datasource.clickhouse.engine import Engine, Limits, Occupancy, ParamValue, ProgressListener, QueryResult
from datasource.clickhouse.native_format import NativeBlock
from errors import NotAvailable


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class ReadOnlyEngine:
    """An engine without the ways to change anything: see Engine. Its queries run in read-only mode as all do."""

    engine: Engine

    @property
    def is_shared(self) -> bool:
        """See Engine.is_shared."""
        return self.engine.is_shared

    @property
    def cluster(self) -> str | None:
        """See Engine.cluster."""
        return self.engine.cluster

    @property
    def occupancy(self) -> Occupancy:
        """See Engine.occupancy."""
        return self.engine.occupancy

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        """See Engine.query."""
        return await self.engine.query(text, params, limits=limits, blocks=blocks, on_progress=on_progress)

    async def command(
        self,
        text: str,  # noqa: ARG002 - the engine's signature
        params: Mapping[str, ParamValue] | None = None,  # noqa: ARG002 - the engine's signature
        *,
        blocks: Sequence[NativeBlock] = (),  # noqa: ARG002 - the engine's signature
    ) -> None:
        """Raises NOT_AVAILABLE: see Engine.command."""
        raise _no_writes()

    async def insert(
        self,
        text: str,  # noqa: ARG002 - the engine's signature
        batch: pa.Table,  # noqa: ARG002 - the engine's signature
        params: Mapping[str, ParamValue] | None = None,  # noqa: ARG002 - the engine's signature
    ) -> None:
        """Raises NOT_AVAILABLE: see Engine.insert."""
        raise _no_writes()

    async def ping(self) -> None:
        """See Engine.ping."""
        await self.engine.ping()

    async def close(self) -> None:
        """See Engine.close."""
        await self.engine.close()


def _no_writes() -> NotAvailable:
    return NotAvailable(
        "The events are in another installation's tables, which are read only.",
        hint="With TRENDGATE_EVENTS_LAYOUT=native the gateway keeps tables of its own.",
    )
