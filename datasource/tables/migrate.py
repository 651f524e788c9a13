"""Migrates Trendgate's own tables to the newest step, on one server or on a cluster."""

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
from errors import BadUserInput, ErrorCode, GatewayError, Place
from telemetry.version import installed_version

_HAS_VERSIONS = (
    "SELECT count() AS tables FROM system.tables WHERE database = currentDatabase() AND name = 'schema_versions'"
)


@dataclass(frozen=True, slots=True)
class MigrationTask:
    """A step to apply, or to repeat because a server was added to the cluster since."""

    step: SchemaStep
    statements: tuple[str, ...]
    is_repeated: bool = False


async def migrate(engine: Engine) -> tuple[SchemaStep, ...]:
    """Migrate the tables and return the applied steps. Raises as `plan_migration` does."""
    tasks = await plan_migration(engine)
    await apply(engine, tasks)
    return tuple(task.step for task in tasks)


async def plan_migration(engine: Engine) -> tuple[MigrationTask, ...]:
    """Return the tasks that bring the tables up to date, in order, without changing anything.

    Raises BadUserInput when the tables do not match the settings, or the cluster's configuration is incomplete,
    and UPSTREAM_UNAVAILABLE when a newer version of Trendgate has migrated the tables.
    """
    await check_table_kind(engine)
    if engine.cluster is not None:
        await check_cluster(engine, engine.cluster)
    topology = await find_topology(engine)
    applied = await last_version(engine)
    if applied is None and isinstance(topology, Cluster):
        await _check_not_added_server(engine, topology)
    applied = applied or 0
    if isinstance(topology, Cluster) and not await _is_on_every_server(engine, topology, applied):
        repeated = tuple(
            MigrationTask(step, tuple(_create_statements(topology, step)), is_repeated=True)
            for step in STEPS
            if step.version <= applied
        )
    else:
        repeated = ()
    pending = (step for step in STEPS if step.version > applied)
    return repeated + tuple(MigrationTask(step, tuple(_all_statements(topology, step))) for step in pending)


async def apply(engine: Engine, tasks: Sequence[MigrationTask]) -> None:
    """Run the tasks. After an interruption they can be planned and run again."""
    for task in tasks:
        for statement in task.statements:
            await engine.command(statement)


async def check_up_to_date(engine: Engine) -> None:
    """Raise a GatewayError unless the tables of the cluster are up to date on the server that answers."""
    await check_table_kind(engine)
    if (await last_version(engine) or 0) < STEPS[-1].version:
        raise BadUserInput(
            "The tables on the cluster {cluster!r} are not up to date.",
            cluster=engine.cluster,
            hint=Place.MIGRATE,
        )


async def find_topology(engine: Engine) -> Topology:
    """Return the topology of the engine's tables."""
    if engine.cluster is None:
        return SingleServer()
    database = (await engine.query("SELECT currentDatabase() AS name")).columns[0][0]
    return cluster_topology(engine.cluster, str(database))


def cluster_topology(name: str, database: str) -> Cluster:
    """Return the cluster with the tables of all steps."""
    return Cluster.of(name, database, (change for step in STEPS for change in step.changes))


def _all_statements(topology: Topology, step: SchemaStep) -> Iterator[str]:
    if step is STEPS[0]:
        yield from topology.statements(VERSIONS)
    for change in step.changes:
        yield from topology.statements(change)
    yield f"INSERT INTO {VERSIONS.name} SELECT {step.version}, '{step.name}', now('UTC')"


def _create_statements(topology: Topology, step: SchemaStep) -> Iterator[str]:
    changes: tuple[Change, ...] = (VERSIONS, *step.changes) if step is STEPS[0] else step.changes
    for change in changes:
        if not isinstance(change, FillTable):
            yield from topology.statements(change)


async def last_version(engine: Engine) -> int | None:
    """Return the last applied step, 0 before the first one, None when there are no tables.

    Raises UPSTREAM_UNAVAILABLE when it is a step of a newer version of Trendgate. That version may fill tables
    that this one does not know, which would then lack the events that this one writes.
    """
    if not (await engine.query(_HAS_VERSIONS)).columns[0][0]:
        return None
    answer = await engine.query("SELECT max(version) AS version FROM schema_versions")
    applied = int(str(answer.columns[0][0]))
    if applied > STEPS[-1].version:
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The event tables belong to a newer version of Trendgate: they are at step {applied}, and this "
            "program, {program}, knows the steps up to {newest}.",
            applied=applied,
            program=installed_version(),
            newest=STEPS[-1].version,
            hint="Run the newer version, or restore the backup from before the upgrade: docs/deployment.md.",
        )
    return applied


async def _check_not_added_server(engine: Engine, topology: Cluster) -> None:
    # This server does not know which steps were applied, and repeating all would count properties twice.
    if await other_server_has_tables(engine, topology.name, topology.database):
        raise BadUserInput(
            "The server that answered has no tables, but other servers of the cluster do.",
            hint="List one of those first in TRENDGATE_CLICKHOUSE_URL, and migrate again.",
        )


async def _is_on_every_server(engine: Engine, topology: Cluster, applied: int) -> bool:
    if not applied:
        return True
    names = [VERSIONS.name]
    for change in (change for step in STEPS if step.version <= applied for change in step.changes):
        match change:
            case CreateTable(name):
                names += dict.fromkeys((name, topology.local(name)))
            case CreateView(name):
                names.append(name)
    return await has_all_tables(engine, topology.name, topology.database, names)
