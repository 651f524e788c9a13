"""GraphQL over WebSockets with the protocol graphql-transport-ws."""

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import NonJsonMessageReceived, NonTextMessageReceived, WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from asgi.graphql.websocket_messages import find_problem
from asgi.json_parts import is_large, write_json
from asgi.request_json import parse_request_json
from errors import ErrorCode, LimitExceeded
from resolvers.worker import LARGE, run_in_worker
from schema.errors import mask
from schema.execution_results import present_result, rejected_result
from schema.extensions.persisted_queries import DOCUMENT_ID, WEBSOCKET_EXTENSIONS

MAX_REASON_BYTES: Final = 123
NORMAL_CLOSURE: Final = 1000


class WebSocketAdapter(ASGIWebSocketAdapter):
    """Sends and receives JSON as text, and expects clients to disconnect at any time."""

    ws: WebSocket

    async def iter_json(
        self,
        *,
        ignore_parsing_errors: bool = False,  # noqa: ARG002 - Strawberry's signature
    ) -> AsyncGenerator[object, None]:
        """Yield messages until either side closes the connection."""
        try:
            while not self._is_closed:
                yield parse_request_json(await self.ws.receive_text())
        except orjson.JSONDecodeError as error:
            raise NonJsonMessageReceived from error
        except KeyError as binary:
            raise NonTextMessageReceived from binary
        except WebSocketDisconnect:
            return

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message; raise WebSocketDisconnected if the connection is closed."""
        if self._is_closed:
            raise WebSocketDisconnected
        written = await run_in_worker(partial(write_json, message), size=LARGE if is_large(message) else 0)
        try:
            await self.ws.send_text(written.decode())
        except WebSocketDisconnect as disconnect:
            raise WebSocketDisconnected from disconnect

    async def close(self, code: int, reason: str) -> None:
        """Close the connection if it is open."""
        if not self._is_closed:
            with suppress(WebSocketDisconnect):
                await self.ws.close(code=code, reason=cut_reason(reason))

    @property
    def _is_closed(self) -> bool:
        return self.ws.application_state is WebSocketState.DISCONNECTED


def cut_reason(reason: str) -> str:
    """Cut a reason to what a close frame has room for; it may repeat what the client sent."""
    encoded = reason.encode(errors="replace")
    if len(encoded) <= MAX_REASON_BYTES:
        return reason
    return encoded[: MAX_REASON_BYTES - len("…".encode())].decode(errors="ignore") + "…"


class WebSocketHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """Strawberry's handler; it also validates messages, runs operations by id, and closes idle connections."""

    _closing_when_idle: asyncio.Task[None] | None = None
    _used_at: float = 0.0

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        await super().handle_connection_init(message)
        if self.connection_acknowledged and self._closing_when_idle is None:
            self._use()
            self._closing_when_idle = asyncio.create_task(self._close_when_idle())
            self._closing_when_idle.add_done_callback(self._task_done)

    async def shutdown(self) -> None:
        if self._closing_when_idle is not None:
            self._closing_when_idle.cancel()
        await super().shutdown()

    async def _close_when_idle(self) -> None:
        while (left := self._used_at + self.context.idle_s - time.monotonic()) > 0:
            await asyncio.sleep(left)
            if self.operations:
                self._use()
        # Not a code for which clients connect again at once: they do when they need the connection.
        await self.websocket.close(code=NORMAL_CLOSURE, reason="No operation has run for some time.")

    def _use(self) -> None:
        self._used_at = time.monotonic()

    async def handle_message(self, message: Message) -> None:
        problem = find_problem(message)
        if problem is not None:
            await self.handle_invalid_message(problem)
            return
        if message["type"] == "connection_init" and message.get("payload") is None:
            message.pop("payload", None)
        await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        limit = self.max_subscriptions_per_connection
        self._use()
        is_new = self.connection_acknowledged and message["id"] not in self.operations
        if is_new and limit is not None and len(self.operations) >= limit:
            await self._reject_operation(message["id"], limit)
            return
        payload: dict[str, Any] = dict(message["payload"])
        extensions = payload.get("extensions") or {}
        if payload.get(DOCUMENT_ID) is not None:
            extensions = {**extensions, DOCUMENT_ID: payload[DOCUMENT_ID]}
        # Strawberry does not pass them on; the task of the operation inherits the variable.
        WEBSOCKET_EXTENSIONS.set(extensions)
        if extensions and payload.get("query") is None:
            message["payload"]["query"] = ""  # Strawberry needs a string
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        if not isinstance(error, WebSocketDisconnected):
            mask(error, request_id=self.context.request_id)

    async def _reject_operation(self, operation_id: str, limit: int) -> None:
        # Strawberry's own error has no code.
        error = LimitExceeded(
            ErrorCode.RATE_LIMITED,
            "This connection already runs {limit} operations, which is the limit.",
            limit=limit,
            actual=None,
            unit="operations",
            hint="Wait until one has completed, or unsubscribe from one.",
        )
        payload = [each.formatted for each in present_result(rejected_result(error), self.context).errors or ()]
        await self.send_message({"id": operation_id, "type": "error", "payload": payload})
