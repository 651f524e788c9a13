"""A server of the page whose subscriptions send what a test queues, over graphql-transport-ws."""

import asyncio
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import uvicorn
from graphql import build_schema, graphql_sync
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi.graphql.graphiql import graphiql_response, load_graphiql

PROTOCOL = "graphql-transport-ws"
SCHEMA = build_schema("""
    type Query { viewer: Viewer! }
    type Viewer { keyLabel: String! }
    type Subscription { trend(projectId: ID!): Progress! }
    type Progress { rowsRead: Int totalRows: Int elapsedMs: Float }
""")


class Subscriptions:
    """The operation that was received, and the messages to send. Used from the test's thread."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.parameters: dict[str, Any] | None = None
        self.operation: dict[str, Any] | None = None
        self.is_stopped = threading.Event()
        self._messages: queue.Queue[dict[str, Any]] = queue.Queue()

    def progress(self, **trend: Any) -> None:
        self._messages.put({"type": "next", "payload": {"data": {"trend": trend}}})

    def fail(self, *errors: dict[str, Any]) -> None:
        self._messages.put({"type": "error", "payload": list(errors)})

    def complete(self) -> None:
        self._messages.put({"type": "complete"})

    async def serve(self, websocket: WebSocket) -> None:
        """Serve one connection with one operation."""
        await websocket.accept(subprotocol=PROTOCOL)
        self.parameters = (await websocket.receive_json())["payload"]
        await websocket.send_json({"type": "connection_ack"})
        subscribed = await websocket.receive_json()
        self.operation = subscribed["payload"]
        sending = asyncio.create_task(self._send(websocket, subscribed["id"]))
        with suppress(WebSocketDisconnect):
            while True:
                if (await websocket.receive_json())["type"] == "complete":
                    self.is_stopped.set()
        sending.cancel()

    async def _send(self, websocket: WebSocket, operation: str) -> None:
        while True:
            try:
                message = self._messages.get_nowait()
            except queue.Empty:
                await asyncio.sleep(0.02)
                continue
            await websocket.send_json({"id": operation, **message})


@contextmanager
def serve_subscriptions() -> Iterator[Subscriptions]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        subscriptions = Subscriptions(f"http://127.0.0.1:{listener.getsockname()[1]}")
        app = Starlette(routes=_routes(subscriptions))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", ws="websockets-sansio", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield subscriptions
        finally:
            server.should_exit = True
            thread.join(timeout=30)


def _routes(subscriptions: Subscriptions) -> list[Route | Mount | WebSocketRoute]:
    graphiql = load_graphiql()

    async def post(request: Request) -> Response:
        operation = await request.json()
        result = graphql_sync(SCHEMA, operation["query"], {"viewer": {"keyLabel": "a key"}})
        return JSONResponse(result.formatted)

    async def health(_: Request) -> Response:
        return Response()

    async def get(_: Request) -> Response:
        return graphiql_response(graphiql)

    return [
        Route("/healthz", health),
        Route("/graphql", get),
        Route("/graphql", post, methods=["POST"]),
        WebSocketRoute("/graphql", subscriptions.serve),
        Mount("/graphql/assets", graphiql.assets),
    ]
