"""Limits of what a row may contain, and of what a load keeps in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from errors import cut

MAX_LINE_BYTES: Final = 8 * 2**20
MAX_VALUE_LENGTH: Final = 4 * 2**20
"""Characters of a string in a property."""
MAX_KEY_LENGTH: Final = 400
"""Characters of a property's key and of the name of an event or a group type."""
MAX_ID_LENGTH: Final = 1000
"""Characters of a distinct id or of a group's key."""
MAX_PROPERTIES: Final = 1000
MAX_DEPTH: Final = 100
"""Levels of arrays and objects in a property."""
MAX_DISTINCT_IDS: Final = 10_000
"""Distinct ids in a row of a person."""
MAX_COLUMNS: Final = 2000
"""Columns of a CSV file."""
MAX_REJECTS: Final = 10_000
"""Rejected rows that are kept; further ones are counted."""
MAX_UNUSED: Final = 100
"""Names of fields that are not loaded; further ones are not listed."""
MAX_CELLS: Final = 1_000_000
"""Rows times different keys of a block: each key has a byte for every row of its block."""
MAX_TABLE_CELLS: Final = 30_000_000
"""Rows times different keys of a table of Arrow."""
_SHOWN: Final = 100
_NESTED: Final = (list, tuple, dict)


def check_length(name: str, text: str, limit: int) -> None:
    """Raise ValueError when the text is longer than the limit."""
    if len(text) > limit:
        raise ValueError(f"{name} has {len(text):,} characters; at most {limit:,} are allowed")


def check_properties(properties: Mapping[str, object]) -> None:
    """Raise ValueError with the first limit that the properties of a row exceed."""
    if len(properties) > MAX_PROPERTIES:
        raise ValueError(f"has {len(properties):,} properties; at most {MAX_PROPERTIES:,} are allowed")
    for key, value in properties.items():
        check_length("the key of a property", key, MAX_KEY_LENGTH)
        if isinstance(value, str):
            check_length(f"property {cut(key, _SHOWN)!r}", value, MAX_VALUE_LENGTH)
        elif isinstance(value, _NESTED) and not is_shallow(value, MAX_DEPTH):
            raise ValueError(f"property {cut(key, _SHOWN)!r} is nested more than {MAX_DEPTH} levels deep")


def is_shallow(value: object, depth: int) -> bool:
    """Whether at most so many arrays and objects are inside one another."""
    level = [value]
    for _ in range(depth):
        level = [item for each in level for item in _items(each) if isinstance(item, _NESTED)]
        if not level:
            return True
    return False


def _items(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def slices_of_cells(rows: Sequence[Mapping[str, object]]) -> Iterator[slice]:
    """Divide rows so that the different keys times the rows of each part stay within MAX_CELLS."""
    start, keys = 0, set[str]()
    for index, row in enumerate(rows):
        keys.update(row)
        if len(keys) * (index - start + 1) > MAX_CELLS and index > start:
            yield slice(start, index)
            start, keys = index, set(row)
    yield slice(start, len(rows))
