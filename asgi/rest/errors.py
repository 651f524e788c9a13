"""Errors as clients of REST read them: a status for every code, and the names of the parameters."""

from collections.abc import Mapping

from starlette.responses import Response

from asgi.responses import json_response
from asgi.rest.error_shape import error_body
from asgi.rest.naming import PARAMETERS, write_path
from errors import ErrorCode, GatewayError
from schema.errors import describe

STATUSES: Mapping[ErrorCode, int] = {
    ErrorCode.BAD_USER_INPUT: 400,
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.QUERY_TOO_EXPENSIVE: 422,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.NOT_AVAILABLE: 501,
    ErrorCode.CANCELLED: 503,
    ErrorCode.UPSTREAM_UNAVAILABLE: 503,
    ErrorCode.TIMEOUT: 504,
}
"""Codes about persisted operations belong to GraphQL alone."""
RETRY_AFTER = "retryAfter"
"""The detail that says after how many seconds a client may try again."""


def reply_error(error: GatewayError, *, was_key_sent: bool = True, status: int | None = None) -> Response:
    """An expected error; a 401 says that the key is missing, where none was sent."""
    status = status or STATUSES[error.code]
    extensions = describe(error, PARAMETERS)
    if error.path:
        extensions["path"] = list(error.path)
    body = error_body(status, error.render(PARAMETERS), extensions, attr=write_path(error.path) or None)
    headers = {}
    if error.code is ErrorCode.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
        body["code"] = body["code"] if was_key_sent else "not_authenticated"
    retry_after = error.details.get(RETRY_AFTER)
    if isinstance(retry_after, int | float):
        headers["retry-after"] = str(max(1, round(retry_after)))
    return json_response(body, status=status, headers=headers)
