"""The GraphQL types of access policies, and the interface of everything that has one."""

from typing import ClassVar, Self

import strawberry

from datasource.events.definition_pages import ListPosition
from datasource.metadata.members import email_key
from datasource.metadata.records import AccessLevel
from permissions.guarded_field import guarded_field
from permissions.policy import AccessSource, Controlled
from permissions.reach import ReachedProject
from permissions.resources import Resource, controlled_resources
from resolvers.access import MemberAccess as MemberAccessRecord
from resolvers.access import PolicyView, list_users_with_access, object_policy
from resolvers.saved import check_page
from schema.access_control import AccessControl, AccessGrant
from schema.connection import After, Connection, First, slice_connection
from schema.cursors import read_position_cursor
from schema.field_costs import assumed_size, connection_size
from schema.info import ContextInfo
from schema.member import Member

READ_ACCESS_SCOPE = "access_control:read"

USERS_DESCRIPTION = "Active members with access, highest level first. Needs scope access_control:read."


@strawberry.type(description="A member with access to an object.")
class MemberAccess:
    member: Member = strawberry.field(description="The member.")
    access_level: AccessLevel = strawberry.field(description="The member's effective level.")
    access_source: AccessSource = strawberry.field(description="Why the member has access.")

    @classmethod
    def from_record(cls, record: MemberAccessRecord, organization_id: str) -> Self | None:
        member = Member.in_organization(record.member, organization_id)
        return (
            None if member is None else cls(member=member, access_level=record.level, access_source=record.source)
        )


async def show_users_with_access(
    info: ContextInfo, project: ReachedProject, target: Controlled, *, first: int, after: str | None
) -> Connection[MemberAccess]:
    """Resolve `usersWithAccess`; raises BadUserInput for arguments out of range."""
    check_page(first, None)
    place = read_position_cursor("access", after)
    users = await list_users_with_access(info.context, project, target)
    ladder = target.resource.ladder
    nodes = [
        (ListPosition(ladder.index(user.level), email_key(user.member.email)), node)
        for user in users
        if (node := MemberAccess.from_record(user, project.record.organization_id)) is not None
    ]
    return slice_connection("access", nodes, first=first, after=place)


@strawberry.type(
    description="The access rules of an object or a kind of resource, and what a form for editing them needs."
)
class AccessPolicy:
    view: strawberry.Private[PolicyView]
    access_controls: list[AccessControl] = strawberry.field(
        directives=assumed_size(10), description="All rules, for all subjects, oldest first."
    )
    available_access_levels: list[AccessLevel] = strawberry.field(
        description="The levels of this kind of resource, in ascending order."
    )
    default_access_level: AccessLevel = strawberry.field(description="The level that applies when no rule does.")
    minimum_access_level: AccessLevel = strawberry.field(description="The lowest level that can be set.")
    maximum_access_level: AccessLevel = strawberry.field(description="The highest level that can be set.")
    user_access_level: AccessLevel = strawberry.field(description="The caller's level.")
    user_can_edit_access_levels: bool = strawberry.field(description="Whether the caller may change these rules.")
    inherited_access: AccessGrant | None = strawberry.field(
        description="The level everyone would have if the object had no rule for everyone; null for projects and "
        "for whole kinds of resources."
    )

    @classmethod
    def from_view(cls, view: PolicyView) -> Self:
        project = view.project.record
        known = {resource.name for resource in controlled_resources()}
        return cls(
            view=view,
            access_controls=[
                AccessControl.from_rule(rule, project.organization_id)
                for rule in view.rules
                if rule.resource in known
            ],
            available_access_levels=list(view.ladder),
            default_access_level=view.default,
            minimum_access_level=view.minimum,
            maximum_access_level=view.maximum,
            user_access_level=view.level,
            user_can_edit_access_levels=view.can_edit,
            inherited_access=(
                None if view.target is None else AccessGrant.from_access(view.inherited, view.target.resource)
            ),
        )

    @guarded_field(
        directives=connection_size(),
        scopes=[READ_ACCESS_SCOPE],
        description=f"{USERS_DESCRIPTION} null for whole kinds of resources.",
    )
    async def users_with_access(
        self, info: ContextInfo, first: First = 50, after: After = None
    ) -> Connection[MemberAccess] | None:
        if self.view.target is None:
            return None
        return await show_users_with_access(info, self.view.project, self.view.target, first=first, after=after)


def _show_level(root: strawberry.Parent["AccessControlled"]) -> AccessLevel:
    return root.reached.policy.object_access(root.controlled()).level or AccessLevel.NONE


@strawberry.interface(description="An object whose access is controlled.")
class AccessControlled:
    """Implementing types define their `resource` and the `controlled` object of a node."""

    resource: ClassVar[Resource]
    reached: strawberry.Private[ReachedProject]
    id: strawberry.ID = strawberry.field(description="A number, as a string.")

    user_access_level: AccessLevel = strawberry.field(
        resolver=_show_level, description="The caller's level on this object."
    )

    def controlled(self) -> Controlled:
        """Return the node as an object of the policy."""
        raise NotImplementedError

    @guarded_field(
        scopes=[READ_ACCESS_SCOPE], description="The access rules of this object. Needs scope access_control:read."
    )
    async def access_policy(self, info: ContextInfo) -> AccessPolicy:
        return AccessPolicy.from_view(await object_policy(info.context, self.reached, self.controlled()))

    @guarded_field(directives=connection_size(), scopes=[READ_ACCESS_SCOPE], description=USERS_DESCRIPTION)
    async def users_with_access(
        self, info: ContextInfo, first: First = 50, after: After = None
    ) -> Connection[MemberAccess]:
        return await show_users_with_access(info, self.reached, self.controlled(), first=first, after=after)
