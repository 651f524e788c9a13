"""An engine that reports its statements: to traces, to metrics, and to the log when they are slow."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import pyarrow as pa
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from datasource.clickhouse.engine import EngineWrapper, Limits, ParamValue, ProgressListener, QueryResult
from datasource.clickhouse.native_format import NativeBlock
from errors import ErrorCode, GatewayError
from telemetry.request import OK, REQUEST, QueryReport
from telemetry.tracing import TRACER

logger = logging.getLogger("trendgate.queries")

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class InstrumentedEngine(EngineWrapper):
    """An engine that reports every statement. Statement texts and values are never reported.

    Queries that take longer than `slow_s` are logged. Pings are not reported.
    """

    report: Callable[[QueryReport], None]
    slow_s: float

    async def query(
        self,
        text: str,
        params: Mapping[str, ParamValue] | None = None,
        *,
        limits: Limits | None = None,
        blocks: Sequence[NativeBlock] = (),
        on_progress: ProgressListener | None = None,
    ) -> QueryResult:
        work = self.engine.query(text, params, limits=limits, blocks=blocks, on_progress=on_progress)
        return await self._observe("query", work)

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        await self._observe("command", self.engine.command(text, params, blocks=blocks))

    async def insert(self, text: str, batch: pa.Table, params: Mapping[str, ParamValue] | None = None) -> None:
        await self._observe("insert", self.engine.insert(text, batch, params))

    async def _observe(self, kind: str, work: Awaitable[Result]) -> Result:
        started = time.perf_counter()
        outcome, query_result = str(ErrorCode.CANCELLED), None
        with TRACER.start_as_current_span(
            f"clickhouse {kind}", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                result = await work
                outcome, query_result = OK, result if isinstance(result, QueryResult) else None
                return result
            except Exception as failure:
                outcome = str(failure.code if isinstance(failure, GatewayError) else ErrorCode.INTERNAL)
                raise
            finally:
                self._record(
                    _report(kind, outcome, time.perf_counter() - started, query_result), query_result, span
                )

    def _record(self, report: QueryReport, result: QueryResult | None, span: Span) -> None:
        _set_attributes(span, report, result)
        request = REQUEST.get()
        if request is not None:
            request.queries += 1
            request.rows_read += report.rows_read
            request.bytes_read += report.bytes_read
            request.query_ids += [result.query_id] if result and result.query_id else []
        if report.kind == "query" and report.seconds > self.slow_s:
            fields = {"duration_ms": round(report.seconds * 1000, 1), "rows_read": report.rows_read}
            logger.warning("slow query, %.1f s: %s", report.seconds, report.outcome, extra={"fields": fields})
        self.report(report)


def _report(kind: str, outcome: str, seconds: float, result: QueryResult | None) -> QueryReport:
    if result is None:
        return QueryReport(kind, outcome, seconds)
    return QueryReport(kind, outcome, seconds, result.rows_read, result.bytes_read)


def _set_attributes(span: Span, report: QueryReport, result: QueryResult | None) -> None:
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
