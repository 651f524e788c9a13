"""Operations over a WebSocket that are named instead of sent."""

from typing import Any

from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import SubscribeMessage

from schema.persisted import DOCUMENT_ID, SENT_EXTENSIONS


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
