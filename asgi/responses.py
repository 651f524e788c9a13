"""JSON responses, and errors raised outside GraphQL in the shape that the path's clients expect."""

from collections.abc import AsyncGenerator, Generator, Mapping
from contextlib import aclosing, suppress
from functools import partial
from typing import Any

import orjson
from starlette.responses import Response, StreamingResponse
from starlette.types import Send

from asgi.rest import error_shape
from errors import ErrorCode
from resolvers.worker import LARGE, Abandoned, checkpoint, run_in_worker

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


def reply_in_parts(
    parts: Generator[bytes],
    *,
    size: int,
    headers: Mapping[str, str],
    media_type: str | None = None,
    status: int = 200,
) -> Response:
    """Respond with a document that is written part by part; a large one is streamed and written on a thread.

    `size` is the number of its values, roughly.
    """
    if size < LARGE:
        return Response(b"".join(parts), status_code=status, headers=headers, media_type=media_type)
    return _PartsResponse(_stream(parts), status_code=status, headers=headers, media_type=media_type)


class _PartsResponse(StreamingResponse):
    """A response that closes its parts when it ends, also when it waits for a client that disconnects."""

    def __init__(self, parts: AsyncGenerator[bytes], **options: Any) -> None:
        super().__init__(parts, **options)
        self._parts = parts

    async def stream_response(self, send: Send) -> None:
        async with aclosing(self._parts):
            await super().stream_response(send)


async def _stream(parts: Generator[bytes]) -> AsyncGenerator[bytes]:
    try:
        while part := await run_in_worker(partial(_next_part, parts)):
            yield part
    finally:
        with suppress(ValueError):  # still running: _next_part closes it
            parts.close()


def _next_part(parts: Generator[bytes]) -> bytes:
    part = next(parts, b"")
    try:
        checkpoint()
    except Abandoned:
        parts.close()
        raise
    return part


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
