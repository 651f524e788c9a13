"""Who is asking, and what they may do."""

from datetime import datetime
from typing import Annotated, Self

import strawberry

from datasource.metadata.records import AccessLevel, OrganizationLevel
from permissions.caller import Caller
from permissions.guarded_field import authenticated_field
from permissions.reach import ReachedProject
from permissions.resources import PROJECT
from resolvers.projects import list_projects
from resolvers.rights import ResourceAction, Verdict, explain_rights
from schema.access import AccessGrant
from schema.access_enums import AccessControlledResource, ResourceName
from schema.connection import After, Connection, First
from schema.cursors import read_id_cursor
from schema.field_costs import connection_size
from schema.info import ContextInfo
from schema.member import Member


@strawberry.type(description="A project that the caller reaches, and their level in it.")
class ViewerProject:
    id: strawberry.ID = strawberry.field(description="A number, as a text.")
    user_access_level: AccessLevel = strawberry.field(description="The caller's own level on the project.")
    granted_by: AccessGrant | None = strawberry.field(description="What the level comes from.")

    @classmethod
    def from_reached(cls, reached: ReachedProject) -> Self:
        access = reached.policy.object_access(reached.policy.project)
        return cls(
            id=strawberry.ID(str(reached.record.id)),
            user_access_level=access.level or AccessLevel.NONE,
            granted_by=AccessGrant.from_access(access, PROJECT),
        )


@strawberry.type(description="Whether something is allowed, and why.")
class Permission:
    allowed: bool = strawberry.field(description="Whether such a request would be let through now.")
    reason: str = strawberry.field(description="Why, in a sentence.")
    missing_scope: str | None = strawberry.field(description="The scope that the API key lacks.")
    missing_level: AccessLevel | None = strawberry.field(description="The level that the caller does not reach.")
    granted_by: AccessGrant | None = strawberry.field(
        description="The caller's level, enough or not, and what it comes from; null where scopes decided."
    )

    @classmethod
    def from_verdict(cls, verdict: Verdict, name: ResourceName) -> Self:
        return cls(
            allowed=verdict.allowed,
            reason=verdict.reason,
            missing_scope=verdict.missing_scope,
            missing_level=None if verdict.missing_level is None else AccessLevel[verdict.missing_level],
            granted_by=AccessGrant.from_access(verdict.access, name.resource),
        )


@strawberry.type(description="Who is asking: the API key, its owner, its scopes.")
class Viewer:
    user: Member = strawberry.field(
        description="The owner of the key. For a key that a project owns a stand-in: the key's id and label, "
        "without an address."
    )
    key_id: strawberry.ID = strawberry.field(description="The key's id, a UUID; no secret.")
    key_label: str = strawberry.field(description="What the key is for.")
    key_mask: str = strawberry.field(description="The first and the last characters of the key.")
    key_expires_at: datetime | None = strawberry.field(description="When the key ends; null: it does not.")
    scopes: list[str] = strawberry.field(description='The scopes as granted: "insight:read", "*".')
    scoped_projects: list[strawberry.ID] | None = strawberry.field(
        description="The only projects that the key reaches; null: every project of the owner."
    )
    scoped_organizations: list[strawberry.ID] | None = strawberry.field(
        description="The only organizations whose projects the key reaches; null: every one of the owner."
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
        description="Every project that the key reaches, by ascending id, with the caller's level.",
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
        description="Whether the caller may do something now, and why or why not: for clients that hide what "
        "cannot be done, and for people who wonder why they were refused."
    )
    async def can(
        self,
        info: ContextInfo,
        *,
        project_id: Annotated[strawberry.ID, strawberry.argument(description="In which project.")],
        action: Annotated[ResourceAction, strawberry.argument(description="What to do.")],
        resource: Annotated[AccessControlledResource, strawberry.argument(description="With what.")],
        object_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="With which object; null: with any of them.")
        ] = None,
    ) -> Permission:
        verdict = await explain_rights(info.context, project_id, action, resource.resource, object_id)
        return Permission.from_verdict(verdict, resource)


def _stand_in(caller: Caller) -> Member:
    return Member(id=strawberry.ID(caller.key_id), email="", name=caller.key_label, level=OrganizationLevel.MEMBER)
