"""What a load has to know of replicas: the server that it asks may not have yet what another one was told."""

from typing import Final

from datasource.clickhouse.engine import Engine

_OF_PERSONS: Final = ("person_distinct_ids", "persons", "person_merges")
_OF_LOADS: Final = ("load_journal",)

_REPLICATED: Final = """
SELECT name FROM system.tables
WHERE database = currentDatabase() AND name IN {names:Array(String)} AND startsWith(engine, 'Replicated')
"""


async def await_persons(engine: Engine) -> None:
    """Wait until the server has every person of the cluster, or one could be given a second number."""
    await _await(engine, _OF_PERSONS)


async def await_loads(engine: Engine) -> None:
    """Wait until the server has every announcement of the cluster."""
    await _await(engine, _OF_LOADS)


async def _await(engine: Engine, tables: tuple[str, ...]) -> None:
    if engine.cluster is None:
        return
    for table in (await engine.query(_REPLICATED, {"names": tables})).columns[0]:
        await engine.command(f"SYSTEM SYNC REPLICA {table} LIGHTWEIGHT")
