"""The JSON log format, and the names of loggers."""

import json
import logging
import re
import sys
from pathlib import Path

import pytest

from telemetry.logging import JsonFormatter, log_operation
from telemetry.request import REQUEST, OperationReport, RequestInfo

ROOT = Path(__file__).parents[2]
PACKAGES = ("asgi", "commands", "datasource", "permissions", "resolvers", "schema", "telemetry")


def record(message: str, **extra: object) -> logging.LogRecord:
    made = logging.LogRecord("trendgate.test", logging.WARNING, __file__, 1, message, (), None)
    made.__dict__.update(extra)
    return made


def test_json_line_has_time_level_logger_and_message() -> None:
    line = json.loads(JsonFormatter().format(record("hello")))
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "warning", "logger": "trendgate.test", "message": "hello"}


def test_json_line_has_the_request_id_and_the_fields_of_the_record() -> None:
    token = REQUEST.set(RequestInfo("request-7"))
    try:
        line = json.loads(JsonFormatter().format(record("hello", fields={"rows_read": 3})))
    finally:
        REQUEST.reset(token)
    assert (line["request_id"], line["rows_read"]) == ("request-7", 3)


def test_json_line_has_the_stack_of_an_exception() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        line = json.loads(JsonFormatter().format(record("hello", exc_info=sys.exc_info())))
    assert "ValueError: broken" in line["exception"]
    assert "test_logging.py" in line["exception"]


def test_operation_is_logged_with_its_cost(caplog: pytest.LogCaptureFixture) -> None:
    report = OperationReport("query", "Named", ("TIMEOUT", "INTERNAL"), 0.25, 2, 30, ("a", "b"))
    with caplog.at_level(logging.INFO, logger="trendgate.operations"):
        log_operation(report)
    [logged] = caplog.records
    assert logged.getMessage() == "query Named: TIMEOUT in 250.0 ms, 2 queries, 30 rows read"
    assert logged.__dict__["fields"] == {
        "operation_type": "query",
        "operation_name": "Named",
        "outcome": "TIMEOUT",
        "codes": ["TIMEOUT", "INTERNAL"],
        "duration_ms": 250.0,
        "queries": 2,
        "rows_read": 30,
        "query_ids": ["a", "b"],
    }


def test_loggers_are_named_by_area() -> None:
    files = [file for package in PACKAGES for file in (ROOT / package).rglob("*.py")]
    found = {
        f"{file.relative_to(ROOT)}: {argument}"
        for file in files
        for argument in re.findall(r"^\w+ = logging\.getLogger\((.*)\)", file.read_text(encoding="utf-8"), re.M)
    }
    assert len(found) > 5
    assert {each for each in found if not re.search(r': "trendgate\.[a-z]+"$', each)} == set()
