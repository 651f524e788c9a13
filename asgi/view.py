"""The endpoint: GraphQL over HTTP as its specification has it, GraphiQL for browsers."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from asgi.bodies import NO_OBJECT, POST_HINT, refuse_body
from asgi.departure import ClientGone, while_connected
from asgi.metrics import Metrics
from asgi.named_operations import NamedOperationsHandler
from asgi.negotiation import GRAPHQL_JSON, accepts_html, choose_media_type
from asgi.opening import open_request
from asgi.operation_log import log_operation
from asgi.page import reply_page
from asgi.replies import reply_error
from resolvers.context import RequestContext
from resolvers.reports import OperationReport
from schema.build import GatewaySchema
from schema.persisted import DOCUMENT_ID
from settings import Settings

logger = logging.getLogger("trendgate")


class CheckedRequest(StarletteRequestAdapter):
    """A request whose body was announced as JSON, in whichever letters; Strawberry takes small ones only."""

    @property
    def content_type(self) -> str:
        return "application/json"


class GraphQLView(GraphQL[RequestContext, None]):
    """Strawberry's view with negotiated media types, JSON refusals and the project's request context."""

    request_adapter_class = CheckedRequest
    graphql_transport_ws_handler_class = NamedOperationsHandler

    def __init__(
        self,
        schema: GatewaySchema,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        page: str | None,
        metrics: Metrics,
    ) -> None:
        super().__init__(schema, subscription_protocols=(), allowed_origins=settings.cors_origins or ())
        self._settings = settings
        self._clock = clock
        self._page = page
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        response = refuse_body(request)
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
            and not request.query_params.keys() & {"query", "extensions", DOCUMENT_ID}
            and accepts_html(request.headers.get("accept"))
        )

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - Strawberry's signature
        """The page, or a refusal where it is switched off."""
        if self._page is None:
            return reply_error(406, "There is no page for browsers here.", hint=POST_HINT)
        return reply_page(self._page)

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - Strawberry's signature
    ) -> RequestContext:
        """Authenticates once; fields decide what to do about a refusal."""
        return await open_request(request, self._settings, self._clock, report=self._report)

    def _report(self, report: OperationReport) -> None:
        self._metrics.observe_operation(report)
        log_operation(report)

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
        """400 for a request that never ran, in the media type that allows it; otherwise 200."""
        is_refused = "data" not in response_data
        return Response(
            self.encode_json(response_data),
            status_code=400 if is_refused and sub_response.media_type == GRAPHQL_JSON else 200,
            headers={
                "content-type": f"{sub_response.media_type}; charset=utf-8",
                "cache-control": "no-store",
                "vary": "Accept",
            },
        )

    def encode_json(self, data: object) -> bytes:
        """UTF-8, without blanks."""
        return orjson.dumps(data)

    def decode_json(self, data: str | bytes) -> dict[str, object]:
        """Refuses NaN, lone surrogates and documents nested without an end, which the standard library takes."""
        document: object = orjson.loads(data)
        if not isinstance(document, dict):
            raise HTTPException(400, NO_OBJECT)
        return document

    async def parse_http_body(
        self, request: AsyncHTTPRequestAdapter
    ) -> GraphQLRequestData | list[GraphQLRequestData]:
        """See Strawberry, which takes anything for the name of an operation."""
        data = await super().parse_http_body(request)
        if isinstance(data, list) or not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "The operationName of a request is a text.")
        document_id = await self._document_id(request)
        if document_id is None:
            return data
        return replace(data, extensions={**(data.extensions or {}), DOCUMENT_ID: document_id})

    async def _document_id(self, request: AsyncHTTPRequestAdapter) -> object:
        """What stands for an operation; Strawberry leaves it out, so it is read again where it may be there."""
        if request.method == "GET":
            return request.query_params.get(DOCUMENT_ID)
        body = await request.get_body()
        return self.decode_json(body).get(DOCUMENT_ID) if DOCUMENT_ID.encode() in body else None


def _translate(refusal: HTTPException) -> Response:
    if isinstance(refusal.__cause__, InvalidOperationTypeError):
        return reply_error(405, "GET runs queries only.", hint=POST_HINT, headers={"allow": "POST"})
    headers = {"allow": "GET, POST"} if refusal.status_code == 405 else None
    return reply_error(refusal.status_code, refusal.reason, hint=POST_HINT, headers=headers)
