"""Compression of responses with brotli and gzip."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable

import brotli
import httpx2
import pytest
from starlette.datastructures import Headers
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from asgi.middleware.compression import MIN_BYTES, THREAD_BYTES, CompressionMiddleware
from tests.support.gateway import Gateway

DECODERS: dict[str | None, Callable[[bytes], bytes]] = {
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    None: bytes,
}


async def ask_raw(client: httpx2.AsyncClient, query: str, accept: str | None) -> tuple[httpx2.Headers, bytes]:
    """Return the headers and the body without decoding it."""
    request = client.build_request("POST", "/graphql", json={"query": query})
    del request.headers["accept-encoding"]
    if accept is not None:
        request.headers["accept-encoding"] = accept
    response = await client.send(request, stream=True)
    body = b"".join([part async for part in response.aiter_raw()])
    await response.aclose()
    return response.headers, body


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("br;q=0.5, gzip", "gzip"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("gzip;q=0", None),
        ("BR", "br"),
        ("*", "br"),
        ("*;q=0.1, br;q=0", "gzip"),
        ("brotli, vibrant", None),
        ("deflate, zstd", None),
        ("identity", None),
        ("", None),
        (None, None),
    ],
)
async def test_response_has_the_encoding_the_client_prefers(
    gateway: Gateway, accept: str | None, encoding: str | None
) -> None:
    headers, body = await ask_raw(gateway.client, "{ _service { sdl } }", accept)
    assert headers.get("content-encoding") == encoding
    assert {each.strip() for each in headers["vary"].split(",")} == {"Accept", "Accept-Encoding"}
    assert b"type Project" in DECODERS[encoding](body)
    assert int(headers["content-length"]) == len(body)


async def test_small_response_is_not_compressed(gateway: Gateway) -> None:
    headers, body = await ask_raw(gateway.client, "{ __typename }", "br, gzip")
    assert "content-encoding" not in headers
    assert body == b'{"data":{"__typename":"Query"}}'


async def stream(accept: str, *parts: bytes, media_type: str = "application/json") -> tuple[Headers, list[bytes]]:
    """Return what the client receives, chunk by chunk, when the application sends these chunks."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        async def chunks() -> AsyncIterator[bytes]:
            for part in parts:
                yield part

        response = Response(parts[0], media_type=media_type)
        if len(parts) > 1:
            response = StreamingResponse(chunks(), media_type=media_type)
        await response(scope, receive, send)

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    scope = {"type": "http", "headers": [(b"accept-encoding", accept.encode())], "asgi": {"spec_version": "2.4"}}
    await CompressionMiddleware(app)(scope, receive, send)
    return Headers(raw=sent[0]["headers"]), [message["body"] for message in sent[1:]]


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("size", [MIN_BYTES, THREAD_BYTES - 1, THREAD_BYTES, 3 * THREAD_BYTES])
async def test_response_of_any_size_is_compressed(encoding: str, size: int) -> None:
    headers, [body] = await stream(encoding, b"A" * size)
    assert headers["content-encoding"] == encoding
    assert DECODERS[encoding](body) == b"A" * size


def read_all(decoder: brotli.Decompressor, part: bytes) -> bytes:
    """Decode all that a chunk completes; the decoder returns it in several steps."""
    decoded = [decoder.process(part)]
    while decoded[-1]:
        decoded.append(decoder.process(b""))
    return b"".join(decoded)


@pytest.mark.parametrize("encoding", ["br", "gzip"])
@pytest.mark.parametrize("size", [10, THREAD_BYTES])
async def test_chunks_of_a_streamed_response_are_sent_at_once(encoding: str, size: int) -> None:
    parts = [letter * size for letter in (b"A", b"B", b"C")]
    headers, sent = await stream(encoding, *parts)
    assert headers["content-encoding"] == encoding
    unzip, unbrotli = zlib.decompressobj(31), brotli.Decompressor()
    decode = unzip.decompress if encoding == "gzip" else lambda part: read_all(unbrotli, part)
    assert [decode(part) for part in sent] == [*parts, b""]


@pytest.mark.parametrize("accept", ["br", "gzip"])
async def test_event_stream_is_not_compressed(accept: str) -> None:
    parts = [b"A" * 2000, b"B" * 2000]
    headers, sent = await stream(accept, *parts, media_type="text/event-stream; charset=utf-8")
    assert "content-encoding" not in headers
    assert sent == [*parts, b""]
