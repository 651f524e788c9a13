"""Two shards on two servers: rows are distributed, and results are those of one server."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from datasource.clickhouse.cluster_settings import READING
from datasource.clickhouse.engine import Engine, Limits
from datasource.events.cohort_members import count_members, store_members
from datasource.events.definition_pages import ProjectReader
from datasource.layouts.contract import PERSON
from datasource.layouts.native import NativeLayout
from datasource.loader.journal import Journal
from datasource.loader.load import repair
from datasource.sql.tree import CohortMember, Events, Named, Select
from resolvers.trends.query import Breakdown, BreakdownType, EventSeries, Math, TrendMath
from tests.datasource.loader.load_files import Loader, event
from tests.support.cluster_servers import ClusterEngine
from tests.support.seeds.events import Event, EventSeeds, RawLayout, Value, only, series, trend

PEOPLE = 40
DAY = "2020-01-10"


@pytest.fixture
def seeds(cluster: ClusterEngine) -> EventSeeds:
    return EventSeeds.new(cluster)


@pytest.fixture
def loader(cluster: ClusterEngine, project_id: int, tmp_path: Path) -> Loader:
    return Loader(cluster, project_id, tmp_path)


async def on_each(cluster: ClusterEngine, figure: str, table: str, project_id: int) -> list[int]:
    """Return an aggregate of the project's rows on each server."""
    text = f"SELECT toInt64({figure}) AS n FROM {table} WHERE project_id = {{project:UInt32}}"  # noqa: S608 - ours
    answers = [await server.query(text, {"project": project_id}) for server in cluster.servers]
    return [cast(int, answer.columns[0][0]) for answer in answers]


async def test_events_are_spread_by_person_and_everything_else_is_on_every_server(
    cluster: ClusterEngine, loader: Loader
) -> None:
    rows = [event(distinct_id=f"d{n % PEOPLE}", uuid=f"00000000-0000-4000-8000-{n:012}") for n in range(120)]
    assert (await loader.load_rows(*rows)).already_stored == 0
    assert (await loader.load_rows(*rows)).already_stored == 120
    project = loader.project_id

    local = await on_each(cluster, "count()", "events_local", project)
    assert sum(local) == 120
    assert min(local) > 0
    assert sum(await on_each(cluster, "uniqExact(person_no)", "events_local", project)) == PEOPLE
    assert await on_each(cluster, "sum(events)", "events_by_hour_local", project) == local
    assert await on_each(cluster, "max(person_no)", "person_distinct_ids", project) == [PEOPLE, PEOPLE]
    assert await on_each(cluster, "count()", "events", project) == [120, 120]


@pytest.mark.parametrize("layout", [NativeLayout(), RawLayout()], ids=["rollup", "events"])
async def test_person_merged_across_shards_counts_once(seeds: EventSeeds, layout: NativeLayout) -> None:
    await seeds.add_events([Event("sign up", DAY, person) for person in range(1, PEOPLE + 1)])
    await seeds.merge(dict.fromkeys(range(2, PEOPLE), 1))
    found = only(await seeds.run(trend(series(kind=TrendMath.DAU)), layout=layout))
    assert found.data == (0, 2, 0, 0)


async def test_merged_person_has_the_properties_of_the_survivor_on_every_shard(seeds: EventSeeds) -> None:
    await seeds.add_persons({1: {"plan": "team"}, PEOPLE: {"plan": "free"}})
    await seeds.add_events([Event("sign up", DAY, person) for person in range(1, PEOPLE + 1)])
    await seeds.merge(dict.fromkeys(range(2, PEOPLE), 1))
    by_plan = Breakdown("plan", BreakdownType.PERSON)
    result = await seeds.run(trend(series(), breakdowns=(by_plan,)))
    assert {each.label: each.count for each in result.series} == {"team": PEOPLE - 1, "free": 1}


async def test_session_over_shards_is_one(seeds: EventSeeds) -> None:
    at_once = [
        Event("sign up", f"{DAY} 10:00:{n:02}", n + 1, {"$session_id": "s", "$pathname": f"/{n}"})
        for n in range(PEOPLE)
    ]
    await seeds.add_events(at_once)
    by_duration = Breakdown("$session_duration", BreakdownType.SESSION)
    by_path = Breakdown("$entry_pathname", BreakdownType.SESSION)
    for breakdown, label in ((by_duration, str(PEOPLE - 1)), (by_path, "/0")):
        result = await seeds.run(trend(series(), breakdowns=(breakdown,)))
        assert {each.label: each.count for each in result.series} == {label: PEOPLE}
    assert only(await seeds.run(trend(series(kind=TrendMath.UNIQUE_SESSION)))).data == (0, 1, 0, 0)


async def test_group_over_shards_counts_once_and_active_users_are_those_of_all(seeds: EventSeeds) -> None:
    of_acme: Mapping[str, Value] = {"$group_0": "acme"}
    people = range(1, PEOPLE + 1)
    await seeds.add_events(
        [Event("sign up", day, each, of_acme) for day in ("2020-01-08", DAY) for each in people]
    )
    weekly = only(await seeds.run(trend(series(kind=TrendMath.WEEKLY_ACTIVE))))
    assert weekly.data == (PEOPLE,) * 4
    groups = EventSeries("sign up", Math(TrendMath.UNIQUE_GROUP, group_type_index=0))
    assert only(await seeds.run(trend(groups))).data == (0, 1, 0, 0)


async def test_cohort_is_known_to_every_shard(cluster: ClusterEngine, seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", DAY, person) for person in range(1, PEOPLE + 1)])
    await seeds.add_distinct_ids({f"d{person}": person for person in range(1, PEOPLE + 1)})
    doers = Select((Named(PERSON, "who"),), Events())
    limits = Limits(seconds=20)
    assert await store_members(cluster, seeds.project.id, 7, 1, doers, person="who", limits=limits) == PEOPLE
    for server in cluster.servers:
        source = ProjectReader(server, seeds.project.id, limits)
        assert await count_members(source, NativeLayout(), CohortMember(7, 1)) == PEOPLE


async def test_interrupted_load_is_repaired_on_every_shard(
    cluster: ClusterEngine, loader: Loader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datasource.loader.journal._ABANDONED_AFTER_S", -5)
    await loader.load_rows(*(event(distinct_id=f"d{n}") for n in range(PEOPLE)))
    for server in cluster.servers:  # what an interruption leaves: counted twice
        await server.command(
            "INSERT INTO events_by_hour_local SELECT project_id, event, hour, 5, groupBitmapState(toUInt32(99)) "
            "FROM events_by_hour_local WHERE project_id = {project:UInt32} GROUP BY project_id, event, hour",
            {"project": loader.project_id},
        )
    await Journal(cluster, loader.project_id).begin(1714557600000000, 1714563000000000)
    assert await repair(cluster) == 1
    assert await rollup_of(cluster, loader.project_id) == [(PEOPLE, PEOPLE)]


async def rollup_of(engine: Engine, project_id: int) -> list[tuple[object, ...]]:
    answer = await engine.query(
        "SELECT sum(events) AS n, groupBitmapMerge(people) AS p FROM events_by_hour "
        "WHERE project_id = {project:UInt32}",
        {"project": project_id},
    )
    return list(answer.rows())


async def test_queries_carry_the_settings_of_a_cluster(cluster: ClusterEngine) -> None:
    answer = await cluster.query(
        "SELECT name, value FROM system.settings WHERE name IN {names:Array(String)}", {"names": list(READING)}
    )
    assert {str(name): value for name, value in answer.rows()} == {
        name: str(value) for name, value in READING.items()
    }
