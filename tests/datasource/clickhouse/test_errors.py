import pytest

from datasource.clickhouse.engine import Limits
from datasource.clickhouse.errors import ClickHouseError, translate
from errors import ErrorCode, GatewayError

ROWS = (
    "Code: 158. DB::Exception: Limit for rows (controlled by 'max_rows_to_read' setting) exceeded, "
    "max rows: 1.00 thousand, current rows: 1.50 million. (TOO_MANY_ROWS)"
)
GROUPS = "Code: 158. DB::Exception: Limit for rows to GROUP BY exceeded: has 16384 rows, maximum: 1000."
BYTES = (
    "Code: 307. DB::Exception: Limit for rows or bytes to read exceeded, max bytes: 1.18 MiB, "
    "current bytes: 1.50 MiB: While executing MergeTreeSelect. (TOO_MANY_BYTES)"
)
RESULT = (
    "Code: 396. DB::Exception: Limit for result exceeded, "
    "max rows: 100.00, current rows: 101.00. (TOO_MANY_ROWS_OR_BYTES)"
)
SET = "Code: 191. DB::Exception: Limit for IN-set exceeded, max rows: 1.00 thousand, current rows: 65.41 thousand."
MEMORY = (
    "Code: 241. DB::Exception: Query memory limit exceeded: would use 2.07 MiB (attempt to allocate chunk of "
    "0.00 B), maximum: 976.56 KiB: While executing AggregatingTransform. (MEMORY_LIMIT_EXCEEDED)"
)
TIME = "Code: 159. DB::Exception: Timeout exceeded: elapsed 301.774 ms, maximum: 300.000 ms. (TIMEOUT_EXCEEDED)"
ESTIMATE = (
    "Code: 160. DB::Exception: Estimated query execution time (17734.410 seconds) is too long. Maximum: 1. "
    "Estimated rows to process: 100000000000 (654090 read in 0.116 seconds): While executing NumbersRange."
)
QUERIES = "Code: 202. DB::Exception: Too many simultaneous queries for user ada. Current: 9, maximum: 8."


@pytest.mark.parametrize(
    ("text", "code", "limit", "actual", "unit"),
    [
        (ROWS, ErrorCode.QUERY_TOO_EXPENSIVE, 1000, 1_500_000, "rows"),
        (GROUPS, ErrorCode.QUERY_TOO_EXPENSIVE, 1000, 16384, "rows"),
        (BYTES, ErrorCode.QUERY_TOO_EXPENSIVE, 1_237_320, 1_572_864, "bytes"),
        (RESULT, ErrorCode.QUERY_TOO_EXPENSIVE, 100, 101, "rows"),
        (SET, ErrorCode.QUERY_TOO_EXPENSIVE, 1000, 65_410, "rows"),
        (MEMORY, ErrorCode.QUERY_TOO_EXPENSIVE, 999_997, 2_170_552, "bytes"),
        (TIME, ErrorCode.TIMEOUT, 0.3, 0.301774, "seconds"),
        (ESTIMATE, ErrorCode.TIMEOUT, 1, 17734, "seconds"),
        (QUERIES, ErrorCode.RATE_LIMITED, 8, 9, "queries"),
    ],
)
def test_exceeded_limit_has_a_code_and_numbers(
    text: str, code: ErrorCode, limit: float, actual: float, unit: str
) -> None:
    error = translate(text)
    assert isinstance(error, GatewayError)
    assert error.code is code
    assert error.details == {"limit": limit, "actual": actual, "unit": unit}
    assert error.hint


@pytest.mark.parametrize(
    ("text", "limits", "limit", "message"),
    [
        (
            ROWS.replace("1.00 thousand", "1.23 million"),
            Limits(rows_to_read=1_234_567),
            1_234_567,
            "The query would read too many rows (1,500,000; the limit is 1,234,567).",
        ),
        (
            MEMORY,
            Limits(memory_bytes=1_000_000),
            1_000_000,
            "The query needs too much memory (2.07 MiB; the limit is 977 KiB).",
        ),
        (
            "Code: 159.",
            Limits(seconds=30),
            30,
            "The query took too long (the limit is 30 seconds).",
        ),
        (
            GROUPS,
            Limits(rows_to_read=2_000),
            1000,
            "The query would read too many rows (16,384; the limit is 1,000).",
        ),
    ],
    ids=["rounded", "bytes", "missing", "lower than the query's"],
)
def test_limit_of_the_query_is_exact(text: str, limits: Limits, limit: float, message: str) -> None:
    error = translate(text, limits)
    assert isinstance(error, GatewayError)
    assert error.details["limit"] == limit
    assert error.message == message


@pytest.mark.parametrize("subject", ["(total) memory limit exceeded", "User memory limit exceeded"])
def test_memory_limit_of_all_queries_is_not_blamed_on_this_one(subject: str) -> None:
    error = translate(MEMORY.replace("Query memory limit exceeded", subject))
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.RATE_LIMITED
    assert error.details == {}


def test_message_quotes_nothing_from_clickhouse() -> None:
    error = translate(
        "Code: 427. DB::Exception: cannot compile re2: secret(, error: missing ). In SELECT a FROM b"
    )
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.BAD_USER_INPUT
    assert error.details == {}
    assert "secret" not in f"{error.message} {error.hint}"
    assert "SELECT" not in f"{error.message} {error.hint}"


def test_misconfiguration_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    error = translate("Code: 60. DB::Exception: Unknown table expression identifier 'events'.")
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert "events" not in f"{error.message} {error.hint} {error.details}"
    assert "Unknown table expression identifier 'events'" in caplog.text


@pytest.mark.parametrize(
    ("text", "number"), [("Code: 62. DB::Exception: Syntax error", 62), ("Connection refused", 0), ("", 0)]
)
def test_unknown_code_is_an_internal_error(text: str, number: int) -> None:
    error = translate(text)
    assert isinstance(error, ClickHouseError)
    assert error.code == number
