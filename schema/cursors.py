"""Cursors of connections: opaque to clients, stable while rows are added."""

import base64
import binascii
import json

from datasource.events.definition_pages import ListPosition
from errors import BadUserInput

Position = int | ListPosition
"""Where a node stands in its list: its id or, in lists sorted by count and name, both."""

_LARGEST_ID = 10**10 - 1
_LARGEST_COUNT = 2**64 - 1


def write_cursor(kind: str, position: Position) -> str:
    """Encode a position; `kind` says which list it belongs to."""
    parts = [position] if isinstance(position, int) else [position.count, position.name]
    return base64.urlsafe_b64encode(json.dumps([kind, *parts]).encode()).decode()


def read_id_cursor(kind: str, cursor: str | None) -> int | None:
    """Return the id in a cursor; raises BadUserInput for a cursor that no list of this kind returned."""
    if cursor is None:
        return None
    match _decode(kind, cursor):
        case [int() as number] if not isinstance(number, bool) and 1 <= number <= _LARGEST_ID:
            return number
    raise _invalid_cursor()


def read_position_cursor(kind: str, cursor: str | None) -> ListPosition | None:
    """Return the position in a cursor; raises BadUserInput for a cursor that no list of this kind returned."""
    if cursor is None:
        return None
    match _decode(kind, cursor):
        case [int() as count, str() as name] if not isinstance(count, bool) and 0 <= count <= _LARGEST_COUNT:
            return ListPosition(count, name)
    raise _invalid_cursor()


def _decode(kind: str, cursor: str) -> list[object]:
    try:
        match json.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)):
            case [str() as marked, *parts] if marked == kind:
                # A lone surrogate cannot be part of a stored name, and no database takes it as a parameter.
                json.dumps(parts, ensure_ascii=False).encode()
                return parts
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise _invalid_cursor()


def _invalid_cursor() -> BadUserInput:
    return BadUserInput(
        "Invalid cursor for this list.",
        path=("after",),
        hint="Take it from pageInfo.endCursor or from the cursor of an edge.",
    )
