"""The tables and the steps that create them."""

import subprocess
import sys
from pathlib import Path

import pytest

from datasource.clickhouse.engine import Engine
from datasource.tables.migrate import check_up_to_date, migrate, plan_migration
from datasource.tables.steps import GROUP_TYPE_COUNT, STEPS
from errors import ErrorCode, GatewayError
from telemetry.version import installed_version
from tests.support.seeds.events import Event, EventSeeds


def test_steps_are_numbered_upwards() -> None:
    versions = [step.version for step in STEPS]
    assert versions == sorted(set(versions))


async def test_migrate_of_tables_up_to_date_does_nothing(engine: Engine) -> None:
    assert await migrate(engine) == ()
    assert await migrate(engine) == ()
    answer = await engine.query("SELECT version, name FROM schema_versions ORDER BY version")
    assert list(answer.rows()) == [(step.version, step.name) for step in STEPS]


async def test_tables_of_a_newer_version_are_refused(engine: Engine) -> None:
    newest = STEPS[-1].version
    await engine.command(f"INSERT INTO schema_versions SELECT {newest + 1}, 'later', now('UTC')")
    try:
        for use in (migrate, plan_migration, check_up_to_date):
            with pytest.raises(GatewayError) as caught:
                await use(engine)
            assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
            assert caught.value.message == (
                f"The event tables belong to a newer version of Trendgate: they are at step {newest + 1}, and "
                f"this program, {installed_version()}, knows the steps up to {newest}."
            )
    finally:
        await engine.command(
            f"ALTER TABLE schema_versions DELETE WHERE version > {newest} SETTINGS mutations_sync = 2"
        )
    assert await migrate(engine) == ()


async def test_group_columns_are_as_many_as_group_types(engine: Engine) -> None:
    answer = await engine.query(
        "SELECT name FROM system.columns WHERE table = 'events' AND match(name, '^group_[0-9]+$') ORDER BY name"
    )
    assert answer.columns[0] == [f"group_{index}" for index in range(GROUP_TYPE_COUNT)]


async def test_every_table_of_data_starts_its_order_with_the_project(engine: Engine) -> None:
    answer = await engine.query(
        "SELECT name, sorting_key FROM system.tables WHERE database = currentDatabase() "
        "AND has({names:Array(String)}, replaceOne(name, '_local', '')) AND engine != 'Distributed' ORDER BY name",
        {
            "names": [
                "events",
                "persons",
                "groups",
                "person_distinct_ids",
                "person_merges",
                "events_by_hour",
                "cohort_members",
            ]
        },
    )
    _, keys = answer.columns
    assert len(keys) == 7
    assert all(str(key).startswith("project_id, ") for key in keys)


async def test_rollup_holds_counts_and_people_of_every_hour(engine: Engine) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_events(
        [Event("a", f"2020-01-10 10:{minute}", person) for minute in ("00", "59:59.999999") for person in (1, 2)]
    )
    await seeds.add_events([Event("a", "2020-01-10 10:30", 3), Event("a", "2020-01-10 11:00", 1)])
    await seeds.add_events([Event("b", "2020-01-10 10:00", 1)])
    answer = await engine.query(
        "SELECT event, hour, sum(events) AS n, groupBitmapMerge(people) AS p FROM events_by_hour "
        "WHERE project_id = {project:UInt32} GROUP BY event, hour ORDER BY event, hour",
        {"project": seeds.project.id},
    )
    assert list(answer.rows()) == [
        ("a", "2020-01-10 10:00:00", 5, 3),
        ("a", "2020-01-10 11:00:00", 1, 1),
        ("b", "2020-01-10 10:00:00", 1, 1),
    ]


@pytest.mark.parametrize("stop", [1, 3, 6])
def test_migrate_after_an_interruption_completes_the_step(tmp_path: Path, stop: int) -> None:
    script = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.tables import migrate

class Interrupted(Exception): ...

async def main() -> None:
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    real, left = engine.command, iter([None] * int(sys.argv[2]))

    async def command(text, params=None):
        if next(left, 1):
            raise Interrupted
        await real(text, params)

    engine.command = command
    try:
        await migrate.migrate(engine)
    except Interrupted:
        print("interrupted")
    engine.command = real
    print([step.version for step in await migrate.migrate(engine)], await migrate.migrate(engine))
    print((await engine.query("SELECT count() AS n FROM events_by_hour")).columns)
    await engine.close()

asyncio.run(main())
"""
    command = [sys.executable, "-c", script, str(tmp_path), str(stop)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == f"interrupted\n{[step.version for step in STEPS]} ()\n([0],)\n"
