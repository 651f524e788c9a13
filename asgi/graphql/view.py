"""The endpoint: GraphQL over HTTP as its specification has it, as events, and over WebSockets; the page."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import Message
from typing import Any, Final

import orjson
from cross_web import AsyncHTTPRequestAdapter, HTTPException, StarletteRequestAdapter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.asgi import GraphQL
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult, SubscriptionExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.unset import UnsetType

from asgi.disconnect import ClientDisconnected, while_connected
from asgi.graphql.graphiql import reply_page
from asgi.graphql.sse import EventStream, EventTransport
from asgi.graphql.websocket import Connection, Socket, SocketHandler
from asgi.negotiation import GRAPHQL_JSON, accepts_html, choose_media_type
from asgi.opening import open_operation
from asgi.responses import reply_error
from resolvers.context import RequestContext
from schema.build import GatewaySchema
from schema.extensions.persisted_queries import DOCUMENT_ID
from settings import Settings
from telemetry.logging import log_operation
from telemetry.metrics import Metrics
from telemetry.request import OperationReport

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


logger = logging.getLogger("trendgate.http")

INIT_TIMEOUT: Final = timedelta(seconds=10)
"""How long a WebSocket may be open before connection_init."""


class CheckedRequest(StarletteRequestAdapter):
    """A request whose body was announced as JSON, in whichever letters; Strawberry takes small ones only."""

    @property
    def content_type(self) -> str:
        return "application/json"


class GraphQLView(GraphQL[RequestContext | Connection, None]):
    """Strawberry's view with negotiated media types, JSON refusals and the project's request context."""

    request_adapter_class = CheckedRequest
    websocket_adapter_class = Socket
    graphql_transport_ws_handler_class = SocketHandler
    stream_transport_classes_by_protocol: Mapping[str, Any] = {GRAPHQL_SSE_PROTOCOL: EventTransport}

    def __init__(
        self,
        schema: GatewaySchema,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        page: str | None,
        metrics: Metrics,
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=INIT_TIMEOUT,
            max_subscriptions_per_connection=settings.max_socket_operations,
            allowed_origins=settings.cors_origins or (),
        )
        self._settings = settings
        self._clock = clock
        self._page = page
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with suppress(WebSocketDisconnect):  # before the handshake was over
                await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        response = refuse_body(request)
        if response is not None:
            await response(scope, receive, send)
            return
        try:
            await request.body()
            await while_connected(request, self._answer(request, send))
        except (ClientDisconnect, ClientDisconnected):
            logger.info("the client of request %s went away", request.state.request_id)

    async def _answer(self, request: Request, send: Send) -> None:
        try:
            response = await self.run(request)
        except HTTPException as refusal:
            response = _translate(refusal)
        if isinstance(response, EventStream):
            # Whatever ends the stream, what it is made of ends before it.
            async with aclosing(request.state.results), aclosing(response.events):
                await response.stream_response(send)
        else:
            await response(request.scope, request.receive, send)

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
    ) -> RequestContext | Connection:
        """Authenticates once; fields decide what to do about a refusal. A socket does so for each operation."""
        if isinstance(request, WebSocket):
            return Connection(request, self._open_context)
        return await self._open_context(
            request, str(request.state.request_id), request.headers.get("authorization")
        )

    async def on_ws_connect(self, context: RequestContext | Connection) -> UnsetType | dict[str, object] | None:
        """Refuses a socket whose key is refused, with 4403."""
        if isinstance(context, Connection):
            await context.check_key()
        return await super().on_ws_connect(context)

    async def create_websocket_response(self, request: WebSocket, subprotocol: str | None) -> WebSocket:
        """Raises WebSocketDisconnect where nobody is there any more; see Strawberry."""
        try:
            return await super().create_websocket_response(request, subprotocol)
        except OSError as gone:  # Starlette has this out as it is during the handshake alone
            raise WebSocketDisconnect(1006) from gone

    async def reject_websocket(self, request: WebSocket) -> WebSocket:
        """Answers a handshake from a page of another origin."""
        refusal = reply_error(
            403, "WebSockets are for pages of this origin.", hint="Programs that are no pages send no Origin."
        )
        await request.send_denial_response(refusal)
        return request

    async def _open_context(
        self, request: Request | WebSocket, request_id: str, authorization: str | None
    ) -> RequestContext:
        return await open_operation(
            request,
            self._settings,
            self._clock,
            request_id=request_id,
            authorization=authorization,
            report=self._report,
        )

    def _report(self, report: OperationReport) -> None:
        self._metrics.record_operation(report)
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

    async def execute_operation(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Keeps the results of a stream at hand, to be closed; see `_answer`."""
        result = await super().execute_operation(request, *args, **kwargs)
        if isinstance(result, SubscriptionExecutionResult):
            request.state.results = result
        return result

    async def create_streaming_response(
        self,
        request: Request | WebSocket,  # noqa: ARG002 - Strawberry's signature
        stream: Callable[[], AsyncIterator[str]],
        sub_response: Response,  # noqa: ARG002 - Strawberry's signature
        headers: Mapping[str, str],
    ) -> Response:
        """The events, which nobody may keep or hold back."""
        events = stream()
        assert isinstance(events, AsyncGenerator)  # noqa: S101 - Strawberry makes nothing else, though it says so not
        return EventStream(events, headers={**headers, "vary": "Accept"})

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
