"""The mutation that changes access rules."""

from typing import Annotated

import strawberry

from datasource.metadata.records import AccessLevel
from errors import BadUserInput, Name
from permissions.guarded_field import guarded_field
from resolvers.set_access import set_access
from schema.access import AccessPolicy
from schema.access_enums import AccessControlledResource
from schema.info import ContextInfo
from schema.saved import under_input

WRITE_SCOPE = "access_control:write"


@strawberry.input(name="AccessControlSetInput", description="The access rule to set or remove.")
class AccessControlSetInput:
    project_id: strawberry.ID = strawberry.field(description="The project.")
    resource: AccessControlledResource = strawberry.field(description="The kind of resource.")
    resource_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The id of the object; null for the whole kind or, for PROJECT, the project itself.",
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="The id of a member. Give memberId, roleId, or neither for everyone."
    )
    role_id: strawberry.ID | None = strawberry.field(default=None, description="The id of a role.")
    access_level: strawberry.Maybe[AccessLevel | None] = strawberry.field(
        description="The level to set; null removes the rule. Required."
    )


@strawberry.type
class AccessMutations:
    @guarded_field(
        scopes=[WRITE_SCOPE],
        description="Set one access rule or, with accessLevel: null, remove it. Returns the resulting policy. "
        "Allowed for organization admins, explicit admins of the project and, for an object that the caller may "
        "change, its creator and explicit managers.",
    )
    async def access_control_set(
        self,
        info: ContextInfo,
        input: Annotated[AccessControlSetInput, strawberry.argument(description="The access rule.")],
    ) -> AccessPolicy:
        project = await info.context.reach(input.project_id)
        with under_input():
            if input.access_level is None:
                raise BadUserInput(
                    "{access_level} is required.",
                    access_level=Name("access_level"),
                    path=("access_level",),
                    hint="To remove the rule, send null.",
                )
            view = await set_access(
                info.context,
                project,
                input.resource.resource,
                resource_id=input.resource_id,
                member_id=input.member_id,
                role_id=input.role_id,
                level=input.access_level.value,
            )
        return AccessPolicy.from_view(view)
