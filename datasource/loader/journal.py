"""The journal of loads, from which the hourly roll-up is repaired after an interruption.

No transaction spans the events and their roll-up. So each batch is recorded before it is stored and marked as done
afterwards; the hours of a batch that was never done are rolled up again.
"""

import time
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID, uuid4

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.loader.replicas import sync_journal
from datasource.tables.ddl import SOURCE
from datasource.tables.migrate import find_topology
from datasource.tables.steps import BY_HOUR_SELECT

_HOUR_US: Final = 3_600_000_000
_ABANDONED_AFTER_S: Final = 900
"""Another process may still be storing a batch that was recorded more recently."""

_UNFINISHED = """
SELECT project_id, toUnixTimestamp(hour_from) AS hour_from, toUnixTimestamp(hour_to) AS hour_to,
    toString(load_id) AS load_id, batch
FROM load_journal FINAL
WHERE is_done = 0 AND written_at <= {before:UInt32}
ORDER BY project_id, hour_from
"""

_WRITE = """
INSERT INTO load_journal (project_id, load_id, batch, hour_from, hour_to, is_done, written_at)
SELECT project_id, toUUID(load_id), batch, toDateTime(hour_from, 'UTC'), toDateTime(hour_to, 'UTC'), is_done,
    toDateTime(written_at, 'UTC')
FROM {batch}
"""

_SPAN = "project_id = {project:UInt32} AND hour BETWEEN {hour_from:UInt32} AND {hour_to:UInt32}"


@dataclass(frozen=True, slots=True)
class HourSpan:
    """The hours from the one that starts at `hour_from` to the one that starts at `hour_to`, in Unix seconds."""

    project_id: int
    hour_from: int
    hour_to: int
    load_id: UUID
    batch: int

    @classmethod
    def of_batch(cls, project_id: int, load_id: UUID, batch: int, first_us: int, last_us: int) -> Self:
        """Return the hours of a batch whose events lie between two times, microseconds since 1970."""
        hour_from, hour_to = (micros // _HOUR_US * 3600 for micros in (first_us, last_us))
        return cls(project_id, hour_from, hour_to, load_id, batch)


class Journal:
    """The journal entries of one load."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._load_id = uuid4()
        self._batch = 0

    async def begin(self, first_us: int, last_us: int) -> HourSpan:
        """Record that events between two times, microseconds since 1970, are about to be stored."""
        self._batch += 1
        span = HourSpan.of_batch(self._project_id, self._load_id, self._batch, first_us, last_us)
        await _write(self._engine, span, is_done=False)
        return span

    async def finish(self, span: HourSpan) -> None:
        """Record that the events and their roll-up are stored."""
        await _write(self._engine, span, is_done=True)


async def repair(engine: Engine) -> int:
    """Roll up the hours of every interrupted batch again, and return the number of batches.

    Call it before loading and querying, while no load is running in this process. Where another process could be
    loading, only batches recorded long ago count as interrupted. It may be interrupted and repeated, but must not
    run twice at once.
    """
    await sync_journal(engine)
    before = int(time.time()) - (_ABANDONED_AFTER_S if engine.is_shared else 0)
    rows = list((await engine.query(_UNFINISHED, {"before": before})).rows())
    for project_id, hour_from, hour_to, load_id, batch in rows:
        span = HourSpan(
            int(str(project_id)), int(str(hour_from)), int(str(hour_to)), UUID(str(load_id)), int(str(batch))
        )
        await rebuild(engine, span)
        await _write(engine, span, is_done=True)
    return len(rows)


async def rebuild(engine: Engine, span: HourSpan) -> None:
    """Roll up the events of the span again."""
    params = {"project": span.project_id, "hour_from": span.hour_from, "hour_to": span.hour_to}
    topology = await find_topology(engine)
    await engine.command(f"{topology.delete('events_by_hour', _SPAN)} SETTINGS mutations_sync = 2", params)
    times = (
        "timestamp >= toDateTime({hour_from:UInt32}, 'UTC') AND "
        "timestamp < toDateTime({hour_to:UInt32}, 'UTC') + INTERVAL 1 HOUR"
    )
    select = BY_HOUR_SELECT.replace(SOURCE, f"events WHERE project_id = {{project:UInt32}} AND {times}")
    await engine.command(
        f"INSERT INTO events_by_hour {select} SETTINGS max_partitions_per_insert_block = 0", params
    )


async def _write(engine: Engine, span: HourSpan, *, is_done: bool) -> None:
    row = {
        "project_id": pa.array([span.project_id], pa.uint32()),
        "load_id": pa.array([str(span.load_id)], pa.string()),
        "batch": pa.array([span.batch], pa.uint32()),
        "hour_from": pa.array([span.hour_from], pa.uint32()),
        "hour_to": pa.array([span.hour_to], pa.uint32()),
        "is_done": pa.array([int(is_done)], pa.uint8()),
        "written_at": pa.array([int(time.time())], pa.uint32()),
    }
    await engine.insert(_WRITE, pa.table(row))
