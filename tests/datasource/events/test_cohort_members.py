"""Rows of cohort members: stored, counted, deleted."""

from datasource.clickhouse.engine import Engine, Limits
from datasource.events.cohort_members import delete_members, store_members
from datasource.layouts.contract import PERSON
from datasource.sql.tree import Named, Persons, Query, Select
from errors import ErrorCode, GatewayError
from tests.support.seeds.events import EventSeeds

EVERYBODY = Select((Named(PERSON, "who"),), Persons())
COHORT = 31


async def _store(seeds: EventSeeds, version: int, query: Query = EVERYBODY, limits: Limits | None = None) -> int:
    return await store_members(
        seeds.engine, seeds.project.id, COHORT, version, query, person="who", limits=limits or Limits(seconds=20)
    )


async def _rows(seeds: EventSeeds) -> list[tuple[object, ...]]:
    answer = await seeds.engine.query(
        "SELECT cohort_id, version, person_no FROM cohort_members WHERE project_id = {project:UInt32} "
        "ORDER BY ALL",
        {"project": seeds.project.id},
    )
    return list(answer.rows())


async def test_members_are_stored_once_and_counted(engine: Engine) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_persons({4: {}, 2: {}})
    await seeds.add_distinct_ids({"a": 4, "b": 4, "c": 9})
    assert await _store(seeds, 1) == 3
    assert await _store(seeds, 2, Select(EVERYBODY.columns, Persons())) == 3
    assert await _rows(seeds) == [(COHORT, version, number) for version in (1, 2) for number in (2, 4, 9)]


async def test_dropped_versions_are_gone_and_others_stay(engine: Engine) -> None:
    seeds, other = EventSeeds.new(engine), EventSeeds.new(engine)
    for each in (seeds, other):
        await each.add_persons({1: {}})
        for version in (1, 2, 3, 4):
            await _store(each, version)
    await delete_members(engine, seeds.project.id, COHORT, end=3)
    assert await _rows(seeds) == [(COHORT, 3, 1), (COHORT, 4, 1)]
    await delete_members(engine, seeds.project.id, COHORT, first=4, end=5)
    assert await _rows(seeds) == [(COHORT, 3, 1)]
    await delete_members(engine, seeds.project.id, COHORT + 1)
    assert await _rows(seeds) == [(COHORT, 3, 1)]
    await delete_members(engine, seeds.project.id, COHORT)
    assert await _rows(seeds) == []
    assert len(await _rows(other)) == 4


async def test_calculation_runs_within_the_limits(engine: Engine) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_persons({number: {} for number in range(1, 50)})
    refused: list[ErrorCode] = []
    for limits in (Limits(rows_to_read=10), Limits(memory_bytes=1000)):
        try:
            await _store(seeds, 1, limits=limits)
        except GatewayError as failure:
            refused.append(failure.code)
    assert refused == [ErrorCode.QUERY_TOO_EXPENSIVE, ErrorCode.QUERY_TOO_EXPENSIVE]
    assert await _rows(seeds) == []
