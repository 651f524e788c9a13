"""Errors over a WebSocket: of keys, operations, messages and handshakes."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Message, Scope
from websockets.exceptions import InvalidStatus

from asgi.app import create_app
from permissions.api_keys import generate_key
from tests.asgi.graphql.streams import FOLLOW, PROTOCOL, dial, open_socket
from tests.support.gateway import Gateway
from tests.support.live_server import endless_stores, serve

TREND = {"events": [{}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def port(gateway: Gateway) -> AsyncIterator[int]:
    async with serve(gateway.settings, gateway.stores) as port:
        yield port


@pytest.fixture(scope="module")
async def key(gateway: Gateway) -> str:
    return await gateway.key("*", project=await gateway.project("sockets"))


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ viewer { ", None),
        ("", None),
        ("fragment A on Query { __typename }", None),
        ("query A { __typename } query B { __typename }", None),
        ("{ viewer { nope } }", None),
        ("{ projects(first: null) { totalCount } }", None),
        ("query($n: Int!) { projects(first: $n) { totalCount } }", None),
        ("query($n: Int!) { projects(first: $n) { totalCount } }", {"n": "x"}),
        ("{" + "".join(f"a{n}: __typename " for n in range(60)) + "}", None),
        ("{" + "__typename " * 6000 + "}", None),
        (
            "{ projects { edges { node { usersWithAccess { edges { node { member { roles { members { "
            "roles { members { roles { members { roles { members { name } } } } } } } } } } } } } } }",
            None,
        ),
        ("query($n: [Int]) { __typename }", {"n": [{}] * 2001}),
    ],
)
async def test_operation_that_never_runs_has_the_errors_of_http(
    gateway: Gateway, port: int, key: str, document: str, variables: dict[str, object] | None
) -> None:
    async with open_socket(port, key) as socket:
        await socket.subscribe("a", document, variables)
        rejected = await socket.next("a")
        await socket.subscribe("b", "{ __typename }")  # the socket lives on
        assert (await socket.next("b"))["payload"] == {"data": {"__typename": "Query"}}
    assert rejected["type"] == "error"
    response = await gateway.ask(document, variables, key=key) if document else None
    assert response is None or rejected["payload"] == response.body["errors"]


async def test_invalid_subscription_is_rejected_like_a_query(port: int, key: str) -> None:
    async with open_socket(port, key) as socket:
        for document in ("subscription { nope }", f"{FOLLOW[:-1]} again: {FOLLOW.partition('{')[2]}"):
            await socket.subscribe("a", document, {"id": "1", "query": TREND})
            rejected = await socket.next("a")
            assert rejected["type"] == "error"
            assert {each["extensions"]["code"] for each in rejected["payload"]} == {"GRAPHQL_VALIDATION_FAILED"}


async def test_disabled_introspection_is_rejected(gateway: Gateway, key: str) -> None:
    settings = gateway.settings.model_copy(update={"introspection": False})
    async with serve(settings, gateway.stores) as port, open_socket(port, key) as socket:
        for document in ("{ __schema { types { name } } }", "{ _service { sdl } }", "subscription { __typename }"):
            await socket.subscribe("a", document)
            assert (await socket.next("a"))["type"] == "error"


@pytest.mark.parametrize(
    ("scopes", "query", "extensions"),
    [
        (("insight:read",), TREND, {"code": "FORBIDDEN", "missingScope": "project:read"}),
        (("project:read",), TREND, {"code": "FORBIDDEN", "missingScope": "insight:read"}),
        (
            ("*",),
            {"events": [{"properties": [{"key": ""}]}]},
            {"code": "BAD_USER_INPUT", "path": ["query", "events", 0, "properties", 0, "key"]},
        ),
        (("*",), {**TREND, "dateFrom": "soon"}, {"code": "BAD_USER_INPUT", "path": ["query", "dateFrom"]}),
    ],
)
async def test_trend_has_the_errors_of_http(
    gateway: Gateway, port: int, scopes: tuple[str, ...], query: Any, extensions: dict[str, object]
) -> None:
    project = await gateway.project("errors")
    limited = await gateway.key(*scopes, project=project)
    async with open_socket(port, limited) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": query})
        rejected, end = await socket.all("a")
    assert (rejected["payload"]["data"], end["type"]) == (None, "complete")
    [error] = rejected["payload"]["errors"]
    assert error["path"] == ["trend"]
    assert all(error["extensions"][name] == value for name, value in extensions.items())


async def test_project_of_another_organization_is_not_found(gateway: Gateway, port: int, key: str) -> None:
    hidden = await gateway.project("hidden", organization="another")
    errors = []
    async with open_socket(port, key) as socket:
        for id in (str(hidden.id), "999999", "nonsense"):
            await socket.subscribe("a", FOLLOW, {"id": id, "query": TREND})
            rejected, _ = await socket.all("a")
            errors.append(rejected["payload"]["errors"])
    assert errors[0][0]["extensions"]["code"] == "NOT_FOUND"
    assert errors[0] == errors[1] == errors[2]


async def test_invalid_key_closes_the_socket(port: int) -> None:
    for authorization in (f"Bearer {generate_key()}", "Basic abc", "", 5):
        async with dial(port) as socket:
            await socket.send(type="connection_init", payload={"Authorization": authorization})
            assert await socket.closed() == (4403, "Forbidden")


async def test_key_is_read_from_the_payload_or_the_handshake(port: int, key: str) -> None:
    bearer = f"Bearer {key}"
    ways: list[tuple[dict[str, object], dict[str, Any]]] = [
        ({"payload": {"Authorization": bearer}}, {}),
        ({"payload": {"authorization": bearer}}, {}),
        ({}, {"additional_headers": {"Authorization": bearer}}),
        ({"payload": {"Authorization": bearer}}, {"additional_headers": {"Authorization": "Bearer phx_other"}}),
    ]
    for init, options in ways:
        async with dial(port, **options) as socket:
            await socket.send(type="connection_init", **init)
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe("a", "{ viewer { keyLabel } }")
            assert (await socket.next("a"))["payload"] == {"data": {"viewer": {"keyLabel": "tests"}}}


@pytest.mark.parametrize("payload", [None, {}, {"client": "dashboard"}])
async def test_socket_without_a_key_is_accepted_and_fields_fail(port: int, payload: object) -> None:
    async with dial(port) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("a", "{ __typename }")
        assert (await socket.next("a"))["payload"] == {"data": {"__typename": "Query"}}
        await socket.subscribe("b", FOLLOW, {"id": "1", "query": TREND})
        [error] = (await socket.next("b"))["payload"]["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert "Authorization: Bearer" in error["extensions"]["hint"]


async def test_only_the_operation_over_the_limit_is_rejected(gateway: Gateway) -> None:
    project = await gateway.project("many")
    key = await gateway.key("*", project=project)
    settings = gateway.settings.model_copy(update={"max_socket_operations": 2})
    variables = {"id": str(project.id), "query": TREND}
    async with serve(settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        for id in "abc":
            await socket.subscribe(id, FOLLOW, variables)
        rejected = await socket.next("c")
        assert rejected["type"] == "error"
        assert rejected["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert rejected["payload"][0]["extensions"]["limit"] == 2
        await socket.send(type="complete", id="a")
        await socket.subscribe("d", "{ __typename }")
        assert (await socket.next("d"))["payload"] == {"data": {"__typename": "Query"}}


INIT = '{"type": "connection_init"}'


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        (["{"], 4400),
        (["5"], 4400),
        (["[]"], 4400),
        (["{}"], 4400),
        ([f'{{"type": "{"x" * 1_000}"}}'], 4400),
        ([f'{{"type": "{"é" * 1_000}"}}'], 4400),
        ([INIT, f'{{"type": "complete", "id": "{"x" * 201}"}}'], 4400),
        (['{"type": "start"}'], 4400),
        ([b'{"type": "connection_init"}'], 4400),
        (['{"type": "connection_init", "payload": 5}'], 4400),
        ([INIT, INIT], 4429),
        (['{"type": "subscribe", "id": "a", "payload": {"query": "{ __typename }"}}'], 4401),
        ([INIT, '{"type": "subscribe", "payload": {"query": "{ __typename }"}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "a"}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "a", "payload": {"query": 5}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "a", "payload": {"query": "{a}", "variables": []}}'], 4400),
        ([INIT, '{"type": "subscribe", "id": "a", "payload": {"query": "{a}", "operationName": 5}}'], 4400),
        ([INIT, '{"type": "complete"}'], 4400),
        ([INIT, '{"type": "ping", "payload": {"pad": "' + "x" * 1024**2 + '"}}'], 1009),
    ],
)
async def test_message_that_violates_the_protocol_closes_the_socket(
    port: int, messages: list[str | bytes], code: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with dial(port) as socket:
        for message in messages:
            await socket.connected.send(message)
        assert (await socket.closed())[0] == code
    assert "Traceback" not in caplog.text


async def test_duplicate_id_closes_the_socket(gateway: Gateway) -> None:
    project = await gateway.project("twice")
    key = await gateway.key("*", project=project)
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        for _ in range(2):
            await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": TREND})
        assert await socket.closed() == (4409, "Subscriber for a already exists")


@pytest.mark.parametrize("id_", ["a" * 200, "€" * 200])
async def test_reason_fits_into_a_close_frame(gateway: Gateway, id_: str) -> None:
    project = await gateway.project("twice")
    key = await gateway.key("*", project=project)
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        for _ in range(2):
            await socket.subscribe(id_, FOLLOW, {"id": str(project.id), "query": TREND})
        code, reason = await socket.closed()
    assert code == 4409
    assert reason is not None
    assert reason.startswith(f"Subscriber for {id_[:30]}")
    assert reason.endswith("…")
    assert 121 <= len(reason.encode()) <= 123


async def test_socket_without_connection_init_is_closed(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"socket_init_timeout_s": 0.02})
    async with serve(settings, gateway.stores) as port, dial(port) as socket:
        assert (await socket.closed())[0] == 4408


@pytest.mark.parametrize("subprotocols", [None, ["graphql-ws"], ["chat"]])
async def test_other_subprotocols_are_rejected(port: int, subprotocols: Any) -> None:
    async with dial(port, subprotocols=subprotocols) as socket:
        assert (await socket.closed())[0] == 4406


@pytest.mark.parametrize("subprotocols", [[PROTOCOL], ["graphql-ws", PROTOCOL]])
async def test_subprotocol_is_chosen_among_those_offered(port: int, subprotocols: Any) -> None:
    async with dial(port, subprotocols=subprotocols) as socket:
        assert socket.connected.subprotocol == PROTOCOL


@pytest.mark.parametrize("last", ["websocket.accept", '"connection_ack"', '"next"', '"complete"'])
async def test_client_that_disconnects_before_a_message_causes_no_warning(
    gateway: Gateway, last: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(gateway.settings, stores=gateway.stores)
    messages = [INIT, '{"type": "subscribe", "id": "a", "payload": {"query": "{ __typename }"}}']
    incoming: list[Message] = [{"type": "websocket.connect"}]
    incoming += [{"type": "websocket.receive", "text": message} for message in messages]
    is_disconnected = asyncio.Event()

    async def receive() -> Message:
        if not incoming:
            await is_disconnected.wait()
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect", "code": 1006}

    async def send(message: Message) -> None:
        if last in (message["type"], *re.findall(r'"\w+"', message.get("text", ""))):
            is_disconnected.set()
        if is_disconnected.is_set():
            raise OSError

    await app(_handshake(), receive, send)
    assert is_disconnected.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_client_that_answers_no_ping_is_disconnected(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asgi.server.PING_INTERVAL_S", 0.05)
    handshake = (
        "GET /graphql HTTP/1.1\r\nHost: gateway\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    )
    async with serve(gateway.settings, gateway.stores) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(handshake.encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 101")
        rest = await asyncio.wait_for(reader.read(), 60)  # to the end
        writer.close()
    assert b"keepalive ping timeout" in rest


def _handshake() -> Scope:
    return {
        "type": "websocket",
        "path": "/graphql",
        "query_string": b"",
        "headers": [],
        "subprotocols": [PROTOCOL],
    }


async def test_handshake_of_another_origin_is_rejected(port: int) -> None:
    with pytest.raises(InvalidStatus) as rejected:
        async with dial(port, origin="https://elsewhere.example"):
            pass
    assert rejected.value.response.status_code == 403
    assert b'"code":"FORBIDDEN"' in rejected.value.response.body
    async with dial(port, origin=f"http://127.0.0.1:{port}") as socket:
        assert socket.connected.subprotocol == PROTOCOL


async def test_handshake_with_a_key_in_its_url_is_rejected(port: int, key: str) -> None:
    with pytest.raises(InvalidStatus) as rejected:
        async with dial(port, path=f"/graphql?token={key}"):
            pass
    assert rejected.value.response.status_code == 400
    assert b"The URL contains an API key." in rejected.value.response.body
    assert key.encode() not in rejected.value.response.body


async def test_handshake_on_another_path_is_rejected(port: int) -> None:
    with pytest.raises(InvalidStatus) as rejected:
        async with dial(port, path="/healthz"):
            pass
    assert rejected.value.response.status_code == 403


async def test_handshake_has_the_request_id(port: int) -> None:
    async with dial(port, additional_headers={"X-Request-Id": "mine"}) as socket:
        assert socket.connected.response is not None
        assert socket.connected.response.headers["x-request-id"] == "mine"
