"""What a POST may contain: uncompressed JSON in UTF-8."""

from email.message import Message

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import error_response

POST_HINT = 'POST {"query": "..."} with Content-Type: application/json, or GET ?query=...'


def reject_content_type(request: Request) -> Response | None:
    """Return a 415 for a POST whose headers announce anything but JSON; None if the body may be read."""
    if request.method != "POST":
        return None
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return error_response(
            415,
            "The request body must not be compressed.",
            hint="Send it without Content-Encoding.",
            headers={"accept-encoding": "identity"},
        )
    parsed = Message()
    parsed["content-type"] = request.headers.get("content-type", "")
    # Pages of other origins can post forms and plain text without a preflight request, but not JSON.
    if parsed.get_content_type() != "application/json":
        return error_response(415, "The Content-Type must be application/json.", hint=POST_HINT)
    if parsed.get_content_charset("utf-8") not in {"utf-8", "utf8"}:
        return error_response(415, "The charset must be utf-8.", hint=POST_HINT)
    return None
