"""Which hours a batch was about to touch: what makes the hourly roll-up right after any interruption.

Events and roll-up are two tables, and no transaction spans them. So each batch is announced before it is
stored and signed off afterwards; the hours of a batch that was never signed off are counted anew.
"""

import time
from dataclasses import dataclass
from typing import Final, Self
from uuid import UUID, uuid4

import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.loader.replicas import await_loads
from datasource.tables.ddl import SOURCE
from datasource.tables.migrate import placement_of
from datasource.tables.steps import BY_HOUR_SELECT

_HOUR_US: Final = 3_600_000_000
_SURELY_OVER_S: Final = 900

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
class Span:
    """The hours from the one that starts at `hour_from` to the one that starts at `hour_to`, Unix seconds."""

    project_id: int
    hour_from: int
    hour_to: int
    load_id: UUID
    batch: int

    @classmethod
    def of_batch(cls, project_id: int, load_id: UUID, batch: int, first_us: int, last_us: int) -> Self:
        """The span of a batch whose events lie between the two times, microseconds since 1970."""
        hour_from, hour_to = (micros // _HOUR_US * 3600 for micros in (first_us, last_us))
        return cls(project_id, hour_from, hour_to, load_id, batch)


class Journal:
    """The announcements of one load."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._load_id = uuid4()
        self._batch = 0

    async def announce(self, first_us: int, last_us: int) -> Span:
        """Say that events between these times, microseconds since 1970, are about to be stored."""
        self._batch += 1
        span = Span.of_batch(self._project_id, self._load_id, self._batch, first_us, last_us)
        await _write(self._engine, span, is_done=False)
        return span

    async def sign_off(self, span: Span) -> None:
        """Say that they and their roll-up are stored."""
        await _write(self._engine, span, is_done=True)


async def repair(engine: Engine) -> int:
    """Count anew the hours of every batch that was interrupted; answers how many batches there were.

    To be called before anything is loaded and before anything is asked, while no load is running. Where another
    process could be loading, only what was announced long ago counts as interrupted. May itself be interrupted
    and repeated, but not run twice at once.
    """
    await await_loads(engine)
    before = int(time.time()) - (_SURELY_OVER_S if engine.is_shared else 0)
    rows = list((await engine.query(_UNFINISHED, {"before": before})).rows())
    for project_id, hour_from, hour_to, load_id, batch in rows:
        span = Span(
            int(str(project_id)), int(str(hour_from)), int(str(hour_to)), UUID(str(load_id)), int(str(batch))
        )
        await rebuild(engine, span)
        await _write(engine, span, is_done=True)
    return len(rows)


async def rebuild(engine: Engine, span: Span) -> None:
    """Make the roll-up of the span from the events anew."""
    params = {"project": span.project_id, "hour_from": span.hour_from, "hour_to": span.hour_to}
    place = await placement_of(engine)
    await engine.command(f"{place.delete('events_by_hour', _SPAN)} SETTINGS mutations_sync = 2", params)
    times = (
        "timestamp >= toDateTime({hour_from:UInt32}, 'UTC') AND "
        "timestamp < toDateTime({hour_to:UInt32}, 'UTC') + INTERVAL 1 HOUR"
    )
    select = BY_HOUR_SELECT.replace(SOURCE, f"events WHERE project_id = {{project:UInt32}} AND {times}")
    await engine.command(
        f"INSERT INTO events_by_hour {select} SETTINGS max_partitions_per_insert_block = 0", params
    )


async def _write(engine: Engine, span: Span, *, is_done: bool) -> None:
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
