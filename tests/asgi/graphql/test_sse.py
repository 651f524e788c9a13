"""GraphQL over Server-Sent Events, with a real server."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx2
import pytest
from starlette.types import Message

from asgi.app import create_app
from datasource.clickhouse.engine import Engine
from datasource.metadata.records import ProjectRecord
from tests.asgi.graphql.streams import FOLLOW, read_events
from tests.support.gateway import Gateway
from tests.support.live_server import endless_stores, running, serve, serving, wait_for
from tests.support.paused_trend import QUERY, open_busy_project, pause_trends

EVENTS = "text/event-stream"
INSTANT = {"events": [{}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def port(gateway: Gateway) -> AsyncIterator[int]:
    async with serve(gateway.settings, gateway.stores) as port:
        yield port


@pytest.fixture(scope="module")
async def project(gateway: Gateway) -> ProjectRecord:
    return await gateway.project("events")


@pytest.fixture(scope="module")
async def key(gateway: Gateway, project: ProjectRecord) -> str:
    return await gateway.key("*", project=project)


async def ask(
    port: int, query: str, variables: Mapping[str, object] | None = None, *, accept: str = EVENTS, key: str = ""
) -> httpx2.Response:
    headers = {"accept": accept, **({"authorization": f"Bearer {key}"} if key else {})}
    async with httpx2.AsyncClient(timeout=60) as client:
        return await client.post(
            f"http://127.0.0.1:{port}/graphql", json={"query": query, "variables": variables}, headers=headers
        )


async def test_trend_sends_its_progress_as_events(
    gateway: Gateway, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.trend_stream.FIRST_AFTER_S", 0)
    busy = await open_busy_project(gateway, engine)
    headers = {"accept": EVENTS, "authorization": f"Bearer {await gateway.key('*', project=busy)}"}
    request = {"query": FOLLOW, "variables": {"id": str(busy.id), "query": QUERY}}
    stores, resume = pause_trends(gateway.stores)
    text = ""
    async with (
        serve(gateway.settings, stores) as port,
        httpx2.AsyncClient(timeout=60) as client,
        client.stream("POST", f"http://127.0.0.1:{port}/graphql", json=request, headers=headers) as response,
    ):
        async for part in response.aiter_text():
            text += part
            if re.search(r'"totalRows": ?\d', text):
                resume.set()
    assert response.status_code == 200
    assert response.headers["content-type"] == EVENTS
    assert response.headers["cache-control"] == "no-cache, no-transform"
    assert response.headers["vary"] == "Accept"
    assert "content-encoding" not in response.headers
    assert "content-length" not in response.headers
    assert response.headers["x-request-id"]
    *events, end = read_events(text)
    assert end == ("complete", None)
    assert {name for name, _ in events} == {"next"}
    values = [data["data"]["trend"] for _, data in events]
    assert len(values) > 1
    assert [each["result"] is None for each in values] == [True] * (len(values) - 1) + [False]
    rows = [each["rowsRead"] for each in values]
    assert rows == sorted(rows)


@pytest.mark.parametrize("how", ["close", "abort"])
async def test_events_arrive_during_the_query_which_ends_when_the_client_disconnects(
    gateway: Gateway, engine: Engine, project: ProjectRecord, key: str, how: str
) -> None:
    body = json.dumps({"query": FOLLOW, "variables": {"id": str(project.id), "query": INSTANT}})
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer {key}\r\nAccept: {EVENTS}\r\n"
            f"Accept-Encoding: gzip\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write((head + body).encode())
        for _ in range(3):  # the query never ends, so these arrive while it runs
            assert b"event: next" in await asyncio.wait_for(reader.readuntil(b"event: next"), 60)
        await wait_for(engine, 1)
        if how == "close":
            writer.close()
            await writer.wait_closed()
        else:
            writer.transport.abort()
        await wait_for(engine, 0)


async def test_client_that_stops_reading_and_disconnects_is_noticed(
    gateway: Gateway, engine: Engine, project: ProjectRecord, key: str
) -> None:
    """The client disconnects while the server waits to send."""
    app = create_app(gateway.settings, stores=endless_stores(gateway.stores))
    body = json.dumps({"query": FOLLOW, "variables": {"id": str(project.id), "query": INSTANT}}).encode()
    headers = {"accept": EVENTS, "content-type": "application/json", "authorization": f"Bearer {key}"}
    incoming: list[Message] = [{"type": "http.request", "body": body}, {"type": "http.disconnect"}]
    is_full, never = asyncio.Event(), asyncio.Event()

    async def receive() -> Message:
        if incoming[0]["type"] == "http.disconnect":
            await is_full.wait()
        return incoming.pop(0)

    async def send(message: Message) -> None:
        if b"event: next" in message.get("body", b""):
            assert await running(engine) == 1
            is_full.set()
            await never.wait()

    encoded = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/graphql", "query_string": b"", "headers": encoded}
    await app(scope, receive, send)
    assert await running(engine) == 0


async def test_stopping_server_ends_streams_after_the_shutdown_timeout(
    gateway: Gateway, engine: Engine, project: ProjectRecord, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asgi.server.SHUTDOWN_TIMEOUT_S", 0.2)
    variables = {"id": str(project.id), "query": INSTANT}
    async with serving(gateway.settings, endless_stores(gateway.stores)) as (port, server):
        request = asyncio.create_task(ask(port, FOLLOW, variables, key=key))
        await wait_for(engine, 1)
        server.stop()
        with pytest.raises(httpx2.RemoteProtocolError):
            await request
    await wait_for(engine, 0)


@pytest.mark.parametrize(
    ("document", "variables"),
    [
        ("{ viewer { ", None),
        ("query A { __typename } query B { __typename }", None),
        ("{ viewer { nope } }", None),
        ("query($n: Int!) { projects(first: $n) { totalCount } }", None),
        ("{" + "".join(f"a{n}: __typename " for n in range(60)) + "}", None),
        ("query($n: [Int]) { __typename }", {"n": [{}] * 2001}),
        ("{ viewer { keyLabel } }", None),
        ("{ project(id: 5) { name } __typename }", None),
    ],
)
async def test_query_is_a_single_event(
    gateway: Gateway, port: int, document: str, variables: dict[str, Any] | None
) -> None:
    response = await ask(port, document, variables)
    (name, data), end = read_events(response.text)
    assert (name, end) == ("next", ("complete", None))
    assert data == (await gateway.ask(document, variables)).body


async def test_trend_without_a_key_is_an_event_with_an_error(port: int) -> None:
    (_, data), _ = read_events((await ask(port, FOLLOW, {"id": "1", "query": INSTANT})).text)
    assert data["data"] is None
    assert [(each["path"], each["extensions"]["code"]) for each in data["errors"]] == [
        (["trend"], "UNAUTHENTICATED")
    ]


@pytest.mark.parametrize("accept", ["application/json", "*/*", f"application/json, {EVENTS}"])
async def test_subscription_as_a_plain_request_is_rejected_with_a_hint(gateway: Gateway, accept: str) -> None:
    answer = await gateway.ask(FOLLOW, {"id": "1", "query": INSTANT}, accept=accept)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert "text/event-stream" in answer.extensions["hint"]
    assert "data" not in answer.body


async def test_client_that_also_accepts_events_gets_json(port: int) -> None:
    accept = f"application/graphql-response+json, application/json, {EVENTS}, multipart/mixed"
    response = await ask(port, "{ __typename }", accept=accept)
    assert response.json() == {"data": {"__typename": "Query"}}


async def test_get_for_events_runs_no_mutation(gateway: Gateway) -> None:
    parameters = {"query": 'mutation { actionDelete(projectId: "1", id: "1") }'}
    response = await gateway.client.get("/graphql", params=parameters, headers={"accept": EVENTS})
    (_, data), _ = read_events(response.text)
    assert data["errors"][0]["message"] == "mutations are not allowed"
    assert "data" not in data
