"""How many events have which property, told by the columns that a batch is stored from."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import pyarrow as pa

from datasource.clickhouse.engine import Engine
from datasource.loader.parse_events import EventColumns
from datasource.loader.property_columns import path_of
from datasource.tables.property_tables import KINDS

PropertyCounts = Counter[tuple[str, str, str]]
"""Events by (event, property, kind)."""

_INSERT: Final = """
INSERT INTO event_properties (project_id, event, property, kind, events)
SELECT {project:UInt32}, event, property, kind, events FROM {batch}
"""


def count_properties(parts: Sequence[EventColumns]) -> PropertyCounts:
    """What the events of all parts have."""
    counts: PropertyCounts = Counter()
    for part in parts:
        for name, found in _of_part(part):
            counts[name] += found
    return counts


def _of_part(part: EventColumns) -> Iterator[tuple[tuple[str, str, str], int]]:
    encoded = part.names.dictionary_encode()
    events = encoded.dictionary.to_pylist()
    places = np.asarray(encoded.indices).astype(np.int64)
    for column in part.properties.columns:
        width = len(column.types) + 1  # the last one: no value
        found = np.bincount(places * width + column.kinds, minlength=len(events) * width)
        key = path_of(column.key).replace("%2E", ".")
        for row, event in enumerate(events):
            for place, stored in enumerate(column.types):
                count = int(found[row * width + place])
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
