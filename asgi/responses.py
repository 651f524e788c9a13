"""Replies that carry no result; errors have the shape that clients of the address read, GraphQL's or REST's."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from errors import ErrorCode

_KINDS: Mapping[int, tuple[str, str]] = {
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
_FAILURE = ("server_error", "error")
REST = ("/api/", "/exports/")
"""What the paths of the REST addresses begin with."""

_CODES = {
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    500: ErrorCode.INTERNAL,
    503: ErrorCode.UPSTREAM_UNAVAILABLE,
}


def reply_json(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON document that nobody stores."""
    return Response(
        orjson.dumps(content),
        status_code=status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def reply_error(
    status: int,
    message: str,
    *,
    path: str = "",
    hint: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One error; its code follows from the status, its shape from the path of the address."""
    extensions: dict[str, object] = {"code": str(_CODES.get(status, ErrorCode.BAD_USER_INPUT))}
    if hint is not None:
        extensions["hint"] = hint
    return reply_failure(status, message, extensions, path=path, headers=headers)


def reply_failure(
    status: int,
    message: str,
    extensions: Mapping[str, object],
    *,
    path: str = "",
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One error with these extensions."""
    if path.startswith(REST):
        return reply_json(describe_error(status, message, extensions), status=status, headers=headers)
    return reply_json(
        {"errors": [{"message": message, "extensions": dict(extensions)}]}, status=status, headers=headers
    )


def describe_error(
    status: int, message: str, extensions: Mapping[str, object], *, attr: str | None = None
) -> dict[str, object]:
    """An error as clients of REST know it: `attr` is the parameter, `extensions` are those of GraphQL's errors."""
    type_, code = _KINDS.get(status, _FAILURE)
    return {
        "type": type_,
        "code": code,
        "detail": message,
        "attr": attr,
        "hint": extensions.get("hint"),
        "extensions": {name: value for name, value in extensions.items() if name != "hint"},
    }
