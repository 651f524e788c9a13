"""JSON responses, and errors raised outside GraphQL in the shape that the path's clients expect."""

from collections.abc import Mapping

import orjson
from starlette.responses import Response

from asgi.rest import error_shape
from errors import ErrorCode

_CODES: Mapping[int, ErrorCode] = {
    403: ErrorCode.FORBIDDEN,
    404: ErrorCode.NOT_FOUND,
    500: ErrorCode.INTERNAL,
    503: ErrorCode.UPSTREAM_UNAVAILABLE,
}


def json_response(content: object, *, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON document that must not be cached."""
    return Response(
        orjson.dumps(content),
        status_code=status,
        headers={"cache-control": "no-store", **(headers or {})},
        media_type="application/json",
    )


def error_response(
    status: int,
    message: str,
    *,
    path: str = "",
    hint: str | None = None,
    extensions: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """A single error in REST's or GraphQL's shape, by `path`; its code follows from `status` unless given."""
    if extensions is None:
        extensions = {"code": str(_CODES.get(status, ErrorCode.BAD_USER_INPUT))}
    if hint is not None:
        extensions = {**extensions, "hint": hint}
    if path.startswith(error_shape.PREFIXES):
        body: object = error_shape.error_body(status, message, extensions)
    else:
        body = {"errors": [{"message": message, "extensions": extensions}]}
    return json_response(body, status=status, headers=headers)
