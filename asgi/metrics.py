"""`/metrics` for Prometheus, and the metrics of the stores."""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import error_response
from resolvers.stores import Stores
from telemetry.metrics import Metrics

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"


class MetricsEndpoint:
    """Answers scrapes, which must send the token if one is configured."""

    def __init__(self, metrics: Metrics, token: SecretStr | None) -> None:
        self._metrics = metrics
        self._token = token

    async def __call__(self, request: Request) -> Response:
        if not self._is_allowed(request.headers.get("authorization", "")):
            return error_response(
                401,
                "The metrics require a token.",
                hint="Send Authorization: Bearer and the value of TRENDGATE_METRICS_TOKEN.",
                headers={"www-authenticate": "Bearer"},
            )
        return Response(
            self._metrics.render(), headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"}
        )

    def _is_allowed(self, authorization: str) -> bool:
        if self._token is None:
            return True
        scheme, _, token = authorization.partition(" ")
        expected = self._token.get_secret_value().encode()
        return scheme.lower() == "bearer" and secrets.compare_digest(token.strip().encode(), expected)


@dataclass(frozen=True, slots=True)
class StoresCollector(Collector):
    """The metrics of one application's stores, collected when they are scraped."""

    stores: Stores

    def collect(self) -> Iterator[Metric]:
        queue = self.stores.events.queue_status
        yield _gauge("clickhouse_queries_running", "ClickHouse statements running.", queue.running)
        yield _gauge("clickhouse_queries_waiting", "ClickHouse statements queued.", queue.waiting)
        cache = self.stores.trend_cache
        requests = CounterMetricFamily(
            "trendgate_trend_cache_requests",
            "Trends by result: found in the cache, computed, or joined to a computation for another request.",
            labels=["result"],
        )
        for result, count in (
            ("hit", cache.counts.hits),
            ("miss", cache.counts.misses),
            ("joined", cache.counts.joined),
        ):
            requests.add_metric([result], count)
        yield requests
        if cache.size is not None:
            yield _gauge("trend_cache_bytes", "Memory of this process that cached trends take.", cache.size)


def _gauge(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"trendgate_{name}", description, value=value)
