"""Waiting for replicas: the server that answers may not have yet what another one stored."""

from typing import Final

from datasource.clickhouse.engine import Engine

_PERSON_TABLES: Final = ("person_distinct_ids", "persons", "person_merges")
_JOURNAL_TABLES: Final = ("load_journal",)

_REPLICATED: Final = """
SELECT name FROM system.tables
WHERE database = currentDatabase() AND name IN {names:Array(String)} AND startsWith(engine, 'Replicated')
"""


async def sync_persons(engine: Engine) -> None:
    """Wait until the server has every person of the cluster."""
    # Otherwise a person could get a second number.
    await _sync(engine, _PERSON_TABLES)


async def sync_journal(engine: Engine) -> None:
    """Wait until the server has the journal entries of every load on the cluster."""
    await _sync(engine, _JOURNAL_TABLES)


async def _sync(engine: Engine, tables: tuple[str, ...]) -> None:
    if engine.cluster is None:
        return
    for table in (await engine.query(_REPLICATED, {"names": tables})).columns[0]:
        await engine.command(f"SYSTEM SYNC REPLICA {table} LIGHTWEIGHT")
