"""The GraphQL types of the caller and their permissions."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from datasource.metadata.records import AccessLevel, OrganizationLevel
from permissions.caller import Caller
from permissions.guarded_field import authenticated_field
from permissions.reach import ReachedProject
from permissions.resources import PROJECT
from resolvers.explain_access import AccessExplanation, ResourceAction, explain_access
from resolvers.projects import list_projects
from schema.access_control import AccessGrant
from schema.access_enums import AccessControlledResource, ResourceName
from schema.connection import After, Connection, First
from schema.cursors import read_id_cursor
from schema.field_costs import connection_size
from schema.info import ContextInfo
from schema.member import Member


@strawberry.type(description="A project the key has access to, and the caller's level in it.")
class ViewerProject:
    id: strawberry.ID = strawberry.field(description="A number, as a string.")
    user_access_level: AccessLevel = strawberry.field(description="The caller's level on the project.")
    granted_by: AccessGrant | None = strawberry.field(description="Where the level comes from.")

    @classmethod
    def from_reached(cls, reached: ReachedProject) -> Self:
        access = reached.policy.object_access(reached.policy.project)
        return cls(
            id=strawberry.ID(str(reached.record.id)),
            user_access_level=access.level or AccessLevel.NONE,
            granted_by=AccessGrant.from_access(access, PROJECT),
        )


@strawberry.type(description="Whether an action is allowed, and why.")
class Permission:
    allowed: bool = strawberry.field(description="Whether the action is allowed now.")
    reason: str = strawberry.field(description="The reason, in a sentence.")
    missing_scope: str | None = strawberry.field(description="The scope the API key lacks.")
    missing_level: AccessLevel | None = strawberry.field(description="The level the caller would need.")
    granted_by: AccessGrant | None = strawberry.field(
        description="The caller's level, sufficient or not, and where it comes from; null if scopes decided."
    )

    @classmethod
    def from_explanation(cls, explanation: AccessExplanation, name: ResourceName) -> Self:
        return cls(
            allowed=explanation.allowed,
            reason=explanation.reason,
            missing_scope=explanation.missing_scope,
            missing_level=None if explanation.missing_level is None else AccessLevel[explanation.missing_level],
            granted_by=AccessGrant.from_access(explanation.access, name.resource),
        )


@strawberry.type(description="The API key in use, its owner and its scopes.")
class Viewer:
    user: Member = strawberry.field(
        description="The owner of the key. A key that belongs to a project has no person: the id and name are "
        "then those of the key, and the email is empty."
    )
    key_id: strawberry.ID = strawberry.field(description="The id of the key, a UUID; not secret.")
    key_label: str = strawberry.field(description="The label of the key.")
    key_mask: str = strawberry.field(description="The first and last characters of the key.")
    key_expires_at: datetime | None = strawberry.field(
        description="When the key expires, or its old value if that was sent; null if it does not."
    )
    scopes: list[str] = strawberry.field(description='The scopes of the key, such as "insight:read" or "*".')
    scoped_projects: list[strawberry.ID] | None = strawberry.field(
        description="The only projects the key can be used for; null for all of the owner's projects."
    )
    scoped_organizations: list[strawberry.ID] | None = strawberry.field(
        description="The only organizations the key can be used for; null for all of the owner's organizations."
    )

    @classmethod
    def from_caller(cls, caller: Caller) -> Self:
        projects, organizations = caller.scoped_projects, caller.scoped_organizations
        if caller.project_id is not None:
            projects = (caller.project_id,)
        return cls(
            user=Member.from_record(caller.user) if caller.user else _stand_in(caller),
            key_id=strawberry.ID(caller.key_id),
            key_label=caller.key_label,
            key_mask=caller.key_mask,
            key_expires_at=caller.key_expires_at,
            scopes=list(caller.scopes),
            scoped_projects=None if projects is None else [strawberry.ID(str(each)) for each in projects],
            scoped_organizations=None
            if organizations is None
            else [strawberry.ID(each) for each in organizations],
        )

    @authenticated_field(
        directives=connection_size(),
        description="All projects the key has access to, ordered by id, with the caller's level.",
    )
    async def projects(
        self, info: ContextInfo, first: First = 50, after: After = None
    ) -> Connection[ViewerProject]:
        position = read_id_cursor("project", after)
        page = await list_projects(info.context, first=first, after=position)
        nodes = [(reached.record.id, ViewerProject.from_reached(reached)) for reached in page.projects]
        return Connection[ViewerProject].of(
            "project", nodes, total=page.total, has_next=page.has_next, after=position
        )

    @authenticated_field(
        description="Whether the caller may perform an action now, and why: for clients that hide what is not "
        "allowed, and for people who were denied access."
    )
    async def can(
        self,
        info: ContextInfo,
        *,
        project_id: Annotated[strawberry.ID, strawberry.argument(description="The project.")],
        action: Annotated[ResourceAction, strawberry.argument(description="The action.")],
        resource: Annotated[AccessControlledResource, strawberry.argument(description="The kind of resource.")],
        object_id: Annotated[
            strawberry.ID | None,
            strawberry.argument(description="The id of the object; null for any of the kind."),
        ] = None,
    ) -> Permission:
        explanation = await explain_access(info.context, project_id, action, resource.resource, object_id)
        return Permission.from_explanation(explanation, resource)


def _stand_in(caller: Caller) -> Member:
    return Member(id=strawberry.ID(caller.key_id), email="", name=caller.key_label, level=OrganizationLevel.MEMBER)
