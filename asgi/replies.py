"""Replies that carry no GraphQL result; errors have the shape of GraphQL's, for one reader."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from errors import ErrorCode

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
    status: int, message: str, *, hint: str | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """One error; its code follows from the status."""
    extensions: dict[str, object] = {"code": str(_CODES.get(status, ErrorCode.BAD_USER_INPUT))}
    if hint is not None:
        extensions["hint"] = hint
    return reply_failure(status, message, extensions, headers=headers)


def reply_failure(
    status: int,
    message: str,
    extensions: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """One error with these extensions."""
    return reply_json(
        {"errors": [{"message": message, "extensions": dict(extensions)}]}, status=status, headers=headers
    )
