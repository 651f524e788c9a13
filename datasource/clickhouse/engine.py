"""The engine protocol: what the gateway needs of a ClickHouse, embedded or on a server."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from datasource.clickhouse.native_format import NativeBlock


class Identifier(str):
    """A name bound to `{name:Identifier}`. ClickHouse quotes it, so any string is safe."""

    __slots__ = ()


ParamValue = str | int | float | None | Sequence[str] | Sequence[int] | Sequence[float]
"""A value bound to `{name:Type}` of a statement, which names its ClickHouse type."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of one query, which ClickHouse enforces while it reads.

    `total_memory_bytes` is that of all running queries of ClickHouse's user; None leaves it to the server.
    """

    seconds: float = 30.0
    rows_to_read: int = 2_000_000_000
    memory_bytes: int = 4 * 1024**3
    result_rows: int = 50_000
    result_bytes: int | None = None
    total_memory_bytes: int | None = None

    def as_settings(self) -> dict[str, int | float | str]:
        """Return the limits as ClickHouse settings."""
        optional = {
            "max_result_bytes": self.result_bytes,
            "max_memory_usage_for_user": self.total_memory_bytes,
        }
        return {
            "max_execution_time": self.seconds,
            "max_rows_to_read": self.rows_to_read,
            "max_memory_usage": self.memory_bytes,
            "max_result_rows": self.result_rows,
            **{name: value for name, value in optional.items() if value is not None},
            "result_overflow_mode": "throw",
        }


@dataclass(frozen=True, slots=True)
class Progress:
    """How much a running query has read. `total_rows` is ClickHouse's estimate, None before there is one."""

    rows_read: int = 0
    total_rows: int | None = None
    bytes_read: int = 0


ProgressListener = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The result of one query, column by column.

    Values are str, int, float, bool, None, and lists of these; NaN and infinity become None.
    `query_id` is the server's id of the query, empty for the embedded engine.
    """

    names: tuple[str, ...]
    columns: tuple[list[object], ...]
    rows_read: int
    bytes_read: int
    elapsed_s: float
    query_id: str = ""

    @property
    def row_count(self) -> int:
        """The number of result rows."""
        return len(self.columns[0]) if self.columns else 0

    def rows(self) -> Iterator[tuple[object, ...]]:
        """Iterate over the result row by row."""
        return zip(*self.columns, strict=True)


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """The number of statements that run, and that wait for a slot."""

    running: int
    waiting: int


class Engine(Protocol):
    """A ClickHouse that runs statements.

    Methods raise GatewayError for known errors and ClickHouseError for all others (see errors.py). Cancelling
    a call ends the statement in ClickHouse within about a second. Statements queue fairly per API key and fail
    with RATE_LIMITED when the queue is full or the wait too long (see fair_queue.py).

    `blocks`, which share one structure, are the rows of the table `{block}` in the statement.
    """

    @property
    def is_shared(self) -> bool:
        """Whether other processes may use the same tables at the same time."""
        ...

    @property
    def cluster(self) -> str | None:
        """The name of the cluster that holds the tables; None for a single server."""
        ...

    @property
    def queue_status(self) -> QueueStatus:
        """How busy the engine is in this process."""
        ...

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        """Run one SELECT, read-only and within the limits.

        `on_progress` is called on the event loop, about ten times a second, and never for a short query.
        """
        ...

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        """Run one statement without a result: DDL, or INSERT ... SELECT."""
        ...

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """Run an INSERT ... SELECT that reads the rows of `batch` from the table `{batch}`."""
        ...

    async def ping(self) -> None:
        """Raise unless ClickHouse answers. Bypasses the queue: a busy engine is not down."""
        ...

    async def close(self) -> None:
        """End all running statements and free the connections. The engine cannot be used again."""
        ...


@dataclass(frozen=True, eq=False)
class EngineWrapper:
    """An engine that delegates to another one. Subclasses override what differs."""

    engine: Engine

    @property
    def is_shared(self) -> bool:
        return self.engine.is_shared

    @property
    def cluster(self) -> str | None:
        return self.engine.cluster

    @property
    def queue_status(self) -> QueueStatus:
        return self.engine.queue_status

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        return await self.engine.query(text, params, limits=limits, blocks=blocks, on_progress=on_progress)

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        await self.engine.command(text, params, blocks=blocks)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        await self.engine.insert(text, batch, params)

    async def ping(self) -> None:
        await self.engine.ping()

    async def close(self) -> None:
        await self.engine.close()


def on_event_loop(listener: ProgressListener) -> ProgressListener:
    """Return a listener for other threads, which calls this one on the running event loop, in order."""
    loop = asyncio.get_running_loop()

    def schedule(progress: Progress) -> None:
        loop.call_soon_threadsafe(listener, progress)

    return schedule
