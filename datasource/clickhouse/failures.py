"""ClickHouse's error codes as the gateway's errors: one table for every engine."""

import re

from errors import ErrorCode, GatewayError

_NARROW = "Narrow the dates, add a filter, or ask for fewer breakdown values."

_REFUSED = "ClickHouse does not accept the gateway's user or password."
_OPERATOR = "To be corrected by whoever runs the gateway: its ClickHouse URL, or the grants of its user there."

_KNOWN: dict[int, tuple[ErrorCode, str, str]] = {
    158: (ErrorCode.QUERY_TOO_EXPENSIVE, "The query would read more rows than it may.", _NARROW),
    307: (ErrorCode.QUERY_TOO_EXPENSIVE, "The query would read more bytes than it may.", _NARROW),
    396: (ErrorCode.QUERY_TOO_EXPENSIVE, "The query has more result rows than it may.", _NARROW),
    241: (ErrorCode.QUERY_TOO_EXPENSIVE, "The query needs more memory than it may take.", _NARROW),
    159: (ErrorCode.TIMEOUT, "The query ran longer than it may.", _NARROW),
    160: (ErrorCode.TIMEOUT, "The query would run longer than it may.", _NARROW),
    394: (ErrorCode.CANCELLED, "The query was cancelled.", "Send it again."),
    202: (ErrorCode.RATE_LIMITED, "ClickHouse runs too many queries at once.", "Try again in a moment."),
    427: (ErrorCode.BAD_USER_INPUT, "A regular expression cannot be read.", "Use RE2 syntax."),
    735: (ErrorCode.CANCELLED, "The query was cancelled.", "Send it again."),
    **dict.fromkeys((192, 193, 194, 516), (ErrorCode.UPSTREAM_UNAVAILABLE, _REFUSED, _OPERATOR)),
    81: (ErrorCode.UPSTREAM_UNAVAILABLE, "ClickHouse does not have the gateway's database.", _OPERATOR),
    497: (ErrorCode.UPSTREAM_UNAVAILABLE, "ClickHouse does not allow the gateway's user to do this.", _OPERATOR),
    197: (ErrorCode.UPSTREAM_UNAVAILABLE, "The ClickHouse server is too old.", _OPERATOR),
    279: (ErrorCode.UPSTREAM_UNAVAILABLE, "A part of ClickHouse cannot be reached.", "Try again in a moment."),
    210: (ErrorCode.UPSTREAM_UNAVAILABLE, "ClickHouse cannot be reached.", "Try again in a moment."),
    209: (ErrorCode.UPSTREAM_UNAVAILABLE, "ClickHouse does not answer.", "Try again in a moment."),
}

_TOO_LARGE = frozenset({396, 241})

_FIGURE = r"(\d+(?:\.\d+)?(?: [A-Za-z]+)?)"
_FIGURES = {
    "limit": re.compile(rf"\bmax(?:imum)?(?: rows| bytes)?: {_FIGURE}"),
    "actual": re.compile(rf"\b(?:current (?:rows|bytes):|elapsed|would use) {_FIGURE}"),
}


class ClickHouseError(Exception):
    """A failure that no client caused or can mend; `code` is ClickHouse's number, 0 when it gave none."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


class ResultTooLarge(GatewayError):
    """The answer is larger than it may be, or took more memory: fewer breakdown values would make it smaller."""


def translate(text: str) -> GatewayError | ClickHouseError:
    """The error for an exception text of ClickHouse, "Code: N. DB::Exception: ...".

    Only figures are taken over from the text, since it may quote SQL or values.
    """
    match = re.search(r"Code: (\d+)", text)
    code = int(match.group(1)) if match else 0
    if code not in _KNOWN:
        return ClickHouseError(code, text)
    kind, message, hint = _KNOWN[code]
    found = {name: pattern.search(text) for name, pattern in _FIGURES.items()}
    details: dict[str, object] = {name: figure.group(1) for name, figure in found.items() if figure}
    refusal = ResultTooLarge if code in _TOO_LARGE else GatewayError
    return refusal(kind, message, hint=hint, details=details)
