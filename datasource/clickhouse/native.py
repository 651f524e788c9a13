"""A ClickHouse server, or several with the same data, over the native protocol."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final, Self

import anyio.to_thread
import pyarrow as pa
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from datasource.clickhouse.address import Host, ServerAddress
from datasource.clickhouse.arrow_blocks import block_of
from datasource.clickhouse.blocks import NativeBlock
from datasource.clickhouse.calls import Calls
from datasource.clickhouse.cluster_settings import READING, WRITING
from datasource.clickhouse.connection import Question, Reply, ServerConnection
from datasource.clickhouse.engine import Limits, Occupancy, ParamValue, QueryResult
from datasource.clickhouse.failures import translate
from datasource.clickhouse.hosts import REST_S, Hosts
from datasource.clickhouse.native_call import NativeCall
from datasource.clickhouse.origin import KEY_ID, log_comment
from datasource.clickhouse.pool import Pool
from datasource.clickhouse.progress import ProgressListener, on_loop
from datasource.clickhouse.turns import QueueLimits
from datasource.clickhouse.wire import Timeouts
from errors import ErrorCode, GatewayError

GRACE_S: Final = 2.0
"""A server ends a query whose time is over; this much later the gateway does."""
_PING_S: Final = 10.0


class NativeEngine:
    """The protocol of engine.py on servers. It connects when it is asked something."""

    def __init__(
        self,
        address: ServerAddress,
        *,
        connections: int,
        queue_limits: QueueLimits,
        timeouts: Timeouts,
        rest_s: float,
        cluster: str | None,
    ) -> None:
        self._address = address
        self._timeouts = timeouts
        self._pool = Pool(self._connect, Hosts(address.hosts, rest_s=rest_s))
        self._calls = Calls(connections, queue_limits)
        self._pings = Calls(1)
        self._cluster = cluster
        self._is_closed = False

    @classmethod
    def open(
        cls,
        address: ServerAddress,
        *,
        connections: int = 4,
        queue_limits: QueueLimits | None = None,
        timeouts: Timeouts | None = None,
        rest_s: float = REST_S,
        cluster: str | None = None,
    ) -> Self:
        """An engine with at most so many connections; as many queries run at once.

        With `cluster` every statement carries what statements need there (see cluster_settings.py).
        """
        return cls(
            address,
            connections=connections,
            queue_limits=queue_limits or QueueLimits(),
            timeouts=timeouts or Timeouts(),
            rest_s=rest_s,
            cluster=cluster,
        )

    @property
    def is_shared(self) -> bool:
        """See Engine.is_shared."""
        return True

    @property
    def cluster(self) -> str | None:
        """See Engine.cluster."""
        return self._cluster

    @property
    def occupancy(self) -> Occupancy:
        """See Engine.occupancy."""
        return Occupancy(self._calls.running, self._calls.waiting)

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
        limits = limits or Limits()
        started = time.perf_counter()
        settings = {"readonly": 2, **limits.as_settings(), **self._settings(READING)}
        question = self._question(text, params, settings, blocks, limits=limits, on_progress=on_progress)
        reply = await self._ask(question, self._calls, within_s=limits.seconds + GRACE_S)
        return QueryResult(
            names=reply.names,
            columns=tuple(reply.columns) or tuple([] for _ in reply.names),
            rows_read=reply.rows_read,
            bytes_read=reply.bytes_read,
            elapsed_s=time.perf_counter() - started,
            query_id=reply.query_id,
        )

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        """See Engine.command. Never repeated: what a lost connection was asked for may have been done."""
        question = self._question(text, params, self._settings(WRITING), blocks)
        await self._ask(question, self._calls, is_repeatable=False)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """See Engine.insert."""
        await self.command(text.replace("{batch}", "{block}"), params, blocks=[block_of(batch)])

    async def ping(self) -> None:
        """See Engine.ping. Has a connection of its own, for a busy engine is not a dead one."""
        await self._ask(self._question("SELECT 1", None, {"readonly": 2}), self._pings, within_s=_PING_S)

    async def close(self) -> None:
        """See Engine.close."""
        self._is_closed = True
        await asyncio.gather(self._calls.stop_all(), self._pings.stop_all())
        await anyio.to_thread.run_sync(self._pool.close)

    def _question(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None,
        settings: Mapping[str, int | float | str],
        blocks: Sequence[NativeBlock] = (),
        *,
        limits: Limits | None = None,
        on_progress: ProgressListener | None = None,
    ) -> Question:
        return Question(
            text,
            params or {},
            {**settings, "log_comment": log_comment()},
            blocks,
            traceparent=_traceparent(),
            on_progress=on_loop(on_progress) if on_progress else None,
            limits=limits,
        )

    async def _ask(
        self, question: Question, calls: Calls, *, within_s: float | None = None, is_repeatable: bool = True
    ) -> Reply:
        if self._is_closed:
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The connection to ClickHouse is closed.")
        call = NativeCall(self._pool, self._connect, question, self._timeouts, is_repeatable=is_repeatable)
        try:
            return await calls.run(call, key=KEY_ID.get(), within_s=within_s)
        except TimeoutError as late:
            seconds = f"elapsed {within_s} sec" if within_s else ""
            raise translate(f"Code: 159. {seconds}", question.limits) from late

    def _settings(self, on_cluster: Mapping[str, int | str]) -> Mapping[str, int | str]:
        return on_cluster if self._cluster else {}

    def _connect(self, host: Host, peer: Host | None = None) -> ServerConnection:
        return ServerConnection(self._address, host, self._timeouts, peer=peer)


def _traceparent() -> str | None:
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
