"""Which bodies a request may have."""

from email.message import Message

from starlette.requests import Request
from starlette.responses import Response

from asgi.responses import reply_error

POST_HINT = 'POST {"query": "..."} with Content-Type: application/json, or GET ?query=...'
NO_OBJECT = (
    "The body, variables and extensions of a request are JSON objects. Operations are sent one by one: "
    "a list of them, a batch, is not taken."
)


def refuse_body(request: Request) -> Response | None:
    """The refusal of a POST whose headers announce what nobody here reads, and of a compressed one.

    A form or a text is what a page of another origin could post without asking, so only JSON is taken.
    """
    if request.method != "POST":
        return None
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        return reply_error(
            415,
            "The request's body is compressed.",
            hint="Send it without Content-Encoding.",
            headers={"accept-encoding": "identity"},
        )
    described = Message()
    described["content-type"] = request.headers.get("content-type", "")
    if described.get_content_type() != "application/json":
        return reply_error(415, "The request's Content-Type is not application/json.", hint=POST_HINT)
    if described.get_content_charset("utf-8") not in {"utf-8", "utf8"}:
        return reply_error(415, "The request's charset is not utf-8, which is the one of JSON.", hint=POST_HINT)
    return None
