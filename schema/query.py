"""The root type of queries."""

from typing import Annotated

import strawberry

from permissions.enforce import require_caller
from permissions.guarded_field import authenticated_field, guarded_field
from resolvers.access import open_policy
from resolvers.projects import list_projects, load_project
from schema.access import READ_ACCESS_SCOPE, AccessPolicy
from schema.access_enums import AccessControlledResource
from schema.connection import After, Connection, First
from schema.cursors import read_id_cursor
from schema.field_costs import connection_size
from schema.info import ContextInfo
from schema.project import PROJECT_SCOPE, Project
from schema.saved import ProjectId
from schema.viewer import Viewer


@strawberry.type(description="The queries.")
class Query:
    @authenticated_field(description="The API key in use, its owner and its scopes.")
    def viewer(self, info: ContextInfo) -> Viewer:
        return Viewer.from_caller(require_caller(info.context))

    @guarded_field(
        scopes=[PROJECT_SCOPE],
        description="A project. Returns the error NOT_FOUND, never null, if the key has no access to it.",
    )
    async def project(
        self,
        info: ContextInfo,
        id: Annotated[strawberry.ID, strawberry.argument(description="The project's id.")],
    ) -> Project:
        return Project.from_reached(await load_project(info.context, id))

    @guarded_field(
        directives=connection_size(),
        scopes=[PROJECT_SCOPE],
        description="All projects the key has access to, ordered by id.",
    )
    async def projects(self, info: ContextInfo, first: First = 50, after: After = None) -> Connection[Project]:
        position = read_id_cursor("project", after)
        page = await list_projects(info.context, first=first, after=position)
        nodes = [(reached.record.id, Project.from_reached(reached)) for reached in page.projects]
        return Connection[Project].of("project", nodes, total=page.total, has_next=page.has_next, after=position)

    @guarded_field(
        scopes=[READ_ACCESS_SCOPE],
        description="The access rules of an object or, without resourceId, of a whole kind of resource or, "
        "without resource, of all whole kinds. For keys that manage access and read nothing else.",
    )
    async def access_policy(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        resource: Annotated[
            AccessControlledResource | None, strawberry.argument(description="The kind of resource.")
        ] = None,
        resource_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="The id of the object; not needed for PROJECT.")
        ] = None,
    ) -> AccessPolicy:
        project = await info.context.reach(project_id)
        kind = None if resource is None else resource.resource
        return AccessPolicy.from_view(await open_policy(info.context, project, kind, resource_id))
