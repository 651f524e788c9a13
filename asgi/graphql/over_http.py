"""Requests and responses of GraphQL over HTTP: JSON, media types and status codes."""

from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.requests import Request
from starlette.responses import Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from asgi.graphql.websocket_connection import Connection
from asgi.json_parts import is_large, write_json, write_parts
from asgi.negotiation import GRAPHQL_JSON, choose_media_type
from asgi.request_json import parse_request_json
from asgi.responses import reply_in_parts
from resolvers.context import RequestContext
from resolvers.worker import LARGE, run_in_worker
from schema.extensions.persisted_queries import DOCUMENT_ID


class JsonRequestAdapter(StarletteRequestAdapter):
    """A request whose Content-Type is known to be JSON: Strawberry knows it in lower case only."""

    @property
    def content_type(self) -> str:
        return "application/json"


class GraphQLOverHTTP(GraphQL[RequestContext | Connection, None]):
    """Strawberry's view with strict JSON, negotiated media types, and the `documentId` of requests."""

    request_adapter_class = JsonRequestAdapter

    def decode_json(self, data: str | bytes) -> dict[str, object]:
        """Decode an object; unlike the standard library, reject NaN, lone surrogates and endless nesting."""
        document = parse_request_json(data)
        if not isinstance(document, dict):
            raise HTTPException(
                400,
                "The body, variables and extensions of a request must be JSON objects. Batches are not supported: "
                "send one operation per request.",
            )
        return document

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """Parse the request, with its documentId among its extensions."""
        data = await super().parse_http_body(request)
        if isinstance(data, list) or not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "operationName must be a string.")
        document_id = await self._document_id(request)
        if document_id is None:
            return data
        return replace(data, extensions={**(data.extensions or {}), DOCUMENT_ID: document_id})

    async def _document_id(self, request: AsyncHTTPRequestAdapter) -> object:
        if request.method == "GET":
            return request.query_params.get(DOCUMENT_ID)
        # Strawberry drops it, so the body is decoded again where it may be there.
        body = await request.get_body()
        return self.decode_json(body).get(DOCUMENT_ID) if DOCUMENT_ID.encode() in body else None

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """Build the response; an operation that never ran has no `data`, not even null."""
        response = await super().process_result(request, result)
        if isinstance(result, PreExecutionError):
            del response["data"]
        return response

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Pass the negotiated media type to `create_response`, which does not see the request."""
        return Response(media_type=choose_media_type(request.headers.get("accept")))

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """Answer 400 or 429 for an operation that never ran where the media type allows it, otherwise 200."""
        is_rejected = "data" not in response_data and sub_response.media_type == GRAPHQL_JSON
        retry_after = _retry_after(response_data) if is_rejected else None
        return reply_in_parts(
            write_parts(response_data),
            size=LARGE if is_large(response_data) else 0,
            status=200 if not is_rejected else 400 if retry_after is None else 429,
            headers={
                **({} if retry_after is None else {"retry-after": str(retry_after)}),
                "content-type": f"{sub_response.media_type}; charset=utf-8",
                "cache-control": "no-store",
                "vary": "Accept",
            },
        )

    async def _process_stream_result(self, *args: Any) -> Any:
        """Build the response for an event; write a large one on a thread."""
        response, pending = await super()._process_stream_result(*args)
        if is_large(response):
            return orjson.Fragment(await run_in_worker(partial(write_json, response))), pending
        return response, pending

    def encode_json(self, data: object) -> bytes:
        """Encode as compact UTF-8."""
        return orjson.dumps(data)


def _retry_after(response: GraphQLHTTPResponse | list[GraphQLHTTPResponse]) -> object:
    """Return the `retryAfter` of the first error, in seconds; None if a retry does not help."""
    errors = response.get("errors") if isinstance(response, dict) else None
    first = errors[0] if errors else None
    extensions = first.get("extensions") if isinstance(first, dict) else None
    return extensions.get("retryAfter") if isinstance(extensions, dict) else None
