"""Pages of lists: connections after the Relay cursor specification, with cursors that stay put while rows come."""

import base64
import binascii
import re
from typing import Self

import strawberry

from datasource.metadata.records import ProjectPage
from errors import BadUserInput
from schema.project import Project

_POSITION = re.compile(rb"project:([1-9][0-9]{0,9})")


@strawberry.type(description="Where a page stands among all.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="More follow: ask with after: endCursor.")
    has_previous_page: bool = strawberry.field(description="The page does not start at the beginning.")
    start_cursor: str | None = strawberry.field(description="The first edge's cursor; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The last edge's cursor; null on an empty page.")


@strawberry.type(description="A project in a list.")
class ProjectEdge:
    cursor: str = strawberry.field(description="Continue after this edge with after: cursor.")
    node: Project = strawberry.field(description="The project.")


@strawberry.type(description="A page of projects.")
class ProjectConnection:
    edges: list[ProjectEdge] = strawberry.field(description="The projects of the page, by ascending id.")
    page_info: PageInfo = strawberry.field(description="Where the page stands.")
    total_count: int = strawberry.field(description="How many there are on all pages.")

    @classmethod
    def from_page(cls, page: ProjectPage, *, after: int | None) -> Self:
        edges = [
            ProjectEdge(cursor=write_cursor(record.id), node=Project.from_record(record))
            for record in page.projects
        ]
        return cls(
            edges=edges,
            page_info=PageInfo(
                has_next_page=page.has_next,
                has_previous_page=after is not None,
                start_cursor=edges[0].cursor if edges else None,
                end_cursor=edges[-1].cursor if edges else None,
            ),
            total_count=page.total,
        )


def write_cursor(project_id: int) -> str:
    """Opaque to clients: the project's id, wrapped."""
    return base64.urlsafe_b64encode(f"project:{project_id}".encode()).decode()


def read_cursor(cursor: str) -> int:
    """The id in a cursor; raises BadUserInput for a text that no page gave out."""
    try:
        position = _POSITION.fullmatch(base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError):
        position = None
    if position is None:
        raise BadUserInput(
            "The cursor is none that this list gave out.",
            path=("after",),
            hint="Take it from pageInfo.endCursor or an edge's cursor.",
        )
    return int(position[1])
