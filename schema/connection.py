"""Connections as the Relay cursor specification defines them."""

from collections.abc import Sequence
from typing import Annotated, Generic, Self, TypeVar

import strawberry

from datasource.events.definition_pages import ListPosition
from schema.cursors import Position, write_cursor

Node = TypeVar("Node")

First = Annotated[int, strawberry.argument(description="Maximum number of nodes to return, from 1 to 500.")]
After = Annotated[str | None, strawberry.argument(description="Return the nodes after the edge with this cursor.")]
Search = Annotated[
    str | None, strawberry.argument(description="Only return nodes whose name contains this, ignoring case.")
]


# Shareable, because every subgraph with connections has this type, whereas our other types are our own.
@strawberry.federation.type(shareable=True, description="The position of a page in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(
        description="Whether there are more nodes; to get them, pass endCursor as after."
    )
    has_previous_page: bool = strawberry.field(description="Whether there are nodes before this page.")
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first edge; null if the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last edge; null if the page is empty."
    )


@strawberry.type(description="A node and its position in the list.")
class Edge(Generic[Node]):
    cursor: str = strawberry.field(description="To continue after this edge, pass it as after.")
    node: Node = strawberry.field(description="The node.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[Node]):
    edges: list[Edge[Node]] = strawberry.field(description="The edges of this page, in the order of the list.")
    page_info: PageInfo = strawberry.field(description="The position of this page in the list.")
    total_count: int = strawberry.field(description="The number of nodes on all pages.")

    @classmethod
    def of(
        cls,
        kind: str,
        nodes: Sequence[tuple[Position, Node]],
        *,
        total: int,
        has_next: bool,
        after: Position | None,
    ) -> Self:
        """Build the page of these nodes, each with its position; `kind` marks the cursors of the list."""
        edges = [Edge(cursor=write_cursor(kind, position), node=node) for position, node in nodes]
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


def slice_connection(
    kind: str, nodes: Sequence[tuple[ListPosition, Node]], *, first: int, after: ListPosition | None
) -> Connection[Node]:
    """Build a page of a list that is complete in memory, sorted by descending count and then by name."""
    rest = [
        (place, node)
        for place, node in nodes
        if after is None or (-place.count, place.name) > (-after.count, after.name)
    ]
    return Connection.of(kind, rest[:first], total=len(nodes), has_next=len(rest) > first, after=after)
