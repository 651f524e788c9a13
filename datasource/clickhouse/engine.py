"""What the gateway needs of a ClickHouse, whether it runs in this process or on a server."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from datasource.clickhouse.native_format import NativeBlock


@dataclass(frozen=True, slots=True)
class Progress:
    """What was read since the query began. `total_rows` is ClickHouse's estimate, None while it has none."""

    rows_read: int = 0
    total_rows: int | None = None
    bytes_read: int = 0


ProgressListener = Callable[[Progress], None]


def on_loop(listener: ProgressListener) -> ProgressListener:
    """The listener for a thread: it is called on the running event loop, in order."""
    loop = asyncio.get_running_loop()

    def pass_on(progress: Progress) -> None:
        loop.call_soon_threadsafe(listener, progress)

    return pass_on


class Identifier(str):
    """A name bound to `{name:Identifier}`: ClickHouse itself quotes it, so any text is safe."""

    __slots__ = ()


ParamValue = str | int | float | None | Sequence[str] | Sequence[int] | Sequence[float]
"""A value bound by name to `{name:Type}` of a statement; its ClickHouse type stands in the text."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds that one query runs under; ClickHouse enforces them while it reads."""

    seconds: float = 30.0
    rows_to_read: int = 2_000_000_000
    memory_bytes: int = 4 * 1024**3
    result_rows: int = 50_000

    def as_settings(self) -> dict[str, int | float | str]:
        """The ClickHouse settings of the same meaning."""
        return {
            "max_execution_time": self.seconds,
            "max_rows_to_read": self.rows_to_read,
            "max_memory_usage": self.memory_bytes,
            "max_result_rows": self.result_rows,
            "result_overflow_mode": "throw",
        }


@dataclass(frozen=True, slots=True)
class QueryResult:
    """The answer of one query, column by column.

    Values are Python's str, int, float, bool, None, and lists of these; NaN and infinity arrive as None.
    `query_id` is a server's name for the query.
    """

    names: tuple[str, ...]
    columns: tuple[list[object], ...]
    rows_read: int
    bytes_read: int
    elapsed_s: float
    query_id: str = ""

    @property
    def row_count(self) -> int:
        """How many rows the answer has."""
        return len(self.columns[0]) if self.columns else 0

    def rows(self) -> Iterator[tuple[object, ...]]:
        """The same values row by row."""
        return zip(*self.columns, strict=True)


@dataclass(frozen=True, slots=True)
class Occupancy:
    """How many statements run now, and how many wait for their turn."""

    running: int
    waiting: int


class Engine(Protocol):
    """A ClickHouse that can be asked and written to.

    Every method raises GatewayError, or ClickHouseError (see failures.py), when ClickHouse refuses or fails.
    Cancelling a call ends it in ClickHouse, too, within about a second. A few statements run at once, and fewer of
    the same API key (see origin.py); the others wait for their turn, and are refused with RATE_LIMITED when it
    takes too long or too many wait.

    `blocks`, all of the same columns, are the rows of the table name `{block}` in the text; without any the
    text is taken as it is.
    """

    @property
    def is_shared(self) -> bool:
        """Whether other processes may work on the same tables at the same time."""
        ...

    @property
    def cluster(self) -> str | None:
        """The cluster that holds the tables, as ClickHouse's configuration names it; None for one server."""
        ...

    @property
    def occupancy(self) -> Occupancy:
        """What it has to do in this process now."""
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
        """Run one reading statement, in read-only mode and within the limits.

        `on_progress` is called on the event loop, about ten times a second, never for a query that ends at once.
        """
        ...

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        """Run one statement that answers nothing: DDL, or an insert that selects."""
        ...

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """Run `text`, an insert that selects from the table name `{batch}`, which holds the batch's rows."""
        ...

    async def ping(self) -> None:
        """Raise unless the engine answers. Waits for no turn: a busy engine is not a dead one."""
        ...

    async def close(self) -> None:
        """End what runs and free every connection; the engine is of no use afterwards."""
        ...
