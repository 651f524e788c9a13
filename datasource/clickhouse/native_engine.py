"""A ClickHouse server, or several with the same data, over the native protocol."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final, Self

import anyio.to_thread
import pyarrow as pa
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from datasource.clickhouse.address import Host, ServerAddress
from datasource.clickhouse.cluster_settings import READING, WRITING
from datasource.clickhouse.connection import NativeRequest, NativeResponse, ServerConnection
from datasource.clickhouse.connection_pool import ConnectionPool
from datasource.clickhouse.engine import (
    Limits,
    ParamValue,
    ProgressListener,
    QueryResult,
    QueueStatus,
    on_event_loop,
)
from datasource.clickhouse.errors import timed_out
from datasource.clickhouse.failover import COOLDOWN_S, Failover
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.native_format import NativeBlock, block_from_arrow
from datasource.clickhouse.native_job import NativeJob
from datasource.clickhouse.protocol import Timeouts
from datasource.clickhouse.workers import GRACE_S, WorkerPool
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID, REQUEST

_PING_TIMEOUT_S: Final = 10.0


class NativeEngine:
    """The engine on servers. It connects when the first statement runs."""

    def __init__(
        self,
        address: ServerAddress,
        *,
        connections: int,
        queue_limits: QueueLimits,
        timeouts: Timeouts,
        cooldown_s: float,
        cluster: str | None,
    ) -> None:
        self._address = address
        self._timeouts = timeouts
        self._pool = ConnectionPool(self._connect, Failover(address.hosts, cooldown_s=cooldown_s))
        self._workers = WorkerPool(connections, queue_limits)
        self._ping_worker = WorkerPool(1)
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
        cooldown_s: float = COOLDOWN_S,
        cluster: str | None = None,
    ) -> Self:
        """Return an engine that runs as many statements at once as it may have connections.

        With `cluster`, every statement carries the settings of a cluster (see cluster_settings.py).
        """
        return cls(
            address,
            connections=connections,
            queue_limits=queue_limits or QueueLimits(),
            timeouts=timeouts or Timeouts(),
            cooldown_s=cooldown_s,
            cluster=cluster,
        )

    @property
    def is_shared(self) -> bool:
        return True

    @property
    def cluster(self) -> str | None:
        return self._cluster

    @property
    def queue_status(self) -> QueueStatus:
        return QueueStatus(self._workers.running, self._workers.waiting)

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        limits = limits or Limits()
        started = time.perf_counter()
        settings = {"readonly": 2, **limits.as_settings(), **self._cluster_settings(READING)}
        request = _request(text, params, settings, blocks, limits=limits, on_progress=on_progress)
        response = await self._run(request, self._workers, within_s=limits.seconds + GRACE_S)
        return QueryResult(
            names=response.names,
            columns=tuple(response.columns) or tuple([] for _ in response.names),
            rows_read=response.rows_read,
            bytes_read=response.bytes_read,
            elapsed_s=time.perf_counter() - started,
            query_id=response.query_id,
        )

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        # Not idempotent: a command whose connection was lost may have taken effect.
        request = _request(text, params, self._cluster_settings(WRITING), blocks)
        await self._run(request, self._workers, is_idempotent=False)

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        await self.command(text.replace("{batch}", "{block}"), params, blocks=[block_from_arrow(batch)])

    async def ping(self) -> None:
        await self._run(_request("SELECT 1", None, {"readonly": 2}), self._ping_worker, within_s=_PING_TIMEOUT_S)

    async def close(self) -> None:
        self._is_closed = True
        await asyncio.gather(self._workers.stop_all(), self._ping_worker.stop_all())
        await anyio.to_thread.run_sync(self._pool.close)

    async def _run(
        self,
        request: NativeRequest,
        workers: WorkerPool,
        *,
        within_s: float | None = None,
        is_idempotent: bool = True,
    ) -> NativeResponse:
        if self._is_closed:
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The connection to ClickHouse is closed.")
        job = NativeJob(self._pool, self._connect, request, self._timeouts, is_idempotent=is_idempotent)
        try:
            return await workers.run(job, key=KEY_ID.get(), within_s=within_s)
        except TimeoutError as late:
            raise timed_out(within_s, request.limits) from late

    def _cluster_settings(self, settings: Mapping[str, int | str]) -> Mapping[str, int | str]:
        return settings if self._cluster else {}

    def _connect(self, host: Host, peer: Host | None = None) -> ServerConnection:
        return ServerConnection(self._address, host, self._timeouts, peer=peer)


def _request(
    text: str,
    params: Mapping[str, ParamValue] | None,
    settings: Mapping[str, int | float | str],
    blocks: Sequence[NativeBlock] = (),
    *,
    limits: Limits | None = None,
    on_progress: ProgressListener | None = None,
) -> NativeRequest:
    return NativeRequest(
        text,
        params or {},
        {**settings, "log_comment": _log_comment()},
        blocks,
        traceparent=_traceparent(),
        on_progress=on_event_loop(on_progress) if on_progress else None,
        limits=limits,
    )


def _log_comment() -> str:
    request = REQUEST.get()
    return "trendgate" if request is None else f"trendgate {request.request_id}"


def _traceparent() -> str | None:
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
