"""Tracing with OpenTelemetry, configured by its own environment variables."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry.trace import get_tracer, set_tracer_provider

from errors import ErrorCode, GatewayError

TRACER: Final = get_tracer("trendgate")
SERVICE_NAME: Final = "trendgate"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_tracing_enabled(environment: Mapping[str, str]) -> bool:
    """Whether the environment names an endpoint for traces and does not disable them."""
    is_disabled = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    )
    return not is_disabled and any(environment.get(name) for name in _ENDPOINTS)


@contextmanager
def export_traces() -> Iterator[None]:
    """Export spans over OTLP (HTTP) if the environment enables it; flush them on exit.

    Raises UPSTREAM_UNAVAILABLE if the exporter is not installed.
    """
    if not is_tracing_enabled(os.environ):
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The environment enables tracing, but the exporter is not installed.",
            hint="Install trendgate with the extra `otel`, or unset OTEL_EXPORTER_OTLP_ENDPOINT.",
        ) from missing

    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
