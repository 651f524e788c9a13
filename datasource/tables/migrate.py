"""Brings the tables of the native layout up to date, on one server or on a cluster."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datasource.clickhouse.engine import Engine
from datasource.tables.cluster_checks import (
    check_cluster,
    check_table_kind,
    has_all_tables,
    other_server_has_tables,
)
from datasource.tables.ddl import Change, CreateTable, CreateView, FillTable
from datasource.tables.steps import STEPS, VERSIONS, SchemaStep
from datasource.tables.topology import Cluster, SingleServer, Topology
from errors import BadUserInput

_HAS_VERSIONS = (
    "SELECT count() AS tables FROM system.tables WHERE database = currentDatabase() AND name = 'schema_versions'"
)


@dataclass(frozen=True, slots=True)
class MigrationTask:
    """A step that has to be done, or to be done again where a server has come to the cluster since."""

    step: SchemaStep
    statements: tuple[str, ...]
    is_again: bool = False


async def migrate(engine: Engine) -> tuple[SchemaStep, ...]:
    """Bring the tables up to date and answer the steps that were run. Raises what `plan_migration` raises."""
    tasks = await plan_migration(engine)
    await apply(engine, tasks)
    return tuple(task.step for task in tasks)


async def plan_migration(engine: Engine) -> tuple[MigrationTask, ...]:
    """What has to be done, in order; nothing is changed.

    Raises BadUserInput where the tables are not of the kind that the settings say, or the cluster cannot hold any.
    """
    await check_table_kind(engine)
    if engine.cluster is not None:
        await check_cluster(engine, engine.cluster)
    place = await find_topology(engine)
    done = await _last_version(engine)
    if done is None and isinstance(place, Cluster):
        await _refuse_newcomer(engine, place)
    done = done or 0
    if isinstance(place, Cluster) and not await _is_everywhere(engine, place, done):
        done_steps = (step for step in STEPS if step.version <= done)
        again = tuple(MigrationTask(step, tuple(_creations(place, step)), is_again=True) for step in done_steps)
    else:
        again = ()
    pending = tuple(MigrationTask(step, tuple(_all(place, step))) for step in STEPS if step.version > done)
    return again + pending


async def apply(engine: Engine, tasks: Sequence[MigrationTask]) -> None:
    """Do it. What was interrupted can be planned and done again."""
    for task in tasks:
        for statement in task.statements:
            await engine.command(statement)


async def check_up_to_date(engine: Engine) -> None:
    """Raises BadUserInput unless the tables of the cluster are made, as far as the server that answers knows."""
    await check_table_kind(engine)
    if (await _last_version(engine) or 0) < STEPS[-1].version:
        raise BadUserInput(
            f"The tables on the cluster {engine.cluster!r} are not up to date.",
            hint="Bring them up to date: python server.py migrate.",
        )


async def find_topology(engine: Engine) -> Topology:
    """Where the engine's tables are."""
    if engine.cluster is None:
        return SingleServer()
    database = (await engine.query("SELECT currentDatabase() AS name")).columns[0][0]
    return cluster_topology(engine.cluster, str(database))


def cluster_topology(name: str, database: str) -> Cluster:
    """The tables of all steps on a cluster."""
    return Cluster.of(name, database, (change for step in STEPS for change in step.changes))


def _all(place: Topology, step: SchemaStep) -> Iterator[str]:
    if step is STEPS[0]:
        yield from place.statements(VERSIONS)
    for change in step.changes:
        yield from place.statements(change)
    yield f"INSERT INTO {VERSIONS.name} SELECT {step.version}, '{step.name}', now('UTC')"


def _creations(place: Topology, step: SchemaStep) -> Iterator[str]:
    changes: tuple[Change, ...] = (VERSIONS, *step.changes) if step is STEPS[0] else step.changes
    for change in changes:
        if not isinstance(change, FillTable):
            yield from place.statements(change)


async def _last_version(engine: Engine) -> int | None:
    """0 before the first step is done, None before there are any tables."""
    if not (await engine.query(_HAS_VERSIONS)).columns[0][0]:
        return None
    done = (await engine.query("SELECT max(version) AS version FROM schema_versions")).columns[0][0]
    return int(str(done))


async def _refuse_newcomer(engine: Engine, place: Cluster) -> None:
    # What was done is not known here, and doing it all again would count properties anew.
    if await other_server_has_tables(engine, place.name, place.database):
        raise BadUserInput(
            "The server that answers has no tables yet, while others of the cluster have.",
            hint="Name one of those first in TRENDGATE_CLICKHOUSE_URL, and migrate again.",
        )


async def _is_everywhere(engine: Engine, place: Cluster, done: int) -> bool:
    if not done:
        return True
    names = [VERSIONS.name]
    for change in (change for step in STEPS if step.version <= done for change in step.changes):
        match change:
            case CreateTable(name):
                names += dict.fromkeys((name, place.local(name)))
            case CreateView(name):
                names.append(name)
    return await has_all_tables(engine, place.name, place.database, names)
