"""ClickHouse's texts as the gateway's errors."""

import pytest

from datasource.clickhouse.failures import ClickHouseError, translate
from errors import ErrorCode, GatewayError

ROWS = (
    "Code: 158. DB::Exception: Limit for rows (controlled by 'max_rows_to_read' setting) exceeded, "
    "max rows: 1.00 thousand, current rows: 1.50 million. (TOO_MANY_ROWS)"
)
RESULT = (
    "Code: 396. DB::Exception: Limit for result exceeded, "
    "max rows: 100.00, current rows: 101.00. (TOO_MANY_ROWS_OR_BYTES)"
)
MEMORY = (
    "Code: 241. DB::Exception: Query memory limit exceeded: would use 2.07 MiB (attempt to allocate chunk of "
    "0.00 B), maximum: 976.56 KiB: While executing AggregatingTransform. (MEMORY_LIMIT_EXCEEDED)"
)
TIME = "Code: 159. DB::Exception: Timeout exceeded: elapsed 301.774 ms, maximum: 300.000 ms. (TIMEOUT_EXCEEDED)"


@pytest.mark.parametrize(
    ("text", "code", "limit", "actual"),
    [
        (ROWS, ErrorCode.QUERY_TOO_EXPENSIVE, "1.00 thousand", "1.50 million"),
        (RESULT, ErrorCode.QUERY_TOO_EXPENSIVE, "100.00", "101.00"),
        (MEMORY, ErrorCode.QUERY_TOO_EXPENSIVE, "976.56 KiB", "2.07 MiB"),
        (TIME, ErrorCode.TIMEOUT, "300.000 ms", "301.774 ms"),
    ],
)
def test_translate_limit_gives_its_code_and_figures(text: str, code: ErrorCode, limit: str, actual: str) -> None:
    error = translate(text)
    assert isinstance(error, GatewayError)
    assert error.code is code
    assert error.details == {"limit": limit, "actual": actual}
    assert error.hint


def test_translate_known_code_takes_over_no_text() -> None:
    error = translate(
        "Code: 427. DB::Exception: cannot compile re2: secret(, error: missing ). In SELECT a FROM b"
    )
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.BAD_USER_INPUT
    assert error.details == {}
    assert "secret" not in f"{error.message} {error.hint}"
    assert "SELECT" not in f"{error.message} {error.hint}"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (394, ErrorCode.CANCELLED),
        (202, ErrorCode.RATE_LIMITED),
        (209, ErrorCode.UPSTREAM_UNAVAILABLE),
        (210, ErrorCode.UPSTREAM_UNAVAILABLE),
        (160, ErrorCode.TIMEOUT),
        (735, ErrorCode.CANCELLED),
        (516, ErrorCode.UPSTREAM_UNAVAILABLE),
        (193, ErrorCode.UPSTREAM_UNAVAILABLE),
        (81, ErrorCode.UPSTREAM_UNAVAILABLE),
        (497, ErrorCode.UPSTREAM_UNAVAILABLE),
        (197, ErrorCode.UPSTREAM_UNAVAILABLE),
        (279, ErrorCode.UPSTREAM_UNAVAILABLE),
        (307, ErrorCode.QUERY_TOO_EXPENSIVE),
    ],
)
def test_translate_known_number_gives_its_code(number: int, code: ErrorCode) -> None:
    error = translate(f"Code: {number}. DB::Exception: whatever it says")
    assert isinstance(error, GatewayError)
    assert error.code is code


@pytest.mark.parametrize(
    ("text", "number"), [("Code: 62. DB::Exception: Syntax error", 62), ("Connection refused", 0), ("", 0)]
)
def test_translate_anything_else_stays_no_clients_matter(text: str, number: int) -> None:
    error = translate(text)
    assert isinstance(error, ClickHouseError)
    assert error.code == number
