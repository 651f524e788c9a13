"""Operations by their id over a WebSocket that runs registered operations only."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from strawberry.asgi import GraphQL

from asgi.graphql.websocket import WebSocketHandler
from schema.build import build_schema
from settings import Settings

TEXT = "query Type($name: String!) { __type(name: $name) { name } }"
PROTOCOL = "graphql-transport-ws"


class View(GraphQL[Any, None]):
    graphql_transport_ws_handler_class = WebSocketHandler


@pytest.fixture
def socket(tmp_path: Path) -> Iterator[WebSocketTestSession]:
    """An acknowledged connection."""
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({"type-1": TEXT}))
    schema = build_schema(Settings(operations_manifest=file, operations_registered_only=True))
    app = Starlette(routes=[WebSocketRoute("/", View(schema, subscription_protocols=(PROTOCOL,)))])
    with TestClient(app).websocket_connect("/", subprotocols=[PROTOCOL]) as socket:
        socket.send_json({"type": "connection_init"})
        assert receive(socket)["type"] == "connection_ack"
        yield socket


def receive(socket: WebSocketTestSession) -> Any:
    return json.loads(socket.receive_text())


def ask(socket: WebSocketTestSession, **payload: object) -> Any:
    """The first message about the operation."""
    socket.send_json({"id": "1", "type": "subscribe", "payload": {"variables": {"name": "Trend"}, **payload}})
    return receive(socket)


@pytest.mark.parametrize(
    "payload",
    [
        {"documentId": "type-1"},
        {"documentId": "type-1", "query": ""},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "type-1"}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "type-1"}}, "query": TEXT},
    ],
)
def test_registered_operation_runs_by_its_id(socket: WebSocketTestSession, payload: Any) -> None:
    answer = ask(socket, **payload)
    assert (answer["type"], answer["payload"]["data"]) == ("next", {"__type": {"name": "Trend"}})


@pytest.mark.parametrize(
    "payload",
    [
        {"query": TEXT},
        {"documentId": "type-2"},
        {"query": TEXT, "documentId": 5},
    ],
)
def test_other_operations_are_rejected(socket: WebSocketTestSession, payload: Any) -> None:
    assert ask(socket, **payload)["type"] != "next"


def test_id_applies_to_one_operation_only(socket: WebSocketTestSession) -> None:
    assert ask(socket, documentId="type-1")["type"] == "next"
    assert receive(socket)["type"] == "complete"
    assert ask(socket, query=TEXT)["type"] != "next"


def test_extensions_must_be_an_object(socket: WebSocketTestSession) -> None:
    with pytest.raises(WebSocketDisconnect) as closed:
        ask(socket, query=TEXT, extensions="type-1")
    assert (closed.value.code, closed.value.reason) == (4400, "The extensions of subscribe must be an object.")


@pytest.mark.parametrize("payload", [5, None, []])
def test_payload_that_is_not_an_object_closes_the_socket(socket: WebSocketTestSession, payload: object) -> None:
    socket.send_json({"id": "1", "type": "subscribe", "payload": payload})
    assert socket.receive() == {
        "type": "websocket.close",
        "code": 4400,
        "reason": "The payload of subscribe must be an object with a query, a string.",
    }
