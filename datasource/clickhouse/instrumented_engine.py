"""An engine whose work is told: to traces, to whoever counts it, and to the log when it is slow."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from datasource.clickhouse.engine import Engine, Limits, Occupancy, ParamValue, ProgressListener, QueryResult
from datasource.clickhouse.native_format import NativeBlock
from errors import ErrorCode, GatewayError
from telemetry.request import OK, REQUEST, QueryReport
from telemetry.tracing import TRACER

logger = logging.getLogger("trendgate.queries")

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class InstrumentedEngine:
    """See Engine. Reads longer than `slow_s` are logged. A statement's text and values are told to nobody."""

    engine: Engine
    report: Callable[[QueryReport], None]
    slow_s: float

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
        work = self.engine.query(text, params, limits=limits, blocks=blocks, on_progress=on_progress)
        return await self._observe("query", work)

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        """See Engine.command."""
        await self._observe("command", self.engine.command(text, params, blocks=blocks))

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        """See Engine.insert."""
        await self._observe("insert", self.engine.insert(text, batch, params))

    async def ping(self) -> None:
        """See Engine.ping. Not told: it is asked for by whoever watches."""
        await self.engine.ping()

    async def close(self) -> None:
        """See Engine.close."""
        await self.engine.close()

    async def _observe(self, kind: str, work: Awaitable[Answer]) -> Answer:
        started = time.perf_counter()
        outcome, result = str(ErrorCode.CANCELLED), None
        with TRACER.start_as_current_span(
            f"clickhouse {kind}", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                answer = await work
                outcome, result = OK, answer if isinstance(answer, QueryResult) else None
                return answer
            except Exception as failure:
                outcome = str(failure.code if isinstance(failure, GatewayError) else ErrorCode.INTERNAL)
                raise
            finally:
                self._tell(_report(kind, outcome, time.perf_counter() - started, result), result, span)

    def _tell(self, report: QueryReport, result: QueryResult | None, span: Span) -> None:
        _describe(span, report, result)
        request = REQUEST.get()
        if request is not None:
            request.queries += 1
            request.rows_read += report.rows_read
            request.bytes_read += report.bytes_read
            request.query_ids += [result.query_id] if result and result.query_id else []
        if report.kind == "query" and report.seconds > self.slow_s:
            fields = {"duration_ms": round(report.seconds * 1000, 1), "rows_read": report.rows_read}
            logger.warning("a query took %.1f s: %s", report.seconds, report.outcome, extra={"fields": fields})
        self.report(report)


def _report(kind: str, outcome: str, seconds: float, result: QueryResult | None) -> QueryReport:
    if result is None:
        return QueryReport(kind, outcome, seconds)
    return QueryReport(kind, outcome, seconds, result.rows_read, result.bytes_read)


def _describe(span: Span, report: QueryReport, result: QueryResult | None) -> None:
    span.set_attribute("db.system.name", "clickhouse")
    if report.outcome != OK:
        span.set_attribute("error.type", report.outcome)
        span.set_status(Status(StatusCode.ERROR))
    if result is not None:
        span.set_attribute("db.response.returned_rows", result.row_count)
        span.set_attribute("trendgate.rows_read", result.rows_read)
        span.set_attribute("trendgate.bytes_read", result.bytes_read)
        if result.query_id:
            span.set_attribute("trendgate.query_id", result.query_id)
