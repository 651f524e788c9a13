"""GraphQL over WebSockets: the protocol graphql-transport-ws, with a request context for each operation."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage

from errors import ErrorCode, GatewayError
from resolvers.context import RequestContext
from schema.errors import mask
from schema.execution_results import present_result, rejected_result
from schema.extensions.persisted_queries import DOCUMENT_ID, SENT_EXTENSIONS


class NamedOperationsHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's handler, which wants a text and does not hand on the extensions of an operation."""

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """See Strawberry. The operation's task inherits what is set here."""
        payload: object = message["payload"]
        if not isinstance(payload, dict):
            await self.handle_invalid_message("The payload of a subscribe message is an object")
            return
        extensions = payload.get("extensions") or {}
        if payload.get(DOCUMENT_ID) is not None and isinstance(extensions, dict):
            extensions = {**extensions, DOCUMENT_ID: payload[DOCUMENT_ID]}
        SENT_EXTENSIONS.set(extensions)
        if extensions and payload.get("query") is None:
            payload["query"] = ""
        await super().handle_subscribe(message)


OpenContext = Callable[[WebSocket, str, str | None], Awaitable[RequestContext]]
"""Makes the context of an operation from its socket, a request id and an Authorization header."""


class Connection:
    """One socket, from whose opening on its client may be somebody else, or nobody any more."""

    def __init__(self, websocket: WebSocket, open_context: OpenContext) -> None:
        self._websocket = websocket
        self._open_context = open_context
        self._operations = 0
        self.request_id: Final = str(websocket.state.request_id)
        self.connection_params: Mapping[str, object] = {}  # Strawberry puts connection_init's payload here

    @property
    def authorization(self) -> str | None:
        """What connection_init says, for browsers cannot send headers; otherwise the header of the handshake."""
        for name, value in self.connection_params.items():
            if name.lower() == "authorization":
                return value if isinstance(value, str) else ""
        return self._websocket.headers.get("authorization")

    async def open_context(self) -> RequestContext:
        """A context for the next operation: the key is looked up anew, and nothing was loaded yet."""
        self._operations += 1
        request_id = f"{self.request_id}.{self._operations}"
        return await self._open_context(self._websocket, request_id, self.authorization)

    async def check_key(self) -> None:
        """Raises ConnectionRejectionError for a key that is refused; without one, fields decide."""
        if self.authorization is None:
            return
        context = await self._open_context(self._websocket, self.request_id, self.authorization)
        refusal = context.authentication_error
        if refusal is not None and refusal.code is ErrorCode.UNAUTHENTICATED:
            raise ConnectionRejectionError


class Socket(ASGIWebSocketAdapter):
    """Sends text, as the protocol has it, and takes news of a client that went away quietly."""

    ws: WebSocket

    async def iter_json(
        self,
        *,
        ignore_parsing_errors: bool = False,  # noqa: ARG002 - Strawberry's signature
    ) -> AsyncGenerator[object, None]:
        """The messages until either side closes."""
        try:
            while not self._is_closed:
                yield orjson.loads(await self.ws.receive_text())
        except orjson.JSONDecodeError as wrong:
            raise NonJsonMessageReceived from wrong
        except KeyError as binary:
            raise NonTextMessageReceived from binary
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Raises WebSocketDisconnected when nobody is there."""
        if self._is_closed:
            raise WebSocketDisconnected
        try:
            await self.ws.send_text(orjson.dumps(message).decode())
        except WebSocketDisconnect as gone:
            raise WebSocketDisconnected from gone

    async def close(self, code: int, reason: str) -> None:
        """Close, unless that was done."""
        if not self._is_closed:
            with suppress(WebSocketDisconnect):
                await self.ws.close(code=code, reason=reason)

    @property
    def _is_closed(self) -> bool:
        return self.ws.application_state is WebSocketState.DISCONNECTED


class SocketHandler(NamedOperationsHandler):
    """Strawberry's side of the protocol, which takes malformed messages and leaving clients for no failures."""

    async def handle_message(self, message: Message) -> None:
        """See Strawberry."""
        problem = find_problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message.pop("payload", None)
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """See Strawberry, whose refusal of one operation too many has no code."""
        limit = self.max_subscriptions_per_connection
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and limit is not None and len(self.operations) >= limit:
            errors = present_result(rejected_result(_too_many(limit)), self.context).errors or []
            payload = [error.formatted for error in errors]
            await self.send_message({"id": message["id"], "type": "error", "payload": payload})
            return
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        """See Strawberry."""
        if not isinstance(error, WebSocketDisconnected):
            mask(error, request_id=self.context.request_id)


def find_problem(message: object) -> str | None:
    """Why a message of a client is none of the protocol; None of one that is."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message is an object with a type."
    if message["type"] in ("subscribe", "complete") and not (isinstance(message.get("id"), str) and message["id"]):
        return f"A message {message['type']} has an id, a text."
    if message["type"] != "subscribe":
        return None
    payload = message.get("payload")
    if not isinstance(payload, dict) or not _names_operation(payload):
        return "The payload of subscribe is an object with a query, a text."
    for name, kind in (("variables", dict), ("extensions", dict), ("operationName", str)):
        if not isinstance(payload.get(name), kind | None):
            return f"The {name} of subscribe have the wrong type."
    return None


def _names_operation(payload: Mapping[str, object]) -> bool:
    # One that was registered, or sent before, is named by an id instead.
    query, is_named = payload.get("query"), bool(payload.get("extensions") or payload.get(DOCUMENT_ID))
    return isinstance(query, str) or (query is None and is_named)


def _too_many(limit: int) -> GatewayError:
    return GatewayError(
        ErrorCode.RATE_LIMITED,
        f"{limit} operations run on this connection, as many as may.",
        hint="Wait until one has completed, or unsubscribe from one.",
        details={"limit": limit},
    )
