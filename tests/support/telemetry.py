"""Metrics and spans of a gateway under test."""

from collections.abc import Mapping

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import set_tracer_provider
from prometheus_client.parser import text_string_to_metric_families

from tests.support.gateway import Gateway

Sample = tuple[str, tuple[tuple[str, str], ...]]


async def scrape(gateway: Gateway, *, token: str | None = None) -> dict[Sample, float]:
    """Scrape all metrics by name and sorted labels."""
    headers = {"authorization": f"Bearer {token}"} if token else {}
    response = await gateway.client.get("/metrics", headers=headers)
    assert response.status_code == 200, response.text
    families = text_string_to_metric_families(response.text)
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def sample(name: str, **labels: str) -> Sample:
    return f"trendgate_{name}", tuple(sorted(labels.items()))


def record_spans() -> InMemorySpanExporter:
    """Export the spans of this process to memory. The provider can be set only once per process."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    set_tracer_provider(provider)
    return exporter


def by_name(spans: tuple[ReadableSpan, ...]) -> Mapping[str, ReadableSpan]:
    """Return the last span of each name."""
    return {span.name: span for span in spans}


def attributes(span: ReadableSpan) -> dict[str, object]:
    return dict(span.attributes or {})
