"""The subscription to a trend over a WebSocket of a real server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import pytest

from datasource.clickhouse.engine import Engine, Limits, Progress, ProgressListener, QueryResult
from datasource.metadata.keys import revoke_key
from datasource.metadata.records import ProjectRecord
from errors import ErrorCode, GatewayError
from permissions.api_keys import mask_key
from resolvers.stores import Stores
from tests.asgi.graphql.streams import FOLLOW, open_socket
from tests.datasource.clickhouse.native_servers import open_native
from tests.datasource.clickhouse.native_servers import serving as native_server
from tests.support.gateway import Gateway
from tests.support.live_server import ENDLESS, endless_stores, running, serve, serving, wait_for
from tests.support.native_server import Backend
from tests.support.paused_trend import EVENTS, QUERY, TWO_STATEMENTS, open_busy_project, pause_trends
from tests.support.seeds.organization import Organization

ASK = """query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) {
    days series { label data count } } } }"""
INSTANT = {"events": [{}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def busy(gateway: Gateway, engine: Engine) -> ProjectRecord:
    return await open_busy_project(gateway, engine)


@pytest.fixture(scope="module")
async def port(gateway: Gateway) -> AsyncIterator[int]:
    async with serve(gateway.settings, gateway.stores) as port:
        yield port


@pytest.fixture
def without_pacing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Send all progress, however fast the machine is."""
    for pace in ("FIRST_AFTER_S", "PACE_S"):
        monkeypatch.setattr(f"resolvers.trend_stream.{pace}", 0)


def progress_of(messages: list[Any]) -> list[Any]:
    """Return the field's values in the messages, none of which may have errors."""
    assert [message["type"] for message in messages] == ["next"] * (len(messages) - 1) + ["complete"]
    assert all("errors" not in message["payload"] for message in messages[:-1])
    return [message["payload"]["data"]["trend"] for message in messages[:-1]]


@pytest.mark.parametrize("query", [QUERY, TWO_STATEMENTS], ids=["one statement", "two series"])
@pytest.mark.usefixtures("without_pacing")
async def test_progress_grows_until_the_result_of_the_query(
    gateway: Gateway, busy: ProjectRecord, query: dict[str, object]
) -> None:
    stores, resume = pause_trends(gateway.stores)
    key = await gateway.key("project:read", "insight:read", project=busy)
    variables = {"id": str(busy.id), "query": query}
    async with serve(gateway.settings, stores) as port, open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, variables)
        messages = [await socket.next("a")]
        while messages[-1]["payload"]["data"]["trend"]["totalRows"] is None:
            messages.append(await socket.next("a"))
        resume.set()
        values = progress_of(messages + await socket.all("a"))
    *before, last = values
    assert [each["result"] for each in before] == [None] * len(before)
    answer = await gateway.ask(ASK, variables, key=key)
    assert last["result"] == answer.data["project"]["trend"]
    assert last["result"]["series"][0]["count"] > 0
    for name in ("rowsRead", "bytesRead", "elapsedMs"):
        numbers = [each[name] for each in values]
        assert numbers == sorted(numbers)
    assert all(each["totalRows"] is None or each["totalRows"] >= each["rowsRead"] for each in values)
    assert before[0]["rowsRead"] < last["rowsRead"]
    assert any(each["rowsRead"] for each in before)
    assert last["rowsRead"] == last["totalRows"] >= EVENTS
    assert any(each["totalRows"] for each in before)


async def test_trend_that_ends_before_the_first_progress_is_one_message(
    gateway: Gateway, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("resolvers.trend_stream.FIRST_AFTER_S", 30)
    project = await gateway.project("instant")
    key = await gateway.key("*", project=project)
    async with open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": INSTANT})
        [only] = progress_of(await socket.all("a"))
    assert only["result"] == {"days": ["2020-01-13", "2020-01-14"], "series": only["result"]["series"]}
    assert only["rowsRead"] == only["totalRows"]


async def test_progress_is_paced(gateway: Gateway, engine: Engine) -> None:
    project = await gateway.project("paced")
    key = await gateway.key("*", project=project)
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": INSTANT})
        times = [(await socket.next("a"))["payload"]["data"]["trend"]["elapsedMs"] for _ in range(4)]
    assert times[0] >= 90
    assert min(later - earlier for earlier, later in pairwise(times)) >= 180
    await wait_for(engine, 0)


async def test_trend_in_the_queue_sends_progress(gateway: Gateway, engine: Engine) -> None:
    project = await gateway.project("waiting")
    key = await gateway.key("*", project=project)
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        for id in "abcde":  # one more than run concurrently, and all different
            query = {**INSTANT, "events": [{"event": id}]}
            await socket.subscribe(id, FOLLOW, {"id": str(project.id), "query": query})
        first = [(await socket.next(id))["payload"]["data"]["trend"] for id in "abcde"]
        assert {"rowsRead": 0.0, "totalRows": None, "bytesRead": 0.0, "result": None}.items() <= first[-1].items()
    await wait_for(engine, 0)


async def test_socket_runs_several_operations(gateway: Gateway, busy: ProjectRecord) -> None:
    stores, resume = pause_trends(gateway.stores)
    key = await gateway.key("*", project=busy)
    variables = {"id": str(busy.id), "query": QUERY}
    create = """mutation($id: ID!) { insightCreate(input: {projectId: $id, name: "by socket",
        query: {events: [{event: "busy"}]}}) { name query } }"""
    async with serve(gateway.settings, stores) as port, open_socket(port, key) as socket:
        await socket.subscribe("one", FOLLOW, variables)
        await socket.subscribe("two", FOLLOW, variables)
        await socket.subscribe("query", "{ viewer { keyLabel } }")
        await socket.subscribe("mutation", create, {"id": str(busy.id)})
        query, end = await socket.all("query")
        assert query["payload"] == {"data": {"viewer": {"keyLabel": "tests"}}}
        assert end == {"id": "query", "type": "complete"}
        made, _ = await socket.all("mutation")
        made = made["payload"]["data"]["insightCreate"]
        assert made == {"name": "by socket", "query": {"events": [{"event": "busy"}]}}
        resume.set()
        one, two = progress_of(await socket.all("one")), progress_of(await socket.all("two"))
        await socket.subscribe("one", "{ __typename }")  # an id is free once its operation has completed
        assert (await socket.all("one"))[0]["payload"] == {"data": {"__typename": "Query"}}
    assert one[-1]["result"] == two[-1]["result"]


@pytest.mark.parametrize("how", ["unsubscribe", "close", "abort"])
async def test_trend_without_a_subscriber_is_cancelled(gateway: Gateway, engine: Engine, how: str) -> None:
    project = await gateway.project("unsubscribed")
    key = await gateway.key("*", project=project)
    async with serve(gateway.settings, endless_stores(gateway.stores)) as port, open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": INSTANT})
        assert (await socket.next("a"))["payload"]["data"]["trend"]["rowsRead"] >= 0
        await wait_for(engine, 1)
        if how == "unsubscribe":
            await socket.send(type="complete", id="a")
            await wait_for(engine, 0)
            await socket.send(type="ping")
            while (message := await socket.receive())["type"] != "pong":
                assert message["type"] == "next"  # on its way already
        elif how == "close":
            await socket.connected.close()
        else:
            socket.connected.transport.abort()
        await wait_for(engine, 0)


async def test_stopping_server_closes_sockets_and_cancels_their_trends(gateway: Gateway, engine: Engine) -> None:
    project = await gateway.project("stopped")
    key = await gateway.key("*", project=project)
    stores = endless_stores(gateway.stores)
    async with serving(gateway.settings, stores) as (port, server), open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": INSTANT})
        await wait_for(engine, 1)
        server.stop()
        assert (await socket.closed())[0] == 1012  # service restart: reconnect
    await wait_for(engine, 0)


async def test_key_revoked_while_a_socket_is_open_is_rejected(gateway: Gateway, port: int) -> None:
    project = await gateway.project("revoked")
    key = await gateway.key("*", project=project)
    async with open_socket(port, key) as socket:
        await socket.subscribe("before", "{ viewer { keyLabel } }")
        assert "errors" not in (await socket.all("before"))[0]["payload"]
        await revoke_key(gateway.stores.metadata, mask_key(key))
        await socket.subscribe("after", FOLLOW, {"id": str(project.id), "query": INSTANT})
        failed, _ = await socket.all("after")
    [error] = failed["payload"]["errors"]
    assert (error["extensions"]["code"], error["path"]) == ("UNAUTHENTICATED", ["trend"])


async def test_access_removed_while_a_socket_is_open_is_missing_at_once(org: Organization, port: int) -> None:
    person = await org.person("passing")
    variables = {"id": org.id, "query": INSTANT}
    async with open_socket(port, person.key) as socket:
        await socket.subscribe("before", FOLLOW, variables)
        assert progress_of(await socket.all("before"))[-1]["result"]
        await org.give("none", "insight", to=person)
        await socket.subscribe("after", FOLLOW, variables)
        failed, _ = await socket.all("after")
    assert failed["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_limit_of_trends_applies_per_operation(gateway: Gateway) -> None:
    project = await gateway.project("budget")
    key = await gateway.key("*", project=project)
    settings = gateway.settings.model_copy(update={"max_trends": 1})
    variables = {"id": str(project.id), "query": INSTANT}
    async with serve(settings, gateway.stores) as port, open_socket(port, key) as socket:
        for number in range(3):
            await socket.subscribe(str(number), FOLLOW, variables)
            assert progress_of(await socket.all(str(number)))


@dataclass(frozen=True)
class Failing:
    """The real engine, but that trends report some progress, and fail once `fail` is set."""

    inner: Engine
    failure: Exception
    fail: asyncio.Event

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(self, *_: Any, on_progress: ProgressListener | None = None, **_options: Any) -> QueryResult:
        assert on_progress is not None
        on_progress(Progress(5, 10, 40))
        await self.fail.wait()
        raise self.failure


@dataclass
class HalfFailing:
    """The real engine, whose first query never ends and whose second fails."""

    inner: Engine
    queries: int = 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(self, *_: Any, **_options: Any) -> QueryResult:
        self.queries += 1
        if self.queries == 1:
            return await self.inner.query(ENDLESS, limits=Limits(seconds=600, rows_to_read=10**15))
        await wait_for(self.inner, 1)
        raise GatewayError(ErrorCode.TIMEOUT, "Too long.")


async def test_failure_of_one_statement_cancels_the_others(gateway: Gateway, engine: Engine) -> None:
    project = await gateway.project("half failing")
    key = await gateway.key("*", project=project)
    half: Engine = HalfFailing(engine)  # type: ignore[assignment]  # see HalfFailing
    query = {**INSTANT, "events": [{}, {"event": "other"}]}
    async with (
        serve(gateway.settings, replace(gateway.stores, events=half)) as port,
        open_socket(port, key) as socket,
    ):
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": query})
        *_, failed, end = await socket.all("a")
        assert (end["type"], failed["payload"]["errors"][0]["extensions"]["code"]) == ("complete", "TIMEOUT")
        assert await running(engine) == 0


@pytest.mark.parametrize(
    "failing",
    [
        (GatewayError(ErrorCode.TIMEOUT, "Too long.", hint="Ask for less."), "TIMEOUT", "Too long."),
        (RuntimeError("a secret detail"), "INTERNAL", "Internal error"),
    ],
)
@pytest.mark.usefixtures("without_pacing")
async def test_failure_after_progress_ends_the_stream_with_its_error(
    gateway: Gateway, failing: tuple[Exception, str, str], caplog: pytest.LogCaptureFixture
) -> None:
    failure, code, message = failing
    project = await gateway.project("failing")
    key = await gateway.key("*", project=project)
    fail = asyncio.Event()
    engine: Engine = Failing(gateway.stores.events, failure, fail)  # type: ignore[assignment]  # see Failing
    stores: Stores = replace(gateway.stores, events=engine)
    async with serve(gateway.settings, stores) as port, open_socket(port, key) as socket:
        await socket.subscribe("a", FOLLOW, {"id": str(project.id), "query": INSTANT})
        while (await socket.next("a"))["payload"]["data"]["trend"]["rowsRead"] != 5:
            pass
        fail.set()
        failed, end = await socket.all("a")
    assert end["type"] == "complete"
    assert failed["payload"]["data"] is None
    [error] = failed["payload"]["errors"]
    assert (error["message"], error["extensions"]["code"], error["path"]) == (message, code, ["trend"])
    assert error["locations"] == [{"line": 1, "column": 52}]
    assert "secret" not in str(failed)
    assert ("a secret detail" in caplog.text) == (code == "INTERNAL")


async def test_queries_of_an_operation_carry_its_id_to_the_server(gateway: Gateway, backend: Backend) -> None:
    project = await gateway.project("request ids")
    key = await gateway.key("*", project=project)
    with native_server(backend) as server:
        async with (
            open_native(server) as native,
            serve(gateway.settings, replace(gateway.stores, events=native)) as port,
            open_socket(port, key) as socket,
        ):
            assert socket.connected.response is not None
            request_id = socket.connected.response.headers["x-request-id"]
            for id in ("a", "b"):
                await socket.subscribe(id, FOLLOW, {"id": str(project.id), "query": INSTANT})
                assert progress_of(await socket.all(id))
        comments = [query.settings["log_comment"] for query in server.queries]
    assert comments == [f"trendgate {request_id}.1", f"trendgate {request_id}.2"]
