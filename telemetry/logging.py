"""Logging: set-up, the JSON format, and the log line of an operation. Loggers are named `trendgate.<area>`."""

import logging
from datetime import UTC, datetime
from typing import Final

import orjson
from opentelemetry.trace import format_trace_id, get_current_span

from settings import Settings
from telemetry.request import REQUEST, OperationReport

logger = logging.getLogger("trendgate.operations")

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(settings: Settings) -> None:
    """Log to standard error: the gateway from the configured level up, libraries from warnings up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("trendgate").setLevel(settings.log_level.upper())
    for each in (logger, logging.getLogger("uvicorn.access")):
        each.setLevel(logging.INFO if settings.access_log else logging.WARNING)


class JsonFormatter(logging.Formatter):
    """One JSON object per line: `time` (UTC), `level`, `logger`, `message`, the ids of request and trace if any,
    and the record's own `fields`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_ids(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_operation(report: OperationReport) -> None:
    """Log how a GraphQL operation ended, how long it took and what it cost ClickHouse."""
    fields = {
        "operation_type": report.kind,
        "operation_name": report.name,
        "outcome": report.outcome,
        "codes": list(report.codes),
        "duration_ms": round(report.seconds * 1000, 1),
        "queries": report.queries,
        "rows_read": report.rows_read,
        "query_ids": list(report.query_ids),
    }
    logger.info(
        "%s %s: %s in %.1f ms, %d queries, %d rows read",
        report.kind,
        report.name or "-",
        report.outcome,
        report.seconds * 1000,
        report.queries,
        report.rows_read,
        extra={"fields": fields},
    )


def _ids() -> dict[str, object]:
    ids: dict[str, object] = {}
    request = REQUEST.get()
    if request is not None:
        ids["request_id"] = request.request_id
    span = get_current_span().get_span_context()
    if span.is_valid:
        ids["trace_id"] = format_trace_id(span.trace_id)
    return ids
