"""Figures for Prometheus: what was asked, how it ended, and what it cost."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
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
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import reply_error
from datasource.clickhouse.instrumented_engine import QueryReport
from resolvers.reports import OperationReport
from resolvers.stores import Stores

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The figures of one application. No label holds what a client can choose freely, nor a project or a key."""

    def __init__(self) -> None:
        # When each counter began would be a second series for it, which nobody looks at.
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the package leaves it without types
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        Info("trendgate_build", "The version that runs.", registry=self.registry).info({"version": _version()})
        self._operations = self._counter("operations", "GraphQL operations by outcome.", "type", "outcome")
        self._errors = self._counter("errors", "Errors in the answers of GraphQL operations.", "code")
        self._operation_seconds = self._histogram("operation_seconds", "Time of a GraphQL operation.", "type")
        self._queries = self._counter("clickhouse_queries", "Statements sent to ClickHouse.", "kind", "outcome")
        self._query_seconds = self._histogram(
            "clickhouse_query_seconds", "Time of a statement, its wait for a free connection included.", "kind"
        )
        self._rows = self._counter("clickhouse_rows_read", "Rows that ClickHouse has read.")
        self._bytes = self._counter("clickhouse_bytes_read", "Bytes that ClickHouse has read, uncompressed.")
        self._responses = self._counter("http_responses", "HTTP responses.", "method", "route", "status")
        self._in_flight = self._gauge("http_requests_in_flight", "HTTP requests being answered.")

    def observe_operation(self, report: OperationReport) -> None:
        """Count a GraphQL operation that has ended."""
        self._operations.labels(report.kind, report.outcome).inc()
        self._operation_seconds.labels(report.kind).observe(report.seconds)
        for code in report.codes:
            self._errors.labels(code).inc()

    def observe_query(self, report: QueryReport) -> None:
        """Count a statement that has ended."""
        self._queries.labels(report.kind, report.outcome).inc()
        self._query_seconds.labels(report.kind).observe(report.seconds)
        self._rows.inc(report.rows_read)
        self._bytes.inc(report.bytes_read)

    def observe_request(self) -> None:
        """Note that an HTTP request has come in."""
        self._in_flight.inc()

    def observe_response(self, method: str, route: str, status: int) -> None:
        """Count an HTTP response; `route` is a path as the application declares it."""
        self._in_flight.dec()
        self._responses.labels(method, route, str(status)).inc()

    def render(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self.registry)

    def _counter(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"trendgate_{name}", description, labels, registry=self.registry)

    def _gauge(self, name: str, description: str) -> Gauge:
        return Gauge(f"trendgate_{name}", description, registry=self.registry)

    def _histogram(self, name: str, description: str, *labels: str) -> Histogram:
        return Histogram(f"trendgate_{name}", description, labels, buckets=_SECONDS, registry=self.registry)


class MetricsEndpoint:
    """Answers a scrape, to whoever knows the token if there is one."""

    def __init__(self, metrics: Metrics, token: SecretStr | None) -> None:
        self._metrics = metrics
        self._token = token

    async def __call__(self, request: Request) -> Response:
        """The figures, or 401."""
        if not self._is_allowed(request.headers.get("authorization", "")):
            return reply_error(
                401,
                "The metrics ask for a token.",
                hint="Send Authorization: Bearer with the value of TRENDGATE_METRICS_TOKEN.",
                headers={"www-authenticate": "Bearer"},
            )
        return Response(
            self._metrics.render(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"}
        )

    def _is_allowed(self, authorization: str) -> bool:
        if self._token is None:
            return True
        scheme, _, sent = authorization.partition(" ")
        expected = self._token.get_secret_value().encode()
        return scheme.lower() == "bearer" and secrets.compare_digest(sent.strip().encode(), expected)


def _version() -> str:
    try:
        return version("trendgate")
    except PackageNotFoundError:
        return "unreleased"


@dataclass(frozen=True, slots=True)
class StoresCollector(Collector):
    """Of one application's stores."""

    stores: Stores

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        occupancy = self.stores.events.occupancy
        yield _gauge("clickhouse_queries_running", "Statements that ClickHouse works on.", occupancy.running)
        yield _gauge("clickhouse_queries_waiting", "Statements that wait for their turn.", occupancy.waiting)
        answers = self.stores.answers
        told = CounterMetricFamily(
            "trendgate_trend_answers",
            "Trends by where their answer came from: kept, computed, or joined to one that was being computed.",
            labels=["source"],
        )
        for source, count in (
            ("kept", answers.counts.hits),
            ("computed", answers.counts.misses),
            ("joined", answers.counts.joined),
        ):
            told.add_metric([source], count)
        yield told
        if answers.bytes_kept is not None:
            yield _gauge(
                "trend_answers_bytes", "Memory that kept answers take in this process.", answers.bytes_kept
            )


def _gauge(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"trendgate_{name}", description, value=value)
