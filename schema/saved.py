"""The fields of all saved objects, and what their inputs share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any, ClassVar, Self, TypeVar

import strawberry

from datasource.metadata.records import ProjectRecord, SavedRecord
from errors import BadUserInput, GatewayError, Name
from permissions.enforce import READ, check_gate, controlled, require_scopes
from permissions.policy import Controlled
from permissions.reach import ReachedProject
from resolvers.saved import PageRequest, SavedResource
from schema.access import AccessControlled
from schema.connection import Connection
from schema.cursors import read_id_cursor
from schema.info import ContextInfo
from schema.input_checks import LONGEST_DESCRIPTION, check_characters, check_name, check_text
from schema.member import Member

Value = TypeVar("Value")
Result = TypeVar("Result")

ProjectId = Annotated[strawberry.ID, strawberry.argument(description="The id of the project.")]


async def _show_creator(root: strawberry.Parent["Saved"], info: ContextInfo) -> Member | None:
    user_id = root.record.created_by
    member = None if user_id is None else await info.context.loaders.members.load(user_id)
    return None if member is None else Member.in_organization(member, root.project.organization_id)


@strawberry.type
class Saved(AccessControlled):
    """The fields that all saved objects have."""

    saved: ClassVar[SavedResource[Any]]
    record: strawberry.Private[SavedRecord]
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    name: str = strawberry.field(description="The name, which need not be unique.")
    description: str = strawberry.field(description="The description; may be empty.")
    created_at: datetime = strawberry.field(description="When it was created.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    created_by: Member | None = strawberry.field(
        resolver=_show_creator,
        description="The member who created it; null if they have left the organization.",
    )

    @property
    def project(self) -> ProjectRecord:
        return self.reached.record

    def controlled(self) -> Controlled:
        return controlled(self.resource, self.record)

    @classmethod
    def from_record(cls, project: ReachedProject, record: Any) -> Self:
        return cls._show(project, record)

    @classmethod
    def _show(cls, project: ReachedProject, record: SavedRecord, **others: object) -> Self:
        return cls(
            **others,
            reached=project,
            record=record,
            id=strawberry.ID(str(record.id)),
            project_id=strawberry.ID(str(record.project_id)),
            name=record.name,
            description=record.description,
            created_at=record.created_at,
            updated_at=record.updated_at,
        )

    @classmethod
    async def load(cls, info: ContextInfo, project: ReachedProject, id: str) -> Self:
        """Raises as `SavedResource.load` does."""
        return cls.from_record(project, await cls.saved.load(info.context, project, id))

    @classmethod
    async def list_page(
        cls,
        info: ContextInfo,
        project: ReachedProject,
        *,
        first: int,
        after: str | None,
        search: str | None,
        includes_hidden: bool,
    ) -> Connection[Self]:
        """Raises BadUserInput for arguments out of range."""
        kind = cls.resource.name
        request = PageRequest(first, read_id_cursor(kind, after), search, includes_hidden)
        page = await cls.saved.list_page(info.context, project, request)
        nodes = [(record.id, cls.from_record(project, record)) for record in page.records]
        return Connection.of(kind, nodes, total=page.total, has_next=page.has_next, after=request.after)

    @classmethod
    async def resolve_reference(cls, info: ContextInfo, project_id: str, id: str) -> Self:
        """Resolve a router's reference to an entity, with the checks of the field that shows one object."""
        require_scopes(info.context, f"{cls.resource.name}:read")
        project = await info.context.reach(project_id)
        check_gate(project.policy, cls.resource, READ)
        return await cls.load(info, project, id)


@contextmanager
def under_input() -> Iterator[None]:
    """Put `input` in front of the paths of errors."""
    try:
        yield
    except GatewayError as error:
        if not error.path and not isinstance(error, BadUserInput):
            raise
        raise error.under("input") from error


def read_name(name: str) -> str:
    """Strip a name of outer spaces. Raises BadUserInput at ("name",)."""
    return check_name(name, ("name",))


def read_description(description: str) -> str:
    """Raises BadUserInput at ("description",)."""
    check_text(description, ("description",), what="The description", longest=LONGEST_DESCRIPTION)
    check_characters(description, ("description",), what="The description", allowed="\t\r\n")
    return description


def new_value(change: strawberry.Maybe[Value | None], key: str) -> Value | None:
    """The new value, None without one. Raises BadUserInput at `key` for null."""
    if change is None:
        return None
    if change.value is None:
        raise BadUserInput(
            "{name} cannot be null.", name=Name(key), path=(key,), hint="Leave it out to keep its value."
        )
    return change.value


def read_change(
    change: strawberry.Maybe[Value | None], key: str, read: Callable[[Value], Result]
) -> Result | None:
    """Read the new value, if there is one. Raises BadUserInput as `new_value` and `read` do."""
    value = new_value(change, key)
    return None if value is None else read(value)
