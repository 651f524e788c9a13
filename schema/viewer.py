"""Who is asking."""

from typing import Self

import strawberry

from datasource.metadata.records import MemberRecord, OrganizationLevel
from permissions.caller import Caller


@strawberry.type(description="A person.")
class Member:
    id: strawberry.ID = strawberry.field(description="A UUID.")
    email: str = strawberry.field(description="The person's e-mail address.")
    name: str = strawberry.field(description="The person's name; may be empty.")
    level: OrganizationLevel = strawberry.field(
        description="The level in the organization at hand; for the viewer the highest of all organizations."
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
        """The person as a member of one organization, None when they are none."""
        level = record.level_in(organization_id)
        if level is None:
            return None
        return cls(id=strawberry.ID(record.id), email=record.email, name=record.name, level=level)


@strawberry.type(description="Who is asking: the API key, its owner, its scopes.")
class Viewer:
    user: Member = strawberry.field(description="The owner of the key.")
    key_label: str = strawberry.field(description="What the key is for.")
    scopes: list[str] = strawberry.field(description='The scopes as granted: "insight:read", "*".')
    scoped_projects: list[strawberry.ID] | None = strawberry.field(
        description="The only projects that the key reaches; null: every project of the owner."
    )

    @classmethod
    def from_caller(cls, caller: Caller) -> Self:
        projects = caller.scoped_projects
        return cls(
            user=Member.from_record(caller.user),
            key_label=caller.key_label,
            scopes=list(caller.scopes),
            scoped_projects=None if projects is None else [strawberry.ID(str(each)) for each in projects],
        )
