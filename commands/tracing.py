"""Sends traces where OpenTelemetry's own environment variables say."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from errors import ErrorCode, GatewayError

SERVICE_NAME: Final = "trendgate"
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def is_traced(environment: Mapping[str, str]) -> bool:
    """Whether the environment names an endpoint for traces and does not switch them off."""
    is_off = (
        environment.get("OTEL_SDK_DISABLED", "").lower() == "true"
        or environment.get("OTEL_TRACES_EXPORTER", "").lower() == "none"
    )
    return not is_off and any(environment.get(name) for name in _ENDPOINTS)


@contextmanager
def traced() -> Iterator[None]:
    """Export spans over OTLP (HTTP) while it lasts, if the environment asks for it; the rest is sent at the end.

    Raises UPSTREAM_UNAVAILABLE when what exports them is not installed.
    """
    if not is_traced(os.environ):
        yield
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as missing:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The environment asks for traces, and what sends them is not installed.",
            hint="Install trendgate with the extra `otel`, or unset OTEL_EXPORTER_OTLP_ENDPOINT.",
        ) from missing
    from opentelemetry.trace import set_tracer_provider

    os.environ.setdefault("OTEL_SERVICE_NAME", SERVICE_NAME)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    set_tracer_provider(provider)
    try:
        yield
    finally:
        provider.shutdown()
