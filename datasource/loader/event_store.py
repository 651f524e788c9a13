"""Stores events: each one once, with its person, and with a correct roll-up."""

import time
from collections.abc import Sequence
from typing import TypeVar

import anyio.to_thread
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_format import NativeBlock, NativeColumn, encode_strings
from datasource.loader.event_columns import EventColumns
from datasource.loader.event_ids import BloomFilter, UuidArray
from datasource.loader.insert import LOADING, insert_blocks, query_blocks
from datasource.loader.journal import Journal
from datasource.loader.json_encoding import encode_json, encode_uuids
from datasource.loader.person_numbers import PersonNumbers
from datasource.loader.property_columns import Mask
from datasource.loader.property_counts import count_properties, store_counts
from datasource.loader.replicas import sync_persons

_Item = TypeVar("_Item", bound=np.generic)

_HAS_EVENTS = "SELECT count() FROM (SELECT 1 FROM events WHERE project_id = {project:UInt32} LIMIT 1)"

_STORED = """
SELECT row FROM {block}
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
    """Stores the events of one load into one project."""

    def __init__(self, engine: Engine, project_id: int) -> None:
        self._engine = engine
        self._project_id = project_id
        self._person_numbers = PersonNumbers(engine, project_id)
        self._journal = Journal(engine, project_id)
        self._bloom_filter: BloomFilter | None = None
        self._is_started = False

    async def store(self, parts: Sequence[EventColumns]) -> int:
        """Store the events that are not stored yet in one insert, and return their number."""
        parts = await self._drop_stored([part for part in parts if len(part)])
        if not parts:
            return 0
        await sync_persons(self._engine)
        numbers, person_ids = await self._person_numbers.assign(
            pa.concat_arrays([part.distinct_ids for part in parts]),
            pa.concat_arrays([part.person_ids for part in parts]),
        )
        blocks = await anyio.to_thread.run_sync(_encode, parts, numbers, person_ids)
        counts = await anyio.to_thread.run_sync(count_properties, parts)
        params = {"project": self._project_id, "loaded_at": int(time.time())}
        times = np.concatenate([part.timestamps for part in parts])
        span = await self._journal.begin(int(times.min()), int(times.max()))
        # First: after an interruption a count may be too high, but no key is missing.
        await store_counts(self._engine, self._project_id, counts)
        await insert_blocks(self._engine, _INSERT, blocks, params)
        await self._journal.finish(span)
        if self._bloom_filter is not None:
            self._bloom_filter.add(np.concatenate([part.uuids for part in parts]))
        return len(times)

    async def _drop_stored(self, parts: Sequence[EventColumns]) -> list[EventColumns]:
        if not parts:
            return []
        is_new = await self._is_new(np.concatenate([part.uuids for part in parts]))
        new = (part.filter(keep) for part, keep in zip(parts, _split(is_new, parts), strict=True))
        return [part for part in new if len(part)]

    async def _is_new(self, uuids: UuidArray) -> Mask:
        await self._start()
        is_new = _first_of_each(uuids)
        suspects = is_new if self._bloom_filter is None else is_new & self._bloom_filter.might_contain(uuids)
        rows = np.flatnonzero(suspects).astype(np.uint32)
        if len(rows):
            is_new[await self._find_stored(rows, uuids[rows])] = False
        return is_new

    async def _start(self) -> None:
        # In a project that was empty, only events of this load can be stored already.
        if not self._is_started:
            self._is_started = True
            answer = await self._engine.query(_HAS_EVENTS, {"project": self._project_id}, limits=LOADING)
            self._bloom_filter = None if answer.columns[0][0] else BloomFilter()

    async def _find_stored(self, rows: npt.NDArray[np.uint32], uuids: UuidArray) -> list[int]:
        columns = (
            NativeColumn("row", "UInt32", rows.tobytes()),
            NativeColumn("uuid", "UUID", encode_uuids(uuids)),
        )
        block = NativeBlock(len(rows), columns)
        answer = await query_blocks(self._engine, _STORED, [block], {"project": self._project_id})
        return [int(str(row)) for row in answer.columns[0]]


def _first_of_each(uuids: UuidArray) -> Mask:
    order = np.lexsort((uuids[:, 1], uuids[:, 0]))
    ordered = uuids[order]
    repeats = np.zeros(len(uuids), np.bool_)
    repeats[1:] = (ordered[1:] == ordered[:-1]).all(axis=1)
    is_first = np.ones(len(uuids), np.bool_)
    is_first[order[repeats]] = False
    return is_first


def _encode(
    parts: Sequence[EventColumns], numbers: npt.NDArray[np.uint32], person_ids: UuidArray
) -> list[NativeBlock]:
    pieces = zip(parts, _split(numbers, parts), _split(person_ids, parts), strict=True)
    return [encode_events(part, some_numbers, some_ids) for part, some_numbers, some_ids in pieces]


def encode_events(events: EventColumns, numbers: npt.NDArray[np.uint32], person_ids: UuidArray) -> NativeBlock:
    """Encode events and their persons as a block of `events`."""
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


def _split(values: npt.NDArray[_Item], parts: Sequence[EventColumns]) -> list[npt.NDArray[_Item]]:
    return np.split(values, np.cumsum([len(part) for part in parts])[:-1])
