"""ClickHouse's error codes as the gateway's errors, in one table for every engine."""

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import isclose
from typing import Final

from datasource.clickhouse.engine import Limits
from errors import ErrorCode, GatewayError, LimitExceeded

RETRY_HINT: Final = "Try again in a moment."
_NARROW_HINT: Final = "Narrow the dates, add a filter, or request fewer breakdown values."
_OPERATOR_HINT: Final = "The operator of the gateway has to fix this; the gateway's log has the details."
_UNKNOWN_TYPE, _TIMEOUT, _MEMORY_LIMIT, _RESULT_LIMIT = 50, 159, 241, 396
_ROUNDING: Final = 0.01  # ClickHouse rounds large numbers to a few digits
_SCALES: Final = {
    "": 1,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "quadrillion": 10**15,
    "B": 1,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
    "PiB": 2**50,
    "ns": 1e-9,
    "us": 1e-6,
    "ms": 1e-3,
    "sec": 1,
    "seconds": 1,
}
_NUMBER: Final = (
    r"(\d+(?:\.\d+)?)(?: (thousand|million|billion|trillion|quadrillion|[KMGTP]?iB|B|ns|us|ms|sec|seconds)\b)?"
)
_LIMIT: Final = re.compile(rf"\bmax(?:imum)?(?: rows| bytes)?: {_NUMBER}", re.IGNORECASE)
_ACTUAL: Final = re.compile(
    rf"\b(?:current (?:rows|bytes):|current:|elapsed|would use|has|Requested:|execution time \() ?{_NUMBER}",
    re.IGNORECASE,
)
_IN_BYTES: Final = re.compile(r"\bmax bytes:")
_ALL_QUERIES: Final = re.compile(r"\(total\)|\(for user\)|\bUser memory limit")
"""A memory limit that all queries share, so that this one may not be the cause."""

logger = logging.getLogger("trendgate.clickhouse")


class ClickHouseError(Exception):
    """A failure that no client caused or can fix; `code` is ClickHouse's number, 0 if it gave none."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class Unsupported(ClickHouseError):
    """A result column of a type that no statement of the gateway returns."""

    def __init__(self, type_name: str) -> None:
        super().__init__(_UNKNOWN_TYPE, f"Unsupported column type {type_name}")


class ResultTooLarge(LimitExceeded):
    """A result with too many rows, or that took too much memory. Fewer breakdown values make it smaller."""


def translate(text: str, limits: Limits | None = None) -> GatewayError | ClickHouseError:
    """Return the error for an exception text of ClickHouse, "Code: N. DB::Exception: ...".

    `limits` are those of the query. Only numbers are taken from the text, since it may quote SQL or values.
    """
    match = re.search(r"Code: (\d+)", text)
    code = int(match.group(1)) if match else 0
    rule = _RULES.get(code)
    if rule is None:
        return ClickHouseError(code, text)
    if code == _MEMORY_LIMIT and _ALL_QUERIES.search(text):
        rule = _NO_MEMORY
    elif code == _RESULT_LIMIT and _IN_BYTES.search(text):
        rule = _LARGE_RESULT
    if rule.hint == _OPERATOR_HINT:
        logger.error("ClickHouse rejected a statement of the gateway: %s", text)
    return _error(rule, _read_number(_LIMIT, text), _read_number(_ACTUAL, text), limits)


def cancelled() -> GatewayError:
    """Return the error of a query that was cancelled."""
    return _error(_CANCELLED)


def timed_out(elapsed_s: float | None, limits: Limits | None) -> GatewayError:
    """Return the error of a query that the gateway ended because the server did not."""
    return _error(_RULES[_TIMEOUT], actual=elapsed_s, limits=limits)


@dataclass(frozen=True, slots=True)
class _Rule:
    """The error for a code. With a `unit`, it has a limit, which `exact` finds among those of the query."""

    code: ErrorCode
    message: str
    hint: str
    unit: str | None = None
    exact: Callable[[Limits], float] | None = None
    is_about_result: bool = False


def _expensive(message: str, unit: str | None = None, exact: Callable[[Limits], float] | None = None) -> _Rule:
    return _Rule(ErrorCode.QUERY_TOO_EXPENSIVE, message, _NARROW_HINT, unit, exact)


def _slow(message: str) -> _Rule:
    return _Rule(ErrorCode.TIMEOUT, message, _NARROW_HINT, "seconds", lambda limits: limits.seconds)


def _busy(message: str, unit: str | None = None) -> _Rule:
    return _Rule(ErrorCode.RATE_LIMITED, message, RETRY_HINT, unit)


def _down(message: str) -> _Rule:
    return _Rule(ErrorCode.UPSTREAM_UNAVAILABLE, message, RETRY_HINT)


def _misconfigured(message: str) -> _Rule:
    return _Rule(ErrorCode.UPSTREAM_UNAVAILABLE, message, _OPERATOR_HINT)


_TOO_COMPLEX: Final = _expensive("The query is too long or too deeply nested for ClickHouse")
_WRONG_LOGIN: Final = _misconfigured("ClickHouse rejects the gateway's user or password")
_FORBIDDEN: Final = _misconfigured("ClickHouse does not allow the gateway's user to do this")
_READ_ONLY: Final = _misconfigured("ClickHouse allows the gateway only to read here")
_NO_TABLE: Final = _misconfigured("ClickHouse lacks one of the gateway's tables")
_TOO_OLD: Final = _misconfigured("The ClickHouse server is too old")
_CANCELLED: Final = _Rule(ErrorCode.CANCELLED, "The query was cancelled", "Send it again.")
_UNREACHABLE: Final = _down("ClickHouse cannot be reached")
_CUT: Final = _down("The connection to ClickHouse was lost")
_PARTLY_DOWN: Final = _down("A part of ClickHouse cannot be reached")
_STORAGE_DOWN: Final = _down("ClickHouse cannot reach its storage")
_FULL: Final = _busy("ClickHouse is running too many queries", "queries")
_NO_MEMORY: Final = _busy("ClickHouse has no memory left for this query at the moment")
_BEHIND: Final = _busy("ClickHouse is behind with merging what was written to it")
_LARGE_RESULT: Final = replace(
    _expensive("The query returns too much data", "bytes", lambda limits: limits.result_bytes or 0),
    is_about_result=True,
)
_CALCULATION: Final = _Rule(
    ErrorCode.BAD_USER_INPUT,
    "An expression cannot be calculated for one of the values",
    "Check for divisions by zero and for numbers out of range.",
)

_RULES: Final[Mapping[int, _Rule]] = {
    158: _expensive("The query would read too many rows", "rows", lambda limits: limits.rows_to_read),
    307: _expensive("The query would read too much data", "bytes"),
    _RESULT_LIMIT: replace(
        _expensive("The query returns too many rows", "rows", lambda limits: limits.result_rows),
        is_about_result=True,
    ),
    191: _expensive("The query collects too many rows", "rows"),
    _MEMORY_LIMIT: replace(
        _expensive("The query needs too much memory", "bytes", lambda limits: limits.memory_bytes),
        is_about_result=True,
    ),
    161: _expensive("The query would read too many columns", "columns"),
    128: _expensive("The query builds an array that is too long"),
    131: _expensive("The query builds a string that is too long"),
    **dict.fromkeys((162, 167, 168, 229, 306), _TOO_COMPLEX),
    _TIMEOUT: _slow("The query took too long"),
    160: _slow("The query would take too long"),
    **dict.fromkeys((394, 735), _CANCELLED),
    **dict.fromkeys((202, 439, 700, 745, 749, 776), _FULL),
    **dict.fromkeys((173, 777, 778), _NO_MEMORY),
    **dict.fromkeys((252, 692), _BEHIND),
    201: _busy("The gateway's user has used up its quota in ClickHouse"),
    427: _Rule(ErrorCode.BAD_USER_INPUT, "A regular expression is invalid", "Use RE2 syntax."),
    **dict.fromkeys((153, 407), _CALCULATION),
    **dict.fromkeys((192, 193, 194, 516, 720), _WRONG_LOGIN),
    **dict.fromkeys((291, 497, 452), _FORBIDDEN),
    **dict.fromkeys((164, 242, 472, 774), _READ_ONLY),
    **dict.fromkeys((60, 218), _NO_TABLE),
    **dict.fromkeys((115, 197), _TOO_OLD),
    81: _misconfigured("ClickHouse lacks the gateway's database"),
    243: _misconfigured("ClickHouse has no disk space left"),
    **dict.fromkeys((198, 210, 1000), _UNREACHABLE),
    **dict.fromkeys((3, 32, 33, 95, 96, 101, 102), _CUT),
    209: _down("ClickHouse does not answer"),
    **dict.fromkeys((203, 279, 297, 369, 519, 904), _PARTLY_DOWN),
    **dict.fromkeys((225, 999), _down("ClickHouse cannot reach its keeper")),
    **dict.fromkeys((499, 500), _STORAGE_DOWN),
    236: _down("ClickHouse is shutting down"),
    473: _down("ClickHouse has locked a table"),
}


def _error(
    rule: _Rule, limit: float | None = None, actual: float | None = None, limits: Limits | None = None
) -> GatewayError:
    if rule.unit is None:
        return GatewayError(rule.code, "{problem}.", problem=rule.message, hint=rule.hint)
    limit = _exact_limit(rule, limits, limit)
    match (actual, limit):
        case (None, None):
            template = "{problem}."
        case (_, None):
            template = "{problem} ({actual_text})."
        case (None, _):
            template = "{problem} (the limit is {limit_text})."
        case _:
            template = "{problem} ({actual_text}; the limit is {limit_text})."
    error = ResultTooLarge if rule.is_about_result else LimitExceeded
    return error(
        rule.code,
        template,
        problem=rule.message,
        actual_text=_describe(actual, rule.unit),
        limit_text=_describe(limit, rule.unit),
        limit=limit,
        actual=actual,
        unit=rule.unit,
        hint=rule.hint,
    )


def _exact_limit(rule: _Rule, limits: Limits | None, rounded: float | None) -> float | None:
    # ClickHouse's user may have lower limits than the gateway requests.
    if limits is None or rule.exact is None:
        return rounded
    exact = rule.exact(limits)
    return exact if rounded is None or isclose(rounded, exact, rel_tol=_ROUNDING) else rounded


def _read_number(pattern: re.Pattern[str], text: str) -> float | None:
    match = pattern.search(text)
    if match is None:
        return None
    number = float(match.group(1)) * _SCALES[match.group(2) or ""]
    return round(number) if number >= 1000 or number.is_integer() else round(number, 6)


def _describe(number: float | None, unit: str) -> str:
    # For people: "1,500,000", "3.8 MiB", "0.25 seconds".
    if number is None:
        return ""
    if unit == "seconds":
        return f"{number:,.3g} seconds" if number < 1000 else f"{number:,.0f} seconds"
    if unit != "bytes":
        return f"{number:,.0f}"
    for name in ("TiB", "GiB", "MiB", "KiB"):
        if number >= _SCALES[name]:
            return f"{number / _SCALES[name]:.3g} {name}"
    return f"{number:,.0f} bytes"
