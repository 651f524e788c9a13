"""Response compression with brotli or gzip."""

import anyio.to_thread
import brotli
from starlette.datastructures import Headers
from starlette.middleware.gzip import GZipResponder, IdentityResponder
from starlette.types import ASGIApp, Receive, Scope, Send

from asgi.negotiation import choose_encoding

MIN_BYTES = 1_000
"""Smaller bodies fit into one packet either way."""
THREAD_BYTES = 128 * 1024
"""Larger bodies are compressed on a thread, so that they do not block other requests."""
# Measured on trends of 1, 25 and 250 series over a year: brotli at 4 takes half the time of gzip at 5 and, for one
# series, three quarters of the size. Higher levels take several times as long to save a few percent.
BROTLI_QUALITY = 4
GZIP_LEVEL = 5


class CompressionMiddleware:
    """Compresses responses with the encoding the client prefers.

    Event streams stay uncompressed, since compression would hold events back.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._responder(Headers(scope=scope).get("accept-encoding"))(scope, receive, send)

    def _responder(self, accept_encoding: str | None) -> ASGIApp:
        match choose_encoding(accept_encoding):
            case "br":
                return BrotliResponder(self._app, MIN_BYTES)
            case "gzip":
                return GZipResponder(
                    self._app, MIN_BYTES, compresslevel=GZIP_LEVEL, thread_minimum_size=THREAD_BYTES
                )
        return IdentityResponder(self._app, MIN_BYTES)


class BrotliResponder(IdentityResponder):
    """Starlette's responder, which skips small and already compressed bodies, with a brotli compressor."""

    content_encoding = "br"

    def __init__(self, app: ASGIApp, minimum_size: int) -> None:
        super().__init__(app, minimum_size)
        self._compressor: brotli.Compressor | None = None

    async def apply_compression(self, body: bytes, *, more_body: bool) -> bytes:
        if len(body) >= THREAD_BYTES:
            return await anyio.to_thread.run_sync(self._compress, body, more_body)
        return self._compress(body, more_body)

    def _compress(self, body: bytes, more_body: bool) -> bytes:
        if self._compressor is None:
            self._compressor = brotli.Compressor(mode=brotli.MODE_TEXT, quality=BROTLI_QUALITY)
        end = self._compressor.flush if more_body else self._compressor.finish
        return bytes(self._compressor.process(body) + end())
