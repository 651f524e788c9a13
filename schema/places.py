"""Pages of lists that are ordered by a figure, the greatest first, and then by a name."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import TypeVar

from datasource.events.definition_pages import Place
from errors import BadUserInput
from schema.pages import Connection, Edge, PageInfo

Node = TypeVar("Node")
_LARGEST_COUNT = 2**64 - 1


def page_of(
    kind: str, nodes: Sequence[tuple[Place, Node]], *, total: int, has_next: bool, after: Place | None
) -> Connection[Node]:
    """The page of these nodes, each with its place, that follows the place `after`; `kind` marks its cursors."""
    edges = [Edge(cursor=write_place(kind, place), node=node) for place, node in nodes]
    return Connection(
        edges=edges,
        page_info=PageInfo(
            has_next_page=has_next,
            has_previous_page=after is not None,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        ),
        total_count=total,
    )


def write_place(kind: str, place: Place) -> str:
    """Opaque to clients: the kind of list and a place in it, wrapped."""
    return base64.urlsafe_b64encode(json.dumps([kind, place.count, place.name]).encode()).decode()


def read_place(kind: str, cursor: str | None) -> Place | None:
    """The place in a cursor; raises BadUserInput for a text that no page of such a list gave out."""
    if cursor is None:
        return None
    try:
        match json.loads(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)):
            case [str() as marked, int() as count, str() as name] if (
                marked == kind and not isinstance(count, bool) and 0 <= count <= _LARGEST_COUNT
            ):
                name.encode()  # half a surrogate pair cannot be a name
                return Place(count, name)
    except (binascii.Error, ValueError, RecursionError):
        pass
    raise BadUserInput(
        "The cursor is none that this list gave out.",
        path=("after",),
        hint="Take it from pageInfo.endCursor or an edge's cursor.",
    )


def cut_page(
    kind: str, nodes: Sequence[tuple[Place, Node]], *, first: int, after: Place | None
) -> Connection[Node]:
    """A page of a list that is here in full and in order."""
    left = [
        (place, node)
        for place, node in nodes
        if after is None or (-place.count, place.name) > (-after.count, after.name)
    ]
    return page_of(kind, left[:first], total=len(nodes), has_next=len(left) > first, after=after)
