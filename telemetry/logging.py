"""Logging: set-up, the JSON format, and the log line of an operation. Loggers are named `trendgate.<area>`."""

import logging
from collections.abc import Mapping
from copy import copy
from datetime import UTC, datetime
from typing import Final

import orjson
from opentelemetry.trace import format_trace_id, get_current_span

from errors import MAX_VALUE_LENGTH, cut
from settings import Settings
from telemetry import access_log
from telemetry.request import REQUEST, OperationReport
from telemetry.text import printable

logger = logging.getLogger("trendgate.operations")

_TEXT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_MAX_FAULT_LENGTH: Final = 2_000
"""Characters of a value in an error, which may be the only trace of a fault."""
_MAX_LENGTH: Final = 4_000
_FIRST_STACK_LINES: Final = 15
_LAST_STACK_LINES: Final = 35


def configure_logging(settings: Settings) -> None:
    """Log to standard error: the gateway from the configured level up, libraries from warnings up."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter(_TEXT))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger("trendgate").setLevel(settings.log_level.upper())
    for each in (logger, access_log.logger):
        each.setLevel(logging.INFO if settings.access_log else logging.WARNING)


class SafeFormatter(logging.Formatter):
    """Keeps a record on one line of bounded length, whatever the texts of clients in it contain."""

    def message(self, record: logging.LogRecord) -> str:
        """The record's message, with its values cut."""
        length = _MAX_FAULT_LENGTH if record.levelno >= logging.ERROR else MAX_VALUE_LENGTH
        shown = copy(record)
        if isinstance(record.args, Mapping):
            shown.args = {name: _shorten(value, length) for name, value in record.args.items()}
        else:
            shown.args = tuple(_shorten(value, length) for value in record.args or ())
        return printable(cut(shown.getMessage(), _MAX_LENGTH))

    def stack(self, record: logging.LogRecord) -> list[str]:
        """The lines of the record's exception; those in the middle of a long one are left out."""
        if not record.exc_info:
            return []
        lines = self.formatException(record.exc_info).split("\n")
        left_out = len(lines) - _FIRST_STACK_LINES - _LAST_STACK_LINES
        if left_out > 1:
            lines[_FIRST_STACK_LINES:-_LAST_STACK_LINES] = [f"  [{left_out} lines are left out]"]
        return [printable(cut(line, MAX_VALUE_LENGTH)) for line in lines]


class TextFormatter(SafeFormatter):
    """One line per record. An exception follows with its lines indented, so that none looks like a record."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = self.message(record)
        record.asctime = self.formatTime(record)
        return "\n    ".join([self.formatMessage(record), *self.stack(record)])


class JsonFormatter(SafeFormatter):
    """One JSON object per line: `time` (UTC), `level`, `logger`, `message`, the ids of request and trace if any,
    and the record's own `fields`.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.message(record),
            **_ids(),
            **{name: _shorten(value, MAX_VALUE_LENGTH) for name, value in getattr(record, "fields", {}).items()},
        }
        if record.exc_info:
            line["exception"] = "\n".join(self.stack(record))
        return orjson.dumps(line, default=str).decode()


def _shorten(value: object, length: int) -> object:
    """Cut a text, or what a record would write as one; numbers and lists stay."""
    if value is None or isinstance(value, int | float | list | tuple):
        return value
    return printable(cut(str(value), length))


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
