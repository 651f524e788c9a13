"""ClickHouse's error codes as the gateway's errors: one table for every engine."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import isclose
from typing import Final

from datasource.clickhouse.engine import Limits
from errors import ErrorCode, GatewayError, LimitExceeded

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
_FIGURE: Final = (
    r"(\d+(?:\.\d+)?)(?: (thousand|million|billion|trillion|quadrillion|[KMGTP]?iB|B|ns|us|ms|sec|seconds)\b)?"
)
_LIMIT: Final = re.compile(rf"\bmax(?:imum)?(?: rows| bytes)?: {_FIGURE}", re.IGNORECASE)
_ACTUAL: Final = re.compile(
    rf"\b(?:current (?:rows|bytes):|current:|elapsed|would use|has|Requested:|execution time \() ?{_FIGURE}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Figures:
    """A limit, and what there was or would have been; None where the text does not say it.

    ClickHouse rounds large numbers to a few digits, and stops to count when the limit is passed.
    """

    limit: float | None
    actual: float | None


def read_figures(text: str) -> Figures:
    """The figures of an exception text: rows, bytes or seconds, as its code has it."""
    return Figures(_number(_LIMIT.search(text)), _number(_ACTUAL.search(text)))


def describe(number: float, unit: str) -> str:
    """The number for people to read: "1,500,000 rows", "3.8 MiB"."""
    if unit == "seconds":
        return f"{number:,.3g} seconds" if number < 1000 else f"{number:,.0f} seconds"
    if unit != "bytes":
        return f"{number:,.0f} {unit}"
    for name in ("TiB", "GiB", "MiB", "KiB"):
        if number >= _SCALES[name]:
            return f"{number / _SCALES[name]:.3g} {name}"
    return f"{number:,.0f} bytes"


def _number(match: re.Match[str] | None) -> float | None:
    if match is None:
        return None
    number = float(match.group(1)) * _SCALES[match.group(2) or ""]
    return round(number) if number >= 1000 or number.is_integer() else round(number, 6)


logger = logging.getLogger("trendgate.clickhouse")

_NARROW: Final = "Narrow the dates, add a filter, or ask for fewer breakdown values."
LATER: Final = "Try again in a moment."
_OPERATOR: Final = "To be corrected by whoever runs the gateway; its log has the reason."


@dataclass(frozen=True, slots=True)
class _Known:
    """What becomes of a code. Its figures count `unit`; `exact` finds the limit among those of the query."""

    code: ErrorCode
    message: str
    hint: str
    unit: str | None = None
    exact: Callable[[Limits], float] | None = None
    is_about_result: bool = False


def _expensive(message: str, unit: str | None = None, exact: Callable[[Limits], float] | None = None) -> _Known:
    return _Known(ErrorCode.QUERY_TOO_EXPENSIVE, message, _NARROW, unit, exact)


def _late(message: str) -> _Known:
    return _Known(ErrorCode.TIMEOUT, message, _NARROW, "seconds", lambda limits: limits.seconds)


def _busy(message: str, unit: str | None = None) -> _Known:
    return _Known(ErrorCode.RATE_LIMITED, message, LATER, unit)


def _down(message: str) -> _Known:
    return _Known(ErrorCode.UPSTREAM_UNAVAILABLE, message, LATER)


def _misconfigured(message: str) -> _Known:
    return _Known(ErrorCode.UPSTREAM_UNAVAILABLE, message, _OPERATOR)


_LARGE: Final = _expensive("The query is larger or nested deeper than ClickHouse reads.")
_REFUSED: Final = _misconfigured("ClickHouse does not accept the gateway's user or password.")
_FORBIDDEN: Final = _misconfigured("ClickHouse does not allow the gateway's user to do this.")
_READ_ONLY: Final = _misconfigured("ClickHouse lets the gateway only read here.")
_NO_TABLE: Final = _misconfigured("ClickHouse does not have a table of the gateway's.")
_TOO_OLD: Final = _misconfigured("The ClickHouse server is too old.")
_CANCELLED: Final = _Known(ErrorCode.CANCELLED, "The query was cancelled.", "Send it again.")
_UNREACHABLE: Final = _down("ClickHouse cannot be reached.")
_CUT: Final = _down("The connection to ClickHouse was cut.")
_PART_DOWN: Final = _down("A part of ClickHouse cannot be reached.")
_STORAGE_DOWN: Final = _down("ClickHouse cannot reach its storage.")
_FULL: Final = _busy("ClickHouse has no room for another query", "queries")
_NO_MEMORY: Final = _busy("ClickHouse has no memory left for this query at the moment.")
_BEHIND: Final = _busy("ClickHouse is behind with what was written to it.")
_CALCULATION: Final = _Known(
    ErrorCode.BAD_USER_INPUT,
    "An expression cannot be calculated for one of the values.",
    "Look at divisions, and at functions that take numbers of some size.",
)

_KNOWN: Final[dict[int, _Known]] = {
    158: _expensive("The query would read more rows than it may", "rows", lambda limits: limits.rows_to_read),
    307: _expensive("The query would read more bytes than it may", "bytes"),
    396: replace(
        _expensive("The query has more result rows than it may", "rows", lambda limits: limits.result_rows),
        is_about_result=True,
    ),
    191: _expensive("The query collects more rows than it may", "rows"),
    241: replace(
        _expensive("The query needs more memory than it may take", "bytes", lambda limits: limits.memory_bytes),
        is_about_result=True,
    ),
    161: _expensive("The query would read more columns than it may", "columns"),
    128: _expensive("The query makes a list that is too long."),
    131: _expensive("The query makes a text that is too long."),
    **dict.fromkeys((162, 167, 168, 229, 306), _LARGE),
    159: _late("The query ran longer than it may"),
    160: _late("The query would run longer than it may"),
    **dict.fromkeys((394, 735), _CANCELLED),
    **dict.fromkeys((202, 439, 700, 745, 749, 776), _FULL),
    **dict.fromkeys((173, 777, 778), _NO_MEMORY),
    **dict.fromkeys((252, 692), _BEHIND),
    201: _busy("The gateway's user has used up its quota in ClickHouse."),
    427: _Known(ErrorCode.BAD_USER_INPUT, "A regular expression cannot be read.", "Use RE2 syntax."),
    **dict.fromkeys((153, 407), _CALCULATION),
    **dict.fromkeys((192, 193, 194, 516, 720), _REFUSED),
    **dict.fromkeys((291, 497, 452), _FORBIDDEN),
    **dict.fromkeys((164, 242, 472, 774), _READ_ONLY),
    **dict.fromkeys((60, 218), _NO_TABLE),
    **dict.fromkeys((115, 197), _TOO_OLD),
    81: _misconfigured("ClickHouse does not have the gateway's database."),
    243: _misconfigured("ClickHouse has no disk space left."),
    **dict.fromkeys((198, 210, 1000), _UNREACHABLE),
    **dict.fromkeys((3, 32, 33, 95, 96, 101, 102), _CUT),
    209: _down("ClickHouse does not answer."),
    **dict.fromkeys((203, 279, 297, 369, 519, 904), _PART_DOWN),
    **dict.fromkeys((225, 999), _down("ClickHouse cannot reach its keeper.")),
    **dict.fromkeys((499, 500), _STORAGE_DOWN),
    236: _down("ClickHouse is stopping."),
    473: _down("ClickHouse holds a table back."),
}
_NOT_THE_QUERYS: Final = re.compile(r"\(total\)|\(for user\)|\bUser memory limit")
_ROUNDING: Final = 0.01


class ClickHouseError(Exception):
    """A failure that no client caused or can mend; `code` is ClickHouse's number, 0 when it gave none."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class ResultTooLarge(LimitExceeded):
    """The answer is larger than it may be, or took more memory: fewer breakdown values would make it smaller."""


def translate(text: str, limits: Limits | None = None) -> GatewayError | ClickHouseError:
    """The error for an exception text of ClickHouse, "Code: N. DB::Exception: ...", of a query with these limits.

    Only figures are taken over from the text, since it may quote SQL or values. `details` then hold `limit`,
    `actual` and their `unit`: rows, bytes, seconds, columns or queries.
    """
    match = re.search(r"Code: (\d+)", text)
    code = int(match.group(1)) if match else 0
    known = _KNOWN.get(code)
    if known is None:
        return ClickHouseError(code, text)
    if code == 241 and _NOT_THE_QUERYS.search(text):  # what all queries together take
        known = _NO_MEMORY
    if known.hint == _OPERATOR:
        logger.error("ClickHouse refused a statement of the gateway: %s", text)
    return _refuse(known, text, limits)


def _refuse(known: _Known, text: str, limits: Limits | None) -> GatewayError:
    if known.unit is None:
        return GatewayError(known.code, known.message, hint=known.hint)
    figures = read_figures(text)
    limit = _exact(known, limits, figures.limit)
    told = [] if figures.actual is None else [describe(figures.actual, known.unit)]
    told += [] if limit is None else [f"the limit is {describe(limit, known.unit)}"]
    message = f"{known.message} ({'; '.join(told)})." if told else f"{known.message}."
    refusal = ResultTooLarge if known.is_about_result else LimitExceeded
    return refusal(known.code, message, limit=limit, actual=figures.actual, unit=known.unit, hint=known.hint)


def _exact(known: _Known, limits: Limits | None, rounded: float | None) -> float | None:
    # The user of the gateway in ClickHouse may have limits of its own, which are lower.
    if limits is None or known.exact is None:
        return rounded
    exact = known.exact(limits)
    return exact if rounded is None or isclose(rounded, exact, rel_tol=_ROUNDING) else rounded
