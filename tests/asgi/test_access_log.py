"""The access log names routes and outcomes, and nothing that a client wrote."""

import logging
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

from asgi.app import create_app
from tests.support.gateway import NOW, Gateway

SECRET = "ada@example.com"


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    found: list[str] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    handler, logger = Collect(), logging.getLogger("trendgate.access")
    logger.addHandler(handler)
    with caplog.at_level(logging.INFO, logger="trendgate.access"):
        yield found
    logger.removeHandler(handler)


async def line_of(gateway: Gateway, lines: list[str], path: str, method: str = "GET") -> str:
    await gateway.client.request(method, path)
    [line] = lines
    lines.clear()
    return line.partition(" in ")[0]


async def test_requests_are_logged_by_route(gateway: Gateway, lines: list[str]) -> None:
    assert await line_of(gateway, lines, "/healthz") == "127.0.0.1 GET /healthz: 200"
    path = f"/api/projects/7/insights/trend/?properties={SECRET}&key=phx_secret"
    assert await line_of(gateway, lines, path) == ("127.0.0.1 GET /api/projects/{project_id}/insights/trend/: 400")
    assert await line_of(gateway, lines, f"/graphql?query={SECRET}") == "127.0.0.1 GET /graphql: 200"
    assert await line_of(gateway, lines, f"/exports/{SECRET}") == "127.0.0.1 GET /exports/{token}: 403"
    assert await line_of(gateway, lines, f"/{SECRET}") == "127.0.0.1 GET other: 404"


async def test_client_cannot_write_a_line_of_its_own(gateway: Gateway, lines: list[str]) -> None:
    forged = "\n2026-12-01 INFO trendgate.access: 127.0.0.1 GET /healthz: 200\x1b[2J"
    assert await line_of(gateway, lines, f"/{quote(forged)}", "FORGED") == "127.0.0.1 other other: 404"


async def test_websockets_are_logged_once_they_have_closed(gateway: Gateway, lines: list[str]) -> None:
    app = create_app(gateway.settings, stores=gateway.stores, clock=lambda: NOW)
    with TestClient(app).websocket_connect("/graphql?x=1", subprotocols=["graphql-transport-ws"]) as websocket:
        websocket.send_json({"type": "connection_init"})
        assert websocket.receive_json() == {"type": "connection_ack"}
        assert lines == []
    [line] = lines
    assert line.startswith("testclient WEBSOCKET /graphql: 101 in ")
