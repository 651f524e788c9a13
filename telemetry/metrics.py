"""Prometheus metrics: requests, operations, ClickHouse statements, and how they ended."""

from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from telemetry.request import OperationReport, QueryReport
from telemetry.version import installed_version

_BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The metrics of one application. No label holds a project, a key, or anything a client can choose freely."""

    def __init__(self) -> None:
        # Creation times would double the number of series.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package leaves it untyped
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        Info("trendgate_build", "The running version.", registry=self.registry).info(
            {"version": installed_version()}
        )
        self._operations = self._counter("operations", "GraphQL operations by outcome.", "type", "outcome")
        self._operation_seconds = self._histogram("operation_seconds", "Duration of GraphQL operations.", "type")
        self._errors = self._counter("errors", "Errors in GraphQL responses.", "code")
        self._queries = self._counter("clickhouse_queries", "ClickHouse statements by outcome.", "kind", "outcome")
        self._query_seconds = self._histogram(
            "clickhouse_query_seconds",
            "Duration of ClickHouse statements, including the wait for a connection.",
            "kind",
        )
        self._rows_read = self._counter("clickhouse_rows_read", "Rows read by ClickHouse.")
        self._bytes_read = self._counter("clickhouse_bytes_read", "Uncompressed bytes read by ClickHouse.")
        self._responses = self._counter("http_responses", "HTTP responses.", "method", "route", "status")
        self._in_flight = self._gauge("http_requests_in_flight", "HTTP requests in progress.")

    def record_operation(self, report: OperationReport) -> None:
        """Count a finished GraphQL operation."""
        self._operations.labels(report.kind, report.outcome).inc()
        self._operation_seconds.labels(report.kind).observe(report.seconds)
        for code in report.codes:
            self._errors.labels(code).inc()

    def record_query(self, report: QueryReport) -> None:
        """Count a finished ClickHouse statement."""
        self._queries.labels(report.kind, report.outcome).inc()
        self._query_seconds.labels(report.kind).observe(report.seconds)
        self._rows_read.inc(report.rows_read)
        self._bytes_read.inc(report.bytes_read)

    def record_request(self) -> None:
        """Count an incoming HTTP request as in progress."""
        self._in_flight.inc()

    def record_response(self, method: str, route: str, status: int) -> None:
        """Count an HTTP response; `route` is a path as the application declares it."""
        self._in_flight.dec()
        self._responses.labels(method, route, str(status)).inc()

    def render(self) -> bytes:
        """Render all metrics in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"trendgate_{name}", description, labels, registry=self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(f"trendgate_{name}", description, registry=self.registry)

    def _histogram(self, name: str, description: str, *labels: str) -> Histogram:
        return Histogram(f"trendgate_{name}", description, labels, buckets=_BUCKETS_S, registry=self.registry)
