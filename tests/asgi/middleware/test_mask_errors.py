import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.types import Message, Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from asgi.middleware.mask_errors import MaskErrorsMiddleware
from asgi.middleware.request_id import RequestIdMiddleware

MIDDLEWARE = [Middleware(RequestIdMiddleware), Middleware(MaskErrorsMiddleware)]


async def test_unexpected_error_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: Request) -> Response:
        raise RuntimeError("a secret detail")

    app = Starlette(routes=[Route("/", fail)], middleware=MIDDLEWARE)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway") as client:
        response = await client.get("/")
    assert response.status_code == 500
    [error] = response.json()["errors"]
    assert error["message"] == "Internal error"
    assert "secret" not in response.text
    assert error["extensions"]["errorId"] in caplog.text
    assert "a secret detail" in caplog.text


async def test_unexpected_error_after_the_handshake_closes_the_websocket(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(websocket: WebSocket) -> None:
        await websocket.accept()
        raise RuntimeError("a secret detail")

    app = Starlette(routes=[WebSocketRoute("/", fail)], middleware=MIDDLEWARE)
    with TestClient(app).websocket_connect("/") as websocket, pytest.raises(WebSocketDisconnect) as closed:
        websocket.receive_text()
    assert (closed.value.code, closed.value.reason) == (1011, "Internal error")
    assert "a secret detail" in caplog.text


async def test_unexpected_error_in_a_started_response_sends_no_second_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def start_and_fail(scope: Scope, receive: Receive, send: Send) -> None:
        await Response("first")(scope, receive, send)
        raise RuntimeError("a secret detail")

    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        raise AssertionError

    scope = {"type": "http", "path": "/", "state": {"request_id": "request-7"}}
    await MaskErrorsMiddleware(start_and_fail)(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert "a secret detail" in caplog.text
    assert "request-7" in caplog.text
