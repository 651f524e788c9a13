"""Counts of events per property, from the columns of a batch."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.loader.event_columns import EventColumns
from datasource.tables.property_tables import KINDS, property_key, property_path

PropertyCounts = Counter[tuple[str, str, str]]
"""Numbers of events by (event, property, kind)."""

_INSERT: Final = """
INSERT INTO event_properties (project_id, event, property, kind, events)
SELECT {project:UInt32}, event, property, kind, events FROM {batch}
"""


def count_properties(parts: Sequence[EventColumns]) -> PropertyCounts:
    """Count the properties of the events of all parts."""
    counts: PropertyCounts = Counter()
    for part in parts:
        for name, found in _count_part(part):
            counts[name] += found
    return counts


def _count_part(part: EventColumns) -> Iterator[tuple[tuple[str, str, str], int]]:
    encoded = part.names.dictionary_encode()
    events = encoded.dictionary.to_pylist()
    event_codes = np.asarray(encoded.indices).astype(np.int64)
    for column in part.properties.columns:
        width = len(column.types) + 1  # the last one: no value
        found = np.bincount(event_codes * width + column.kinds, minlength=len(events) * width)
        key = property_key(property_path(column.key))
        for row, event in enumerate(events):
            for kind, stored in enumerate(column.types):
                count = int(found[row * width + kind])
                if count:
                    yield (event, key, KINDS[stored]), count


async def store_counts(engine: Engine, project_id: int, counts: PropertyCounts) -> None:
    """Add the counts to those of the project."""
    if not counts:
        return
    events, keys, kinds = zip(*counts, strict=True)
    batch = pa.table(
        {
            "event": pa.array(events, pa.string()),
            "property": pa.array(keys, pa.string()),
            "kind": pa.array(kinds, pa.string()),
            "events": pa.array(counts.values(), pa.uint64()),
        }
    )
    await engine.insert(_INSERT, batch, {"project": project_id})
