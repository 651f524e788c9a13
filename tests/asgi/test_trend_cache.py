"""The cache of trends over HTTP: which requests share a result, and what outdates it."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from datasource.cache.memory import MemoryCache
from datasource.cache.redis import RedisCache, connect_redis
from datasource.clickhouse.engine import Engine, QueryResult
from datasource.loader.load import LoadJob, RejectsFile, load_file
from datasource.metadata.data_versions import changing_data
from errors import ErrorCode, GatewayError
from resolvers.stores import Stores
from resolvers.trend_cache.read_through import TrendCache
from resolvers.trends import statements
from resolvers.trends.buckets import Buckets
from settings import Settings
from tests.support.gateway import open_gateway
from tests.support.redis_server import RedisServer, running_redis
from tests.support.seeds.organization import Organization, seed_organization

TREND = """query($project: ID!, $query: TrendQueryInput!, $refresh: TrendRefresh! = CACHE_FIRST) {
    project(id: $project) { trend(query: $query, refresh: $refresh) { isCached lastRefresh series { count }
    } } }"""
VIEWS: dict[str, Any] = {"events": [{"event": "view"}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@dataclass
class Counting:
    """The real engine, which counts its queries and fails on demand."""

    inner: Engine
    asked: int = 0
    failures: list[Exception] = field(default_factory=list)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    async def query(self, *given: Any, **options: Any) -> QueryResult:
        self.asked += 1
        await self.may_answer.wait()
        if self.failures:
            raise self.failures.pop()
        return await self.inner.query(*given, **options)


@dataclass(frozen=True)
class Caching:
    org: Organization
    engine: Counting

    async def count(self, **query: Any) -> tuple[float, bool]:
        """The first series' count, and whether it was cached."""
        return await count(self.org, self.org.creator.key, **query)

    async def load(self, folder: Path, *days: int) -> None:
        """Views on these days of January, loaded as the command does."""
        await load(self.org, folder, days)


async def count(org: Organization, key: str, *, refresh: str = "CACHE_FIRST", **query: Any) -> tuple[float, bool]:
    variables = {"project": org.id, "query": {**VIEWS, **query}, "refresh": refresh}
    trend = (await org.gateway.ask(TREND, variables, key=key)).data["project"]["trend"]
    return trend["series"][0]["count"], trend["isCached"]


async def load(org: Organization, folder: Path, days: Sequence[int]) -> None:
    async def no_type(_: str) -> int | None:
        return None

    file = folder / "events.jsonl"
    events = [
        {"event": "view", "distinct_id": "d", "timestamp": f"2020-01-{day:02}T15:00:00Z", "properties": {}}
        for day in days
    ]
    file.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    with RejectsFile(folder / "rejects.jsonl") as rejects:
        async with changing_data(org.store, org.project.id):
            await load_file(org.gateway.stores.events, org.project.id, file, LoadJob(rejects), type_index=no_type)


@pytest.fixture
async def caching(stores: Stores, settings: Settings, engine: Engine, org: Organization) -> AsyncIterator[Caching]:
    counting = Counting(engine)
    counting.may_answer.set()
    keeping = replace(
        stores,
        events=counting,  # type: ignore[arg-type]  # the rest is the real engine's
        trend_cache=TrendCache(MemoryCache(10**6)),
    )
    async with open_gateway(keeping, settings) as gateway:
        people: dict[str, Any] = {
            "admin": replace(org.admin, gateway=gateway),
            "creator": replace(org.creator, gateway=gateway),
        }
        yield Caching(replace(org, gateway=gateway, **people), counting)


async def asked_at_once(caching: Caching, requests: int) -> "list[asyncio.Task[tuple[float, bool]]]":
    """That many requests, all of which wait for ClickHouse."""
    caching.engine.may_answer.clear()
    tasks = [asyncio.create_task(caching.count()) for _ in range(requests)]
    cache = caching.org.gateway.stores.trend_cache
    while cache.waiting < requests:  # noqa: ASYNC110 - nothing else signals it
        await asyncio.sleep(0.001)
    return tasks


async def test_second_request_sends_no_query_to_clickhouse(caching: Caching, tmp_path: Path) -> None:
    await caching.load(tmp_path, 13, 14)
    assert await caching.count() == (2, False)
    asked = caching.engine.asked
    assert await caching.count() == (2, True)
    assert await caching.count(events=[{"event": "other"}]) == (0, False)
    assert caching.engine.asked == asked + 1


async def test_simultaneous_requests_run_one_query(caching: Caching) -> None:
    answers = await asked_at_once(caching, 5)
    caching.engine.may_answer.set()
    assert await asyncio.gather(*answers) == [(0, False)] * 5
    assert caching.engine.asked == 1


async def test_force_replaces_the_cached_trend(caching: Caching) -> None:
    await caching.count()
    assert await caching.count(refresh="FORCE") == (0, False)
    assert caching.engine.asked == 2
    assert await caching.count() == (0, True)


async def test_load_outdates_cached_trends(caching: Caching, tmp_path: Path) -> None:
    await caching.load(tmp_path, 13)
    assert await caching.count() == (1, False)
    await caching.load(tmp_path, 14)
    assert await caching.count() == (2, False)


async def test_trend_computed_during_a_load_is_outdated_after_it(caching: Caching) -> None:
    await caching.count()
    async with changing_data(caching.org.store, caching.org.project.id):
        assert await caching.count() == (0, False)
        assert await caching.count() == (0, True)
    assert await caching.count() == (0, False)


async def test_changes_of_what_a_trend_depends_on_are_seen(caching: Caching) -> None:
    org, admin = caching.org, caching.org.admin
    action = await org.action("A")
    series: dict[str, Any] = {"events": [], "actions": [{"actionId": action}]}
    await caching.count(**series)
    assert (await caching.count(**series))[1]
    change = "mutation($i: ActionUpdateInput!) { actionUpdate(input: $i) { id } }"
    answer = await admin.ask(change, i={"projectId": org.id, "id": action, "steps": [{"event": "other"}]})
    assert answer.data
    assert not (await caching.count(**series))[1]
    await caching.count(filterTestAccounts=True)
    assert (await caching.count(filterTestAccounts=True))[1]
    change = "mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { id } }"
    for part in (
        {"testAccountFilters": [{"key": "test", "value": True}]},
        {"timezone": "Asia/Tokyo"},
    ):
        assert (await admin.ask(change, i={"id": org.id, **part})).data
        assert not (await caching.count(filterTestAccounts=True))[1]
        assert (await caching.count(filterTestAccounts=True))[1]


async def test_cached_trend_does_not_bypass_access_control(caching: Caching) -> None:
    org = caching.org
    await caching.count()
    person = await org.person("outsider")
    assert await count(org, person.key) == (0, True)
    await org.give("none", "insight", to=person)
    answer = await org.gateway.ask(TREND, {"project": org.id, "query": VIEWS}, key=person.key)
    assert answer.extensions["code"] == "FORBIDDEN"
    scopeless = await (await org.person("scopeless")).with_scopes("project:read")
    answer = await org.gateway.ask(TREND, {"project": org.id, "query": VIEWS}, key=scopeless.key)
    assert answer.extensions["missingScope"] == "insight:read"


async def test_projects_do_not_share_trends(caching: Caching, tmp_path: Path) -> None:
    await caching.load(tmp_path, 13)
    assert await caching.count() == (1, False)
    other = await seed_organization(caching.org.gateway, f"other {caching.org.project.name}")
    assert await count(other, other.creator.key) == (0, False)
    assert await caching.count() == (1, True)


async def test_error_of_clickhouse_is_not_cached(caching: Caching) -> None:
    caching.engine.failures.append(GatewayError(ErrorCode.TIMEOUT, "The query ran longer than it may."))
    answer = await caching.org.gateway.ask(
        TREND, {"project": caching.org.id, "query": VIEWS}, key=caching.org.creator.key
    )
    assert answer.extensions["code"] == "TIMEOUT"
    assert await caching.count() == (0, False)


async def test_error_names_the_input_of_the_request(caching: Caching) -> None:
    await caching.count()
    query = {**VIEWS, "dateFrom": "someday"}
    answer = await caching.org.gateway.ask(
        TREND, {"project": caching.org.id, "query": query}, key=caching.org.creator.key
    )
    assert answer.extensions["path"] == ["query", "dateFrom"]


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"dateTo": "2020-01-12"}, ["query", "dateTo"]),
        ({"formula": "A + B"}, ["query", "formula"]),
        ({"interval": "MINUTE", "dateFrom": "2019-01-01"}, ["query", "interval"]),
        ({"breakdowns": [{"property": "1", "type": "COHORT"}]}, ["query", "breakdowns", 0]),
        ({"properties": [{"type": "HOGQL", "key": "no()"}]}, ["query", "properties", 0, "key"]),
        ({"actions": [{"actionId": "9"}]}, ["query", "actions", 0, "actionId"]),
    ],
    ids=["dates", "formula", "buckets", "cohort", "hogql", "action"],
)
async def test_query_that_cannot_be_compiled_is_rejected_every_time(
    caching: Caching, change: dict[str, Any], path: list[object]
) -> None:
    await caching.count()
    variables = {"project": caching.org.id, "query": {**VIEWS, **change}}
    for _ in range(2):
        answer = await caching.org.gateway.ask(TREND, variables, key=caching.org.creator.key)
        assert answer.extensions["code"] == "BAD_USER_INPUT"
        assert answer.extensions["path"][: len(path)] == path
    assert caching.engine.asked == 1


async def test_trend_is_compiled_once_and_not_again_from_the_cache(
    caching: Caching, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []

    def count_calls(owner: object, name: str) -> None:
        function = getattr(owner, name)

        def counted(*given: Any, **options: Any) -> Any:
            calls.append(name)
            return function(*given, **options)

        monkeypatch.setattr(owner, name, counted)

    count_calls(statements, "compile_trend")
    count_calls(Buckets, "starts")
    assert await caching.count() == (0, False)
    assert calls == ["compile_trend", "starts", "starts"]  # for the roll-up, and for the axis
    assert await caching.count() == (0, True)
    assert calls == ["compile_trend", "starts", "starts"]


async def test_range_that_begins_within_this_minute_has_a_result(caching: Caching) -> None:
    # The clock of the tests says 13:05:01 UTC.
    exact = {"dateFrom": "2020-01-15T13:05:00.5Z", "dateTo": "2020-01-15T13:05:00.8Z", "explicitDate": True}
    assert await caching.count(**exact) == (0, False)
    assert await caching.count(dateFrom="2020-01-15T13:05:00.5Z", dateTo=None, explicitDate=True) == (0, False)


async def test_whole_history_begins_with_what_was_loaded(caching: Caching, tmp_path: Path) -> None:
    await caching.load(tmp_path, 14)
    assert await caching.count(dateFrom="all") == (1, False)
    assert await caching.count(dateFrom="all") == (1, True)
    await caching.load(tmp_path, 12)
    assert await caching.count(dateFrom="all") == (2, False)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


async def test_gateways_share_trends_in_redis(
    stores: Stores, settings: Settings, org: Organization, redis: RedisServer
) -> None:
    caches = [RedisCache(connect_redis(redis.url)) for _ in range(2)]
    first, second = (replace(stores, trend_cache=TrendCache(cache, installation="one")) for cache in caches)
    async with open_gateway(first, settings) as one, open_gateway(second, settings) as other:
        key = org.creator.key
        assert await count(replace(org, gateway=one), key) == (0, False)
        assert await count(replace(org, gateway=other), key) == (0, True)
        redis.stop()
        assert await count(replace(org, gateway=other), key) == (0, False)
    for cache in caches:
        await cache.close()


async def test_disconnected_client_does_not_end_what_another_waits_for(caching: Caching) -> None:
    leaving, staying = await asked_at_once(caching, 2)
    leaving.cancel()
    caching.engine.may_answer.set()
    assert await staying == (0, False)
    assert caching.engine.asked == 1
