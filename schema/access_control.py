"""The GraphQL types of access rules and of the levels that they give."""

from datetime import datetime
from typing import Self

import strawberry

from datasource.metadata.records import AccessLevel, RuleRecord
from permissions.policy import Access, Source, SubjectKind
from permissions.resources import Resource
from schema.access_enums import AccessControlledResource, ResourceName
from schema.info import ContextInfo
from schema.member import Member, Role


async def _show_member(root: strawberry.Parent["AccessControl"], info: ContextInfo) -> Member | None:
    member_id = root.rule.member_id
    record = None if member_id is None else await info.context.loaders.memberships.load(member_id)
    return None if record is None else Member.in_organization(record, root.organization_id)


async def _show_role(root: strawberry.Parent["AccessControl"], info: ContextInfo) -> Role | None:
    role_id = root.rule.role_id
    record = None if role_id is None else await info.context.loaders.roles.load(role_id)
    return None if record is None else Role.from_record(record)


async def _show_creator(root: strawberry.Parent["AccessControl"], info: ContextInfo) -> Member | None:
    user_id = root.rule.created_by
    record = None if user_id is None else await info.context.loaders.members.load(user_id)
    return None if record is None else Member.in_organization(record, root.organization_id)


@strawberry.type(description="A rule that gives a member, a role or everyone an access level.")
class AccessControl:
    rule: strawberry.Private[RuleRecord]
    organization_id: strawberry.Private[str]
    id: strawberry.ID = strawberry.field(description="A UUID.")
    resource: AccessControlledResource = strawberry.field(description="The kind of resource the rule applies to.")
    resource_id: strawberry.ID | None = strawberry.field(
        description="The id of the object; null for all resources of this kind in the project."
    )
    access_level: AccessLevel = strawberry.field(description="The level the rule gives.")
    created_at: datetime = strawberry.field(description="When the rule was created.")
    updated_at: datetime = strawberry.field(description="When the level was last changed.")

    member: Member | None = strawberry.field(
        resolver=_show_member,
        description="The member the rule applies to. If member and role are null, it applies to everyone.",
    )
    role: Role | None = strawberry.field(resolver=_show_role, description="The role the rule applies to.")
    created_by: Member | None = strawberry.field(
        resolver=_show_creator,
        description="Who created the rule; null if it was the operator or someone who has left.",
    )

    @classmethod
    def from_rule(cls, rule: RuleRecord, organization_id: str) -> Self:
        return cls(
            rule=rule,
            organization_id=organization_id,
            id=strawberry.ID(rule.id),
            resource=ResourceName(rule.resource),
            resource_id=_show_id(rule.resource_id),
            access_level=rule.access_level,
            created_at=rule.created_at,
            updated_at=rule.updated_at,
        )


async def _show_source_name(root: strawberry.Parent["AccessGrant"], info: ContextInfo) -> str | None:
    rule = root.rule
    if rule is None:
        return None
    if rule.member_id is not None:
        member = await info.context.loaders.memberships.load(rule.member_id)
        return member.email if member else None
    role = None if rule.role_id is None else await info.context.loaders.roles.load(rule.role_id)
    return role.name if role else None


@strawberry.type(description="An access level and where it comes from.")
class AccessGrant:
    rule: strawberry.Private[RuleRecord | None]
    access_level: AccessLevel = strawberry.field(description="The level.")
    source: Source = strawberry.field(description="Where the level comes from.")
    source_subject: SubjectKind | None = strawberry.field(
        description="Whom the deciding rule applies to; null if no rule decided."
    )
    source_resource: AccessControlledResource | None = strawberry.field(
        description="The kind of resource the deciding rule applies to; if no rule decided, whose default this is."
    )
    source_resource_id: strawberry.ID | None = strawberry.field(
        description="The object the deciding rule applies to; null for all resources of the kind."
    )

    source_display_name: str | None = strawberry.field(
        resolver=_show_source_name,
        description="The email of the member, or the name of the role, that the deciding rule names.",
    )

    @classmethod
    def from_access(cls, access: Access | None, resource: Resource) -> Self | None:
        """Return None if there is no level."""
        if access is None or access.level is None or access.source is None:
            return None
        rule = access.rule
        return cls(
            rule=rule,
            access_level=access.level,
            source=access.source,
            source_subject=access.subject,
            source_resource=ResourceName(rule.resource if rule else resource.name),
            source_resource_id=None
            if rule is None or rule.resource_id is None
            else strawberry.ID(rule.resource_id),
        )


def _show_id(id: str | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(id)
