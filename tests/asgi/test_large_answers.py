"""Large answers are complete, leave the event loop to others, and end with their client."""

import asyncio
import gc
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import pytest
from pydantic import SecretStr

from asgi import exports
from tests.asgi.graphql.streams import open_socket
from tests.asgi.many_values import MONTH, SERIES_OF_A_MONTH, VALUES, YEAR, ManyValues, seed_many_values
from tests.support.gateway import Gateway
from tests.support.live_server import serve


@pytest.fixture(scope="module")
async def shop(gateway: Gateway) -> ManyValues:
    return await seed_many_values(gateway, "large answers")


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
async def test_export_of_ten_thousand_values(shop: ManyValues, form: str) -> None:
    response = await shop.gateway.client.get(await shop.link(MONTH, form))
    assert response.status_code == 200
    if form == "csv":
        assert response.text.count("\r\n") == 1 + VALUES
    elif form == "arrow":
        assert pa.ipc.open_stream(response.content).read_all().num_rows == VALUES * 31


async def test_export_has_as_many_values_as_fit_in_the_limit_of_figures(shop: ManyValues) -> None:
    async with shop.limited(max_figures=31_000) as limited:
        response = await limited.gateway.client.get(await limited.link(MONTH, "csv"))
    assert response.status_code == 200
    assert response.text.count("\r\n") == 1 + 1000


async def test_csv_over_rest_has_as_many_values_as_fit_in_the_limit_of_figures(shop: ManyValues) -> None:
    month = {
        "date_from": MONTH["dateFrom"],
        "date_to": MONTH["dateTo"],
        "events": [{"id": None}],
        "breakdown": "page",
    }
    async with shop.limited(max_figures=3_100) as limited:
        response = await limited.rest(format="csv", **month)
    assert response.status_code == 200
    assert response.text.count("\r\n") == 1 + 100


async def test_thousand_values_by_day_for_a_year(shop: ManyValues) -> None:
    answer = await shop.trend({**YEAR, "breakdownLimit": 1000}, "series { label data days labels } csv")
    series = answer.data["project"]["trend"]["series"]
    assert len(series) == 1001
    assert {len(each[name]) for each in series for name in ("data", "days", "labels")} == {365}
    assert sum(map(sum, (each["data"] for each in series))) == VALUES
    response = await shop.rest(
        date_from="2019-01-15",
        date_to="2020-01-14",
        events=[{"id": None}],
        breakdown="page",
        breakdown_limit=1000,
    )
    assert response.status_code == 200
    assert len(response.json()["result"]) == 1001


async def test_series_of_every_letter_by_hour_for_a_month(shop: ManyValues) -> None:
    answer = await shop.trend(SERIES_OF_A_MONTH, "series { label data days labels }")
    series = answer.data["project"]["trend"]["series"]
    assert [sum(each["data"]) for each in series] == [VALUES] * 26


@contextmanager
def measured_loop() -> Iterator[list[float]]:
    """Collects how long the event loop works before a timer has its turn, in seconds of its own processor time."""
    turns = [0.0]

    async def measure() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0.001)
            now = time.thread_time()
            turns.append(now - before)
            before = now

    task = asyncio.create_task(measure())
    gc.disable()  # a collection looks at all objects of the whole test run
    try:
        yield turns
    finally:
        gc.enable()
        task.cancel()


@pytest.mark.parametrize("selected", ["series { label data days labels count }", "csv", None])
async def test_large_answer_leaves_the_event_loop_to_others(shop: ManyValues, selected: str | None) -> None:
    trend = f"trend(query: $query, refresh: FORCE) {{ {selected} }}"
    document = f"query($id: ID!, $query: TrendQueryInput!) {{ project(id: $id) {{ {trend} }} }}"
    graphql = {"query": document, "variables": {"id": shop.id, "query": {**YEAR, "breakdownLimit": 1000}}}
    rest = {
        "date_from": YEAR["dateFrom"],
        "date_to": YEAR["dateTo"],
        "events": [{"id": None}],
        "breakdown": "page",
        "breakdown_limit": 1000,
        "refresh": True,
    }
    path = f"/api/projects/{shop.id}/insights/trend/" if selected is None else "/graphql"
    headers = {"authorization": f"Bearer {shop.key}"}
    with measured_loop() as turns:
        response = await shop.gateway.client.post(
            path, json=rest if selected is None else graphql, headers=headers
        )
    assert response.status_code == 200
    assert len(response.content) > 1_000_000
    assert max(turns) < 0.08  # about 0.02, but 0.12 and more if everything ran at once


async def test_large_event_is_complete(shop: ManyValues) -> None:
    document = """subscription($id: ID!, $query: TrendQueryInput!) {
        trend(projectId: $id, query: $query) { result { series { data } } } }"""
    variables = {"id": shop.id, "query": {**YEAR, "breakdownLimit": 1000}}
    response = await shop.gateway.client.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"authorization": f"Bearer {shop.key}", "accept": "text/event-stream"},
    )
    events = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: {")]
    series = json.loads(events[-1])["data"]["trend"]["result"]["series"]
    assert (len(series), sum(sum(each["data"]) for each in series)) == (1001, VALUES)


async def test_large_message_of_a_socket_is_complete(shop: ManyValues) -> None:
    document = "query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) { csv } } }"
    variables = {"id": shop.id, "query": {**YEAR, "breakdownLimit": 1000}}
    async with serve(shop.gateway.settings, shop.gateway.stores) as port, open_socket(port, shop.key) as connected:
        await connected.subscribe("large", document, variables)
        message, _ = await connected.all("large")
    assert message["payload"]["data"]["project"]["trend"]["csv"].count("\r\n") == 1 + 1001


@pytest.mark.parametrize("form", ["csv", "arrow", "parquet"])
async def test_export_leaves_the_event_loop_to_others(shop: ManyValues, form: str) -> None:
    link = await shop.link(MONTH, form)
    with measured_loop() as turns:
        response = await shop.gateway.client.get(link)
    assert response.status_code == 200
    assert max(turns) < 0.08


async def test_export_ends_with_its_client(shop: ManyValues, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    started, ended = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def observed(parts: Iterator[bytes]) -> Iterator[bytes]:
        try:
            for part in parts:
                written.append(len(part))
                loop.call_soon_threadsafe(started.set)
                yield part
        finally:
            loop.call_soon_threadsafe(ended.set)

    def write(*given: Any) -> Iterator[bytes]:
        return observed(original(*given))

    original = exports._write
    # Nothing outside shows that the work has ended; small parts make it notice the disconnect soon.
    monkeypatch.setattr(exports, "_write", write)
    monkeypatch.setattr("resolvers.trends.arrow_export.ROWS_PER_CHUNK", 1000)
    settings = shop.gateway.settings.model_copy(update={"secret_key": SecretStr("s" * 32)})
    async with shop.limited(secret_key=settings.secret_key) as limited:
        link = await limited.link(MONTH, "arrow")
    async with serve(settings, shop.gateway.stores) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(f"GET {link} HTTP/1.1\r\nHost: gateway\r\n\r\n".encode())
            await asyncio.wait_for(started.wait(), 30)
        await asyncio.wait_for(ended.wait(), 30)
    assert len(written) < VALUES * 31 / 1000
