"""The shape of errors below `/api/` and `/exports/`, and its `type` and `code` by HTTP status."""

from collections.abc import Mapping

from pydantic import with_config
from typing_extensions import TypedDict

PREFIXES = ("/api/", "/exports/")
"""Paths whose clients expect errors in this shape."""

_TYPES_AND_CODES: Mapping[int, tuple[str, str]] = {
    400: ("validation_error", "invalid_input"),
    401: ("authentication_error", "authentication_failed"),
    403: ("authentication_error", "permission_denied"),
    404: ("invalid_request", "not_found"),
    405: ("invalid_request", "method_not_allowed"),
    406: ("invalid_request", "not_acceptable"),
    413: ("invalid_request", "request_too_large"),
    415: ("invalid_request", "unsupported_media_type"),
    422: ("validation_error", "query_too_expensive"),
    429: ("throttled_error", "throttled"),
    501: ("server_error", "not_available"),
    503: ("server_error", "unavailable"),
    504: ("server_error", "timeout"),
}
_DEFAULT = ("server_error", "error")


@with_config(use_attribute_docstrings=True)
class Error(TypedDict):
    """What is wrong with a request."""

    type: str
    code: str
    detail: str
    """What is wrong, as a sentence."""
    attr: str | None
    """The parameter with the error, such as events[0].math."""
    hint: str | None
    """What to do about it."""
    extensions: dict[str, object]
    """The extensions of GraphQL's errors: code, path, missingScope, missingLevel, errorId ..."""


def error_body(status: int, message: str, extensions: Mapping[str, object], *, attr: str | None = None) -> Error:
    """Build the body of an error: `attr` is the parameter at fault, `extensions` are those of GraphQL errors."""
    hint = extensions.get("hint")
    type_, code = _TYPES_AND_CODES.get(status, _DEFAULT)
    return {
        "type": type_,
        "code": code,
        "detail": message,
        "attr": attr,
        "hint": None if hint is None else str(hint),
        "extensions": {name: value for name, value in extensions.items() if name != "hint"},
    }
