"""The endpoint: GraphQL over HTTP as its specification has it, GraphiQL for browsers."""

import logging
from collections.abc import Callable
from datetime import datetime

import orjson
from cross_web import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from asgi.departure import ClientGone, while_connected
from asgi.negotiation import GRAPHQL_JSON, accepts_html, choose_media_type
from asgi.page import reply_page
from asgi.replies import reply_error
from asgi.stores import Stores
from datasource.clickhouse.origin import ORIGIN
from resolvers.context import RequestContext, open_context
from schema.build import GatewaySchema
from settings import Settings

logger = logging.getLogger("trendgate")

POST_HINT = 'POST {"query": "..."} with Content-Type: application/json, or GET ?query=...'


class GraphQLView(GraphQL[RequestContext, None]):
    """Strawberry's view with negotiated media types, JSON refusals and the project's request context."""

    def __init__(
        self, schema: GatewaySchema, *, settings: Settings, clock: Callable[[], datetime], page: str | None
    ) -> None:
        super().__init__(schema, subscription_protocols=())
        self._settings = settings
        self._clock = clock
        self._page = page

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = _refuse_media_type(request)
        if response is None:
            try:
                await request.body()
                response = await while_connected(request, self.run(request))
            except HTTPException as refusal:
                response = _translate(refusal)
            except (ClientDisconnect, ClientGone):
                logger.info("the client of request %s went away", request.state.request_id)
                return
        await response(scope, receive, send)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Only for browsers: other clients that accept anything mean JSON."""
        return (
            request.method == "GET"
            and request.query_params.get("query") is None
            and accepts_html(request.headers.get("accept"))
        )

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - Strawberry's signature
        """The page, or a refusal where it is switched off or was not built."""
        if self._page is None:
            return reply_error(406, "There is no page for browsers here.", hint=POST_HINT)
        return reply_page(self._page)

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - Strawberry's signature
    ) -> RequestContext:
        """Authenticates once; fields decide what to do about a refusal."""
        ORIGIN.set(f"trendgate {request.state.request_id}")
        stores: Stores = request.app.state.stores
        now = self._clock()
        return await open_context(
            request_id=str(request.state.request_id),
            authorization=request.headers.get("authorization"),
            now=now,
            settings=self._settings,
            store=stores.metadata,
            engine=stores.events,
            layout=await stores.layouts.at(now),
        )

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        """Carries the negotiated media type to `create_response`, which does not see the request."""
        return Response(media_type=choose_media_type(request.headers.get("accept")))

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        """A request that never ran has no data at all, not even null."""
        response = await super().process_result(request, result)
        if isinstance(result, PreExecutionError):
            del response["data"]
        return response

    def create_response(
        self, response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], sub_response: Response
    ) -> Response:
        """400 or 429 for a request that never ran, in the media type that allows it; otherwise 200."""
        is_refused = "data" not in response_data and sub_response.media_type == GRAPHQL_JSON
        retry_after = _retry_after(response_data) if is_refused else None
        return Response(
            self.encode_json(response_data),
            status_code=200 if not is_refused else 400 if retry_after is None else 429,
            headers={
                **({} if retry_after is None else {"retry-after": str(retry_after)}),
                "content-type": f"{sub_response.media_type}; charset=utf-8",
                "cache-control": "no-store",
                "vary": "Accept",
            },
        )

    def encode_json(self, data: object) -> bytes:
        """UTF-8, without blanks."""
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> object:
        """Refuses NaN, lone surrogates and documents nested without an end, which the standard library takes."""
        document: object = orjson.loads(data)
        if not isinstance(document, dict | list):
            raise HTTPException(400, "The body, variables and extensions of a request are JSON objects.")
        return document


def _refuse_media_type(request: Request) -> Response | None:
    if request.method != "POST":
        return None
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() == "application/json":
        return None
    return reply_error(415, "The request's Content-Type is not application/json.", hint=POST_HINT)


def _retry_after(refused: GraphQLHTTPResponse | list[GraphQLHTTPResponse]) -> object:
    """The seconds in the first error, None where waiting does not help."""
    errors = refused.get("errors") if isinstance(refused, dict) else None
    first = errors[0] if errors else None
    extensions = first.get("extensions") if isinstance(first, dict) else None
    return extensions.get("retryAfter") if isinstance(extensions, dict) else None


def _translate(refusal: HTTPException) -> Response:
    if isinstance(refusal.__cause__, InvalidOperationTypeError):
        return reply_error(405, "GET runs queries only.", hint=POST_HINT, headers={"allow": "POST"})
    headers = {"allow": "GET, POST"} if refusal.status_code == 405 else None
    return reply_error(refusal.status_code, refusal.reason, hint=POST_HINT, headers=headers)
