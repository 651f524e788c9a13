"""The endpoint `/graphql`: GraphQL over HTTP, Server-Sent Events and WebSockets, and GraphiQL."""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing, suppress
from datetime import datetime, timedelta
from typing import Any

from cross_web import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect
from strawberry.http.base import BaseRequestProtocol
from strawberry.schema.exceptions import InvalidOperationTypeError
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import SubscriptionExecutionResult
from strawberry.types.unset import UnsetType

from asgi.disconnect import ClientDisconnected, while_connected
from asgi.graphql.content_type import POST_HINT, reject_content_type
from asgi.graphql.graphiql import GraphiQL, graphiql_response
from asgi.graphql.over_http import GraphQLOverHTTP
from asgi.graphql.sse import EventStream, EventTransport
from asgi.graphql.websocket import WebSocketAdapter, WebSocketHandler
from asgi.graphql.websocket_connection import Connection
from asgi.negotiation import accepts_html
from asgi.request_context import open_request_context
from asgi.responses import error_response
from resolvers.context import RequestContext
from schema.build import GatewaySchema
from schema.extensions.persisted_queries import DOCUMENT_ID
from settings import Settings
from telemetry.logging import log_operation
from telemetry.metrics import Metrics
from telemetry.request import OperationReport

logger = logging.getLogger("trendgate.http")


class GraphQLView(GraphQLOverHTTP):
    """The gateway's view: its request context, cancellation on disconnect, streams, and GraphiQL."""

    websocket_adapter_class: Any = WebSocketAdapter  # Strawberry infers a callable that returns the base class
    graphql_transport_ws_handler_class = WebSocketHandler
    stream_transport_classes_by_protocol: Mapping[str, Any] = {GRAPHQL_SSE_PROTOCOL: EventTransport}

    def __init__(
        self,
        schema: GatewaySchema,
        *,
        settings: Settings,
        clock: Callable[[], datetime],
        graphiql: GraphiQL | None,
        metrics: Metrics,
    ) -> None:
        super().__init__(
            schema,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=settings.socket_init_timeout_s),
            max_subscriptions_per_connection=settings.max_socket_operations,
            allowed_origins=settings.cors_origins or (),
        )
        self._settings = settings
        self._clock = clock
        self._graphiql = graphiql
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            with suppress(WebSocketDisconnect):  # during the handshake
                await self.run(WebSocket(scope, receive, send))
            return
        request = Request(scope, receive)
        response = reject_content_type(request)
        if response is not None:
            await response(scope, receive, send)
            return
        try:
            await request.body()
            await while_connected(request, self._respond(request, send))
        except (ClientDisconnect, ClientDisconnected):
            logger.info("client disconnected during request %s", request.state.request_id)

    async def _respond(self, request: Request, send: Send) -> None:
        try:
            response = await self.run(request)
        except HTTPException as error:
            response = _http_error_response(error)
        if isinstance(response, EventStream):
            # Closed here, not by the garbage collector: whatever ends the stream cancels its queries at once.
            async with aclosing(request.state.results), aclosing(response.events):
                await response.stream_response(send)
        else:
            await response(request.scope, request.receive, send)

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - Strawberry's signature
    ) -> RequestContext | Connection:
        """Authenticate once per request; fields decide about a missing or invalid key."""
        if isinstance(request, WebSocket):
            return Connection(request, self._open_context, self._settings)
        return await self._open_context(
            request, str(request.state.request_id), request.headers.get("authorization")
        )

    async def _open_context(
        self, request: Request | WebSocket, request_id: str, authorization: str | None
    ) -> RequestContext:
        return await open_request_context(
            request, self._settings, self._clock, authorization, request_id=request_id, report=self._report
        )

    def _report(self, report: OperationReport) -> None:
        self._metrics.record_operation(report)
        log_operation(report)

    def should_render_graphql_ide(self, request: BaseRequestProtocol) -> bool:
        """Whether a browser asks for the page: other clients that accept everything want JSON."""
        return (
            request.method == "GET"
            and not request.query_params.keys() & {"query", "extensions", DOCUMENT_ID}
            and accepts_html(request.headers.get("accept"))
        )

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - Strawberry's signature
        """Return the page, or 406 where it is disabled."""
        if self._graphiql is None:
            return error_response(406, "GraphiQL is disabled.", hint=POST_HINT)
        return graphiql_response(self._graphiql)

    async def on_ws_connect(self, context: RequestContext | Connection) -> UnsetType | dict[str, object] | None:
        """Close a connection with an invalid key with 4403."""
        if isinstance(context, Connection):
            await context.check_key()
        return await super().on_ws_connect(context)

    async def create_websocket_response(self, request: WebSocket, subprotocol: str | None) -> WebSocket:
        """Accept the handshake; raise WebSocketDisconnect if the client has disconnected."""
        try:
            return await super().create_websocket_response(request, subprotocol)
        except OSError as error:  # which Starlette translates after the handshake only
            raise WebSocketDisconnect(1006) from error

    async def reject_websocket(self, request: WebSocket) -> WebSocket:
        """Reject the handshake of a page of another origin."""
        response = error_response(
            403,
            "WebSockets from other origins are not allowed.",
            hint="Add the page's origin to TRENDGATE_CORS_ORIGINS. Programs other than browsers send no Origin.",
        )
        await request.send_denial_response(response)
        return request

    async def execute_operation(self, request: Request, *args: Any, **kwargs: Any) -> Any:
        """Execute the operation, and keep the results of a stream for `_respond` to close."""
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
        """Stream events, with headers that keep proxies from caching or buffering them."""
        events = stream()
        assert isinstance(events, AsyncGenerator)  # noqa: S101 - always one, though Strawberry declares an iterator
        return EventStream(events, headers={**headers, "vary": "Accept"})


def _http_error_response(error: HTTPException) -> Response:
    if isinstance(error.__cause__, InvalidOperationTypeError):
        return error_response(405, "GET runs queries only.", hint=POST_HINT, headers={"allow": "POST"})
    headers = {"allow": "GET, POST"} if error.status_code == 405 else None
    return error_response(error.status_code, error.reason, hint=POST_HINT, headers=headers)
