"""Figures that are read when somebody looks: what waits for ClickHouse, and what became of trends."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from asgi.stores import Stores


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
