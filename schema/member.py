"""The GraphQL types of members and roles."""

from typing import Annotated, Self

import strawberry

from datasource.events.definition_pages import ListPosition
from datasource.metadata.members import email_key
from datasource.metadata.records import MemberRecord, OrganizationLevel, RoleRecord
from resolvers.members import list_members
from schema.connection import Connection, slice_connection
from schema.cursors import read_position_cursor
from schema.field_costs import assumed_size
from schema.info import ContextInfo

PersonSearch = Annotated[
    str | None,
    strawberry.argument(description="Only return members whose email or name contains this, ignoring case."),
]


@strawberry.type(description="A person with access to the gateway.")
class Member:
    id: strawberry.ID = strawberry.field(description="A UUID.")
    email: str = strawberry.field(description="The person's email address.")
    name: str = strawberry.field(description="The person's name; may be empty.")
    level: OrganizationLevel = strawberry.field(
        description="The person's level in the organization; for the viewer, the highest in any organization."
    )

    @classmethod
    def from_record(cls, record: MemberRecord) -> Self:
        return cls(
            id=strawberry.ID(record.id),
            email=record.email,
            name=record.name,
            level=record.highest_level or OrganizationLevel.MEMBER,
        )

    @classmethod
    def in_organization(cls, record: MemberRecord, organization_id: str) -> Self | None:
        """Return the person as a member of the organization, or None if they are not one."""
        level = record.level_in(organization_id)
        if level is None:
            return None
        return cls(id=strawberry.ID(record.id), email=record.email, name=record.name, level=level)


async def _show_members(root: strawberry.Parent["Role"], info: ContextInfo) -> list[Member]:
    user_ids = await info.context.loaders.role_members.load(root.record.id)
    records = await info.context.loaders.members.load_many(list(user_ids or ()))
    members = (
        Member.in_organization(record, root.record.organization_id) for record in records if record is not None
    )
    return [member for member in members if member is not None]


@strawberry.type(description="A named group of members of an organization, to give all of them access at once.")
class Role:
    record: strawberry.Private[RoleRecord]
    id: strawberry.ID = strawberry.field(description="A UUID.")
    name: str = strawberry.field(description="The role's name.")

    members: list[Member] = strawberry.field(
        directives=assumed_size(20),
        resolver=_show_members,
        description="The members with this role, ordered by email.",
    )

    @classmethod
    def from_record(cls, record: RoleRecord) -> Self:
        return cls(record=record, id=strawberry.ID(record.id), name=record.name)


async def show_members(
    info: ContextInfo, organization_id: str, *, first: int, after: str | None, search: str | None
) -> Connection[Member]:
    """Resolve `Project.members`; raises BadUserInput for arguments out of range."""
    place = read_position_cursor("member", after)
    records = await list_members(info.context, organization_id, first=first, search=search)
    members = (Member.in_organization(record, organization_id) for record in records)
    nodes = [(ListPosition(0, email_key(member.email)), member) for member in members if member is not None]
    return slice_connection("member", nodes, first=first, after=place)
