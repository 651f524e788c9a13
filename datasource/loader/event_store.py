"""Stores columns of events: each event once, its person known, the roll-up right."""

import time
from collections.abc import Sequence
from typing import TypeVar

import anyio.to_thread
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_format import NativeBlock, NativeColumn, encode_strings
from datasource.loader.event_ids import Halves, SeenUuids
from datasource.loader.insert import LOADING, insert_blocks, query_blocks
from datasource.loader.journal import Journal
from datasource.loader.json_encoding import encode_json, encode_uuids
from datasource.loader.parse_events import EventColumns
from datasource.loader.person_numbers import People
from datasource.loader.property_columns import Mask
from datasource.loader.property_counts import count_properties, store_counts
from datasource.loader.replicas import await_persons

_Item = TypeVar("_Item", bound=np.generic)

_COUNT = "SELECT count() FROM (SELECT 1 FROM events WHERE project_id = {project:UInt32} LIMIT 1)"

_STORED = """
SELECT place FROM {block}
WHERE uuid IN
(
    SELECT uuid FROM events WHERE project_id = {project:UInt32} AND uuid IN (SELECT uuid FROM {block})
)
"""

_INSERT = """
INSERT INTO events
    (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties, elements_chain, loaded_at)
SELECT
    {project:UInt32}, event, timestamp, uuid, distinct_id, person_no, person_id, properties, elements_chain,
    toDateTime({loaded_at:UInt32}, 'UTC')
FROM {block}
"""


class EventStore:
    """The events of one project, seen from one load."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._people = People(engine, project_id)
        self._journal = Journal(engine, project_id)
        self._seen: SeenUuids | None = None
        self._started = False

    async def store(self, parts: Sequence[EventColumns]) -> int:
        """Store, in one insert, those events that are not there yet; answers how many that were."""
        parts = await self._drop_known([part for part in parts if len(part)])
        if not parts:
            return 0
        await await_persons(self._engine)
        numbers, person_ids = await self._people.assign(
            pa.concat_arrays([part.distinct_ids for part in parts]),
            pa.concat_arrays([part.person_ids for part in parts]),
        )
        blocks = await anyio.to_thread.run_sync(_encode, parts, numbers, person_ids)
        counts = await anyio.to_thread.run_sync(count_properties, parts)
        params = {"project": self._project_id, "loaded_at": int(time.time())}
        times = np.concatenate([part.timestamps for part in parts])
        span = await self._journal.announce(int(times.min()), int(times.max()))
        # First, so that an interruption loses no key; what is stored later on is then counted once more.
        await store_counts(self._engine, self._project_id, counts)
        await insert_blocks(self._engine, _INSERT, blocks, params)
        await self._journal.sign_off(span)
        if self._seen is not None:
            self._seen.add(np.concatenate([part.uuids for part in parts]))
        return len(times)

    async def _drop_known(self, parts: Sequence[EventColumns]) -> list[EventColumns]:
        if not parts:
            return []
        is_new = await self._is_new(np.concatenate([part.uuids for part in parts]))
        kept = (part.filter(keep) for part, keep in zip(parts, _cut(is_new, parts), strict=True))
        return [part for part in kept if len(part)]

    async def _is_new(self, uuids: Halves) -> Mask:
        await self._start()
        is_new = _first_of_each(uuids)
        suspects = is_new if self._seen is None else is_new & self._seen.may_hold(uuids)
        places = np.flatnonzero(suspects).astype(np.uint32)
        if len(places):
            is_new[await self._stored(places, uuids[places])] = False
        return is_new

    async def _start(self) -> None:
        # Only what this load stores itself can come twice into a project that had nothing.
        if not self._started:
            self._started = True
            answer = await self._engine.query(_COUNT, {"project": self._project_id}, limits=LOADING)
            self._seen = None if answer.columns[0][0] else SeenUuids()

    async def _stored(self, places: npt.NDArray[np.uint32], uuids: Halves) -> list[int]:
        columns = (
            NativeColumn("place", "UInt32", places.tobytes()),
            NativeColumn("uuid", "UUID", encode_uuids(uuids)),
        )
        block = NativeBlock(len(places), columns)
        answer = await query_blocks(self._engine, _STORED, [block], {"project": self._project_id})
        return [int(str(place)) for place in answer.columns[0]]


def _first_of_each(uuids: Halves) -> Mask:
    order = np.lexsort((uuids[:, 1], uuids[:, 0]))
    ordered = uuids[order]
    repeats = np.zeros(len(uuids), np.bool_)
    repeats[1:] = (ordered[1:] == ordered[:-1]).all(axis=1)
    answer = np.ones(len(uuids), np.bool_)
    answer[order[repeats]] = False
    return answer


def _encode(
    parts: Sequence[EventColumns], numbers: npt.NDArray[np.uint32], person_ids: Halves
) -> list[NativeBlock]:
    cut = zip(parts, _cut(numbers, parts), _cut(person_ids, parts), strict=True)
    return [encode_events(part, some_numbers, some_ids) for part, some_numbers, some_ids in cut]


def encode_events(events: EventColumns, numbers: npt.NDArray[np.uint32], person_ids: Halves) -> NativeBlock:
    """The rows of `events`, their persons given."""
    return NativeBlock(
        len(events),
        (
            NativeColumn("event", "String", encode_strings(events.names)),
            NativeColumn("timestamp", "DateTime64(6, 'UTC')", events.timestamps.tobytes()),
            NativeColumn("uuid", "UUID", encode_uuids(events.uuids)),
            NativeColumn("distinct_id", "String", encode_strings(events.distinct_ids)),
            NativeColumn("person_no", "UInt32", numbers.tobytes()),
            NativeColumn("person_id", "UUID", encode_uuids(person_ids)),
            NativeColumn("properties", "JSON", encode_json(events.properties)),
            NativeColumn("elements_chain", "String", encode_strings(events.elements_chains)),
        ),
    )


def _cut(values: npt.NDArray[_Item], parts: Sequence[EventColumns]) -> list[npt.NDArray[_Item]]:
    return np.split(values, np.cumsum([len(part) for part in parts])[:-1])
