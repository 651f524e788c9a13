"""Pages of lists: connections after the Relay cursor specification, with cursors that stay put while rows come."""

import base64
import binascii
import json
import re
from collections.abc import Sequence
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from datasource.events.definition_pages import Place
from errors import BadUserInput

Node = TypeVar("Node")

First = Annotated[int, strawberry.argument(description="How many at most, 1 to 500.")]
After = Annotated[str | None, strawberry.argument(description="Start after the edge with this cursor.")]
Search = Annotated[
    str | None, strawberry.argument(description="Only those whose name has this text in it, whatever the case.")
]


# Shareable, because every subgraph with connections has this type; no other of ours is likely to be another's too.
@strawberry.federation.type(shareable=True, description="Where a page stands among all.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follow: ask with after: endCursor.")
    has_previous_page: bool = strawberry.field(description="The page does not start at the beginning.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor; null on an empty page.")


@strawberry.type(description="A place in a list.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description="Continue after this edge with after: cursor.")
    node: Node = strawberry.field(description="What is at this place.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = strawberry.field(description="The places of the page, in the list's order.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are on all pages.")

    @classmethod
    def of(
        cls, kind: str, nodes: Sequence[tuple[int, Node]], *, total: int, has_next: bool, after: int | None
    ) -> Self:
        """The page of these nodes, each with its id, that follows the id `after`; `kind` marks its cursors."""
        edges = [Edge(cursor=write_cursor(kind, number), node=node) for number, node in nodes]
        return cls(
            edges=edges,
            page_info=PageInfo(
                has_next_page=has_next,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
            total_count=total,
        )


def write_cursor(kind: str, number: int) -> str:
    """Opaque to clients: the kind of list and an id, wrapped."""
    return base64.urlsafe_b64encode(f"{kind}:{number}".encode()).decode()


def read_cursor(kind: str, cursor: str | None) -> int | None:
    """The id in a cursor; raises BadUserInput for a text that no page of such a list gave out."""
    if cursor is None:
        return None
    try:
        text = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        text = ""
    position = re.fullmatch(rf"{kind}:([1-9][0-9]{{0,9}})", text)
    if position is None:
        raise BadUserInput(
            "The cursor is none that this list gave out.",
            path=("after",),
            hint="Take it from pageInfo.endCursor or an edge's cursor.",
        )
    return int(position[1])


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
