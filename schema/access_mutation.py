"""How access is changed."""

from typing import Annotated

import strawberry

from datasource.metadata.records import AccessLevel
from errors import BadUserInput
from permissions.guarded_field import guarded_field
from resolvers.access import set_access
from schema.access import AccessPolicy
from schema.access_enums import AccessControlledResource
from schema.info import ContextInfo
from schema.saved import under_input

WRITE_SCOPE = "access_control:write"


@strawberry.input(name="AccessControlSetInput", description="Whom to give which level on what.")
class AccessControlSetInput:
    project_id: strawberry.ID = strawberry.field(description="The project that it belongs to.")
    resource: AccessControlledResource = strawberry.field(description="The kind of resource.")
    resource_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="The object; null: the whole kind of resource within the project, or the project itself.",
    )
    member_id: strawberry.ID | None = strawberry.field(
        default=None, description="A member's id. At most one of memberId and roleId; neither: everyone."
    )
    role_id: strawberry.ID | None = strawberry.field(default=None, description="A role's id.")
    access_level: strawberry.Maybe[AccessLevel | None] = strawberry.field(
        description="The level; null removes the access control. Leaving it out is refused."
    )


@strawberry.type
class AccessMutations:
    """The fields of Mutation that change access."""

    @guarded_field(
        scopes=[WRITE_SCOPE],
        description="Give, change or (accessLevel: null) remove one access control. Answers the resource's policy "
        "after the change. Who made an object, explicit managers of it, explicit admins of the project and "
        "organization admins may do so; the object must be one that they may change.",
    )
    async def access_control_set(
        self,
        info: ContextInfo,
        input: Annotated[AccessControlSetInput, strawberry.argument(description="The access control.")],
    ) -> AccessPolicy:
        project = await info.context.reach(input.project_id)
        with under_input():
            if input.access_level is None:
                raise BadUserInput(
                    "accessLevel is missing.", path=("accessLevel",), hint="null removes the access control."
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
