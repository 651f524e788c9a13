"""The JSON log format, and the names of loggers."""

import json
import logging
import re
import sys
from pathlib import Path

import pytest

from telemetry.logging import JsonFormatter, TextFormatter, log_operation
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


FORGED = "a\r\n2026-01-01 ERROR forged\x1b[31m\x9b1m\u2028\u202e\x00\udc80"
ESCAPED = r"a\r\n2026-01-01 ERROR forged\x1b[31m\x9b1m\u2028\u202e\x00\udc80"
TEXT = TextFormatter("%(levelname)s %(message)s")


def log_line(formatter: logging.Formatter, message: str, *args: object, level: int = logging.INFO) -> str:
    return formatter.format(logging.LogRecord("trendgate.test", level, __file__, 1, message, args, None))


def test_client_text_cannot_forge_a_line_or_reach_the_terminal() -> None:
    assert log_line(TEXT, "rejected %s: %s", FORGED, 7) == f"INFO rejected {ESCAPED}: 7"
    assert log_line(TEXT, f"100% {FORGED}") == f"INFO 100% {ESCAPED}"
    assert json.loads(log_line(JsonFormatter(), "%s", FORGED))["message"] == ESCAPED


def test_named_values_are_shown_safely_too() -> None:
    assert log_line(TEXT, "%(name)s %(count)d", {"name": FORGED, "count": 3}) == f"INFO {ESCAPED} 3"


@pytest.mark.parametrize(("level", "length"), [(logging.INFO, 300), (logging.ERROR, 2_000)])
def test_long_values_are_cut(level: int, length: int) -> None:
    assert log_line(TEXT, "%s-%s", "x" * 100_000, "é" * 300, level=level).partition(" ")[2] == (
        f"{'x' * (length - 1)}…-{'é' * 300}"
    )


def test_values_of_fields_are_cut() -> None:
    line = json.loads(
        JsonFormatter().format(record("hello", fields={"name": "x" * 1_000 + FORGED, "codes": ["A"]}))
    )
    assert (line["name"], line["codes"]) == ("x" * 299 + "…", ["A"])


def test_a_line_is_bounded_whatever_its_message() -> None:
    assert len(log_line(TEXT, "x" * 100_000)) < 5_000
    assert len(log_line(TEXT, "%s " * 100, *["x" * 1_000] * 100)) < 5_000


def recurse(depth: int) -> None:
    if depth == 0:
        raise ValueError(FORGED + "x" * 100_000)
    (recurse if depth % 2 else recurse_differently)(depth - 1)


def recurse_differently(depth: int) -> None:
    recurse(depth)


def test_stack_is_bounded_and_no_line_of_it_looks_like_a_record() -> None:
    try:
        recurse(200)
    except ValueError:
        failed = record("broken", exc_info=sys.exc_info())
    text = TEXT.format(failed)
    first, *stack = text.split("\n")
    assert first == "WARNING broken"
    assert len(stack) == 51
    assert all(line.startswith("    ") for line in stack)
    assert re.fullmatch(r" +\[\d+ lines are left out\]", stack[15])
    assert "ValueError: a" in text
    assert "\x1b" not in text
    assert len(text) < 10_000
    exception = json.loads(JsonFormatter().format(failed))["exception"]
    assert exception.split("\n") == [line.removeprefix("    ") for line in stack]


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
