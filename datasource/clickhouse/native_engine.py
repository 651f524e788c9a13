"""A ClickHouse server, or several with the same data, over the native protocol."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Self
from uuid import uuid4

import anyio.to_thread
import pyarrow as pa
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from datasource.clickhouse.address import REST_S, Host, Hosts, ServerAddress
from datasource.clickhouse.cluster_settings import READING, WRITING
from datasource.clickhouse.connection import (
    NativeRequest,
    NativeResponse,
    ServerConnection,
    Timeouts,
    WaitStage,
    explain,
    is_lost,
    is_silence,
    note_loss,
)
from datasource.clickhouse.connection_pool import Pool
from datasource.clickhouse.engine import Limits, Occupancy, ParamValue, ProgressListener, QueryResult, on_loop
from datasource.clickhouse.errors import translate
from datasource.clickhouse.fair_queue import QueueLimits
from datasource.clickhouse.native_format import NativeBlock, block_of
from datasource.clickhouse.workers import WorkerPool
from errors import ErrorCode, GatewayError
from telemetry.request import KEY_ID, REQUEST

logger = logging.getLogger("trendgate.clickhouse")

ATTEMPTS: Final = 3
_ABORT_AFTER_S: Final = 0.8


class NativeCall:
    """See Call. A repeatable one is tried again where a connection was lost before any row had arrived."""

    def __init__(
        self,
        pool: Pool,
        connect: Callable[[Host, Host | None], ServerConnection],
        question: NativeRequest,
        timeouts: Timeouts,
        *,
        is_repeatable: bool,
    ) -> None:
        self._pool = pool
        self._connect = connect
        self._question = question
        self._to_connect = WaitStage("connection", timeouts.connect_s)
        self._to_answer = WaitStage("answer", timeouts.receive_s)
        self._attempts = ATTEMPTS if is_repeatable else 1
        self._id = f"trendgate-{uuid4().hex}"
        self._lock = threading.Lock()
        self._connection: ServerConnection | None = None
        self._query_id = ""
        self._is_stopped = False

    def run(self) -> NativeResponse:
        """See Call.run."""
        for attempt in range(1, self._attempts + 1):
            self._refuse_if_stopped()
            try:
                connection = self._pool.take(is_checked=self._attempts == 1)
            except Exception as failure:
                raise explain(failure, self._to_connect) from failure
            try:
                return self._run_on(connection, f"{self._id}-{attempt}")
            except Exception as failure:
                self._discard(connection, failure)
                self._refuse_if_stopped()
                if attempt == self._attempts or connection.has_begun or not _is_worth_another(failure):
                    raise explain(failure, self._to_answer, self._question.limits) from failure
        raise AssertionError("the last attempt answers or raises")

    def stop(self, asked_s: float) -> None:
        """See Call.stop. The server is told to end the query, and if that does not help, the line is cut."""
        with self._lock:
            self._is_stopped = True
            connection = self._connection
        if connection is None:  # connecting; that ends by itself
            return
        if asked_s >= _ABORT_AFTER_S or not self._kill(connection):
            connection.abort()

    def _run_on(self, connection: ServerConnection, query_id: str) -> NativeResponse:
        self._query_id = query_id
        self._hold(connection)
        try:
            self._refuse_if_stopped()
            reply = connection.run(self._question, query_id)
        finally:
            self._hold(None)
        self._refuse_if_stopped()  # or somebody may cut a connection that is in the pool by then
        self._pool.give_back(connection)
        return reply

    def _hold(self, connection: ServerConnection | None) -> None:
        with self._lock:
            self._connection = connection

    def _discard(self, connection: ServerConnection, failure: Exception) -> None:
        connection.close()
        if is_lost(failure) and not self._is_stopped:
            note_loss(failure, connection.host)
            self._pool.drop(connection.host)

    def _refuse_if_stopped(self) -> None:
        if self._is_stopped:
            raise translate("Code: 394.")

    def _kill(self, connection: ServerConnection) -> bool:
        kill = NativeRequest(f"KILL QUERY WHERE query_id = '{self._query_id}' ASYNC", {}, {}, ())
        try:
            other = self._connect(connection.host, connection.peer)
        except Exception as failure:
            logger.warning(
                "a query at %s cannot be ended: %s", connection.host, explain(failure, self._to_connect)
            )
            return False
        try:
            other.run(kill, f"{self._query_id}-kill")
        except Exception as failure:
            logger.warning("a query at %s cannot be ended: %s", connection.host, explain(failure, self._to_answer))
            return False
        finally:
            other.close()
        return True


def _is_worth_another(failure: Exception) -> bool:
    # After a silence the server may still be at work, and would be so twice.
    return is_lost(failure) and not is_silence(failure)


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
        self._calls = WorkerPool(connections, queue_limits)
        self._pings = WorkerPool(1)
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
    ) -> NativeRequest:
        return NativeRequest(
            text,
            params or {},
            {**settings, "log_comment": _log_comment()},
            blocks,
            traceparent=_traceparent(),
            on_progress=on_loop(on_progress) if on_progress else None,
            limits=limits,
        )

    async def _ask(
        self,
        request: NativeRequest,
        workers: WorkerPool,
        *,
        within_s: float | None = None,
        is_repeatable: bool = True,
    ) -> NativeResponse:
        if self._is_closed:
            raise GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, "The connection to ClickHouse is closed.")
        call = NativeCall(self._pool, self._connect, request, self._timeouts, is_repeatable=is_repeatable)
        try:
            return await workers.run(call, key=KEY_ID.get(), within_s=within_s)
        except TimeoutError as late:
            seconds = f"elapsed {within_s} sec" if within_s else ""
            raise translate(f"Code: 159. {seconds}", request.limits) from late

    def _settings(self, on_cluster: Mapping[str, int | str]) -> Mapping[str, int | str]:
        return on_cluster if self._cluster else {}

    def _connect(self, host: Host, peer: Host | None = None) -> ServerConnection:
        return ServerConnection(self._address, host, self._timeouts, peer=peer)


def _log_comment() -> str:
    request = REQUEST.get()
    return "trendgate" if request is None else f"trendgate {request.request_id}"


def _traceparent() -> str | None:
    carrier: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(carrier)
    return carrier.get("traceparent")
