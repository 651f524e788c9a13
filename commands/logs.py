"""Where log lines of a running server go, which of them, and in which form."""

import logging
from datetime import UTC, datetime
from typing import Final

import orjson
from opentelemetry.trace import format_trace_id, get_current_span

from datasource.clickhouse.request_info import REQUEST
from settings import Settings

OWN_LOGGERS = ("trendgate", "asgi", "commands", "datasource", "permissions", "resolvers", "schema")
_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure_logging(settings: Settings) -> None:
    """Lines to standard error: our own from the level in the settings on, warnings from libraries."""
    level = settings.log_level.upper()
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if settings.log_format == "json" else logging.Formatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(level)
    access = logging.INFO if settings.access_log else logging.WARNING
    for name in ("uvicorn.access", "trendgate.operations"):
        logging.getLogger(name).setLevel(access)


class JsonLines(logging.Formatter):
    """One JSON object per line.

    `time` in UTC, `level`, `logger`, `message`, the ids of the request and the trace where there are any, and
    whatever the record carries as `fields`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Formatter."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_surroundings(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def _surroundings() -> dict[str, object]:
    found: dict[str, object] = {}
    origin = REQUEST.get()
    if origin is not None:
        found["request_id"] = origin.request_id
    span = get_current_span().get_span_context()
    if span.is_valid:
        found["trace_id"] = format_trace_id(span.trace_id)
    return found
