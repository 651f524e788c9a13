"""Refusals as clients of REST read them: a status for every code."""

from collections.abc import Mapping

from starlette.responses import Response

from asgi.responses import json_response
from asgi.rest.error_shape import error_body
from asgi.rest.naming import write_path
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
"""Those about persisted operations belong to GraphQL alone."""
RETRY_AFTER = "retryAfter"
"""The detail of a refusal that says after how many seconds it may be different."""


def reply_refusal(refusal: GatewayError, *, was_key_sent: bool = True, status: int | None = None) -> Response:
    """An expected refusal; without a key that could be wrong, a 401 says that one is missing."""
    status = status or STATUSES[refusal.code]
    attr = write_path(refusal.path) or None
    body = error_body(status, refusal.message, describe(refusal), attr=attr)
    headers = {}
    if refusal.code is ErrorCode.UNAUTHENTICATED:
        headers["www-authenticate"] = "Bearer"
        body["code"] = body["code"] if was_key_sent else "not_authenticated"
    retry_after = refusal.details.get(RETRY_AFTER)
    if isinstance(retry_after, int | float):
        headers["retry-after"] = str(max(1, round(retry_after)))
    return json_response(body, status=status, headers=headers)
