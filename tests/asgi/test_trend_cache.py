"""TrendCache that are kept, over HTTP: who gets them, and when they are computed anew."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from datasource.cache.redis import RedisCache, connect_redis
from datasource.clickhouse.engine import Engine, QueryResult
from datasource.loader.load import Job, RejectsFile, load_file
from datasource.metadata.data_versions import changing_data
from errors import ErrorCode, GatewayError
from resolvers.stores import Stores
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings
from tests.support.gateway import open_gateway
from tests.support.redis_server import RedisServer, running_redis
from tests.support.seeds.access_over_http import World, open_world

TREND = """query($project: ID!, $query: TrendQueryInput!, $refresh: TrendRefresh! = CACHE_FIRST) {
    project(id: $project) { trend(query: $query, refresh: $refresh) { isCached lastRefresh series { count }
    } } }"""
VIEWS: dict[str, Any] = {"events": [{"event": "view"}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@dataclass
class Counting:
    """The real engine, which counts what it is asked and fails when it is told to."""

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
class Kept:
    world: World
    engine: Counting

    async def count(self, **query: Any) -> tuple[float, bool]:
        """The first series' count, and whether it was kept."""
        return await count(self.world, self.world.creator.key, **query)

    async def load(self, folder: Path, *days: int) -> None:
        """Views on these days of January, loaded as the command does."""
        await load(self.world, folder, days)


async def count(world: World, key: str, *, refresh: str = "CACHE_FIRST", **query: Any) -> tuple[float, bool]:
    variables = {"project": world.id, "query": {**VIEWS, **query}, "refresh": refresh}
    trend = (await world.gateway.ask(TREND, variables, key=key)).data["project"]["trend"]
    return trend["series"][0]["count"], trend["isCached"]


async def load(world: World, folder: Path, days: Sequence[int]) -> None:
    async def no_type(_: str) -> int | None:
        return None

    file = folder / "events.jsonl"
    events = [
        {"event": "view", "distinct_id": "d", "timestamp": f"2020-01-{day:02}T15:00:00Z", "properties": {}}
        for day in days
    ]
    file.write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
    with RejectsFile(folder / "rejects.jsonl") as rejects:
        async with changing_data(world.store, world.project.id):
            await load_file(world.gateway.stores.events, world.project.id, file, Job(rejects), type_index=no_type)


@pytest.fixture
async def kept(stores: Stores, settings: Settings, engine: Engine, world: World) -> AsyncIterator[Kept]:
    counting = Counting(engine)
    counting.may_answer.set()
    keeping = replace(
        stores,
        events=counting,  # type: ignore[arg-type]  # the rest is the real engine's
        answers=TrendCache.in_memory(10**6),
    )
    async with open_gateway(keeping, settings) as gateway:
        people: dict[str, Any] = {
            "admin": replace(world.admin, gateway=gateway),
            "creator": replace(world.creator, gateway=gateway),
        }
        yield Kept(replace(world, gateway=gateway, **people), counting)


async def asked_at_once(kept: Kept, requests: int) -> "list[asyncio.Task[tuple[float, bool]]]":
    """So many requests, all of which wait for the answer of ClickHouse."""
    kept.engine.may_answer.clear()
    tasks = [asyncio.create_task(kept.count()) for _ in range(requests)]
    answers = kept.world.gateway.stores.answers
    while answers.waiting < requests:  # noqa: ASYNC110 - nothing else tells it
        await asyncio.sleep(0.001)
    return tasks


async def test_second_request_asks_clickhouse_nothing(kept: Kept, tmp_path: Path) -> None:
    await kept.load(tmp_path, 13, 14)
    assert await kept.count() == (2, False)
    asked = kept.engine.asked
    assert await kept.count() == (2, True)
    assert await kept.count(events=[{"event": "other"}]) == (0, False)
    assert kept.engine.asked == asked + 1


async def test_requests_at_once_are_asked_once(kept: Kept) -> None:
    answers = await asked_at_once(kept, 5)
    kept.engine.may_answer.set()
    assert await asyncio.gather(*answers) == [(0, False)] * 5
    assert kept.engine.asked == 1


async def test_force_asks_anew_for_everybody(kept: Kept) -> None:
    await kept.count()
    assert await kept.count(refresh="FORCE") == (0, False)
    assert kept.engine.asked == 2
    assert await kept.count() == (0, True)


async def test_load_makes_kept_answers_old(kept: Kept, tmp_path: Path) -> None:
    await kept.load(tmp_path, 13)
    assert await kept.count() == (1, False)
    await kept.load(tmp_path, 14)
    assert await kept.count() == (2, False)


async def test_answer_computed_during_a_load_is_not_there_after_it(kept: Kept) -> None:
    await kept.count()
    async with changing_data(kept.world.store, kept.world.project.id):
        assert await kept.count() == (0, False)
        assert await kept.count() == (0, True)
    assert await kept.count() == (0, False)


async def test_changes_of_what_a_trend_depends_on_are_seen(kept: Kept) -> None:
    world, admin = kept.world, kept.world.admin
    action = await world.action("A")
    series: dict[str, Any] = {"events": [], "actions": [{"actionId": action}]}
    await kept.count(**series)
    assert (await kept.count(**series))[1]
    change = "mutation($i: ActionUpdateInput!) { actionUpdate(input: $i) { id } }"
    answer = await admin.ask(change, i={"projectId": world.id, "id": action, "steps": [{"event": "other"}]})
    assert answer.data
    assert not (await kept.count(**series))[1]
    await kept.count(filterTestAccounts=True)
    assert (await kept.count(filterTestAccounts=True))[1]
    change = "mutation($i: ProjectUpdateInput!) { projectUpdate(input: $i) { id } }"
    for part in (
        {"testAccountFilters": [{"key": "test", "value": True}]},
        {"timezone": "Asia/Tokyo"},
    ):
        assert (await admin.ask(change, i={"id": world.id, **part})).data
        assert not (await kept.count(filterTestAccounts=True))[1]
        assert (await kept.count(filterTestAccounts=True))[1]


async def test_kept_answer_is_no_way_around_access(kept: Kept) -> None:
    world = kept.world
    await kept.count()
    person = await world.person("outsider")
    assert await count(world, person.key) == (0, True)
    await world.give("none", "insight", to=person)
    answer = await world.gateway.ask(TREND, {"project": world.id, "query": VIEWS}, key=person.key)
    assert answer.extensions["code"] == "FORBIDDEN"
    scopeless = await (await world.person("scopeless")).with_scopes("project:read")
    answer = await world.gateway.ask(TREND, {"project": world.id, "query": VIEWS}, key=scopeless.key)
    assert answer.extensions["missingScope"] == "insight:read"


async def test_projects_do_not_share_answers(kept: Kept, tmp_path: Path) -> None:
    await kept.load(tmp_path, 13)
    assert await kept.count() == (1, False)
    other = await open_world(kept.world.gateway, f"other {kept.world.project.name}")
    assert await count(other, other.creator.key) == (0, False)
    assert await kept.count() == (1, True)


async def test_refusal_of_clickhouse_is_not_kept(kept: Kept) -> None:
    kept.engine.failures.append(GatewayError(ErrorCode.TIMEOUT, "The query ran longer than it may."))
    answer = await kept.world.gateway.ask(
        TREND, {"project": kept.world.id, "query": VIEWS}, key=kept.world.creator.key
    )
    assert answer.extensions["code"] == "TIMEOUT"
    assert await kept.count() == (0, False)


async def test_refused_question_names_the_input_of_whoever_asks(kept: Kept) -> None:
    await kept.count()
    query = {**VIEWS, "dateFrom": "someday"}
    answer = await kept.world.gateway.ask(
        TREND, {"project": kept.world.id, "query": query}, key=kept.world.creator.key
    )
    assert answer.extensions["path"] == ["query", "dateFrom"]


async def test_range_that_begins_within_this_minute_is_answered(kept: Kept) -> None:
    # The clock of the tests says 13:05:01 UTC.
    exact = {"dateFrom": "2020-01-15T13:05:00.5Z", "dateTo": "2020-01-15T13:05:00.8Z", "explicitDate": True}
    assert await kept.count(**exact) == (0, False)
    assert await kept.count(dateFrom="2020-01-15T13:05:00.5Z", dateTo=None, explicitDate=True) == (0, False)


async def test_whole_history_begins_with_what_was_loaded(kept: Kept, tmp_path: Path) -> None:
    await kept.load(tmp_path, 14)
    assert await kept.count(dateFrom="all") == (1, False)
    assert await kept.count(dateFrom="all") == (1, True)
    await kept.load(tmp_path, 12)
    assert await kept.count(dateFrom="all") == (2, False)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with running_redis() as server:
        yield server


async def test_gateways_share_what_lies_in_redis(
    stores: Stores, settings: Settings, world: World, redis: RedisServer
) -> None:
    first, second = (
        replace(stores, answers=TrendCache(RedisCache(connect_redis(redis.url)), installation="one"))
        for _ in range(2)
    )
    async with open_gateway(first, settings) as one, open_gateway(second, settings) as other:
        key = world.creator.key
        assert await count(replace(world, gateway=one), key) == (0, False)
        assert await count(replace(world, gateway=other), key) == (0, True)
        redis.stop()
        assert await count(replace(world, gateway=other), key) == (0, False)
    await first.answers.close()
    await second.answers.close()


async def test_whoever_leaves_does_not_end_what_another_waits_for(kept: Kept) -> None:
    leaving, staying = await asked_at_once(kept, 2)
    leaving.cancel()
    kept.engine.may_answer.set()
    assert await staying == (0, False)
    assert kept.engine.asked == 1
