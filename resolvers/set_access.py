"""Setting and removing access rules."""

from uuid import UUID

from datasource.metadata.access_controls import RuleKey, set_rule
from datasource.metadata.members import find_members
from datasource.metadata.records import AccessLevel, RoleRecord
from errors import BadUserInput, ErrorCode, GatewayError, Name, Place
from permissions.enforce import WRITE, check_may_modify, require_caller
from permissions.policy import Controlled
from permissions.reach import ReachedProject, reread_project
from permissions.resources import PROJECT, Resource, check_level
from resolvers.access import PolicyView, find_target, object_policy, resource_policy
from resolvers.context import RequestContext

_LISTED_BY = {"member_id": Place.MEMBERS, "role_id": Place.ROLES}


async def set_access(
    context: RequestContext,
    project: ReachedProject,
    resource: Resource,
    *,
    resource_id: str | None,
    member_id: str | None,
    role_id: str | None,
    level: AccessLevel | None,
) -> PolicyView:
    """Set a rule or, with level None, remove it, and return the resulting policy.

    Raises BadUserInput with the input's path, FORBIDDEN for callers who may not change the rules, and NOT_FOUND.
    """
    if resource is PROJECT:
        resource_id = resource_id or str(project.record.id)
    target = None if resource_id is None else await find_target(context, project, resource, resource_id, to=WRITE)
    if level is not None:
        check_level(resource, level)
    member = None if member_id is None else _check_id(member_id, "member_id")
    if member is not None and role_id is not None:
        raise BadUserInput(
            "Give either {member_id} or {role_id}, not both.",
            member_id=Name("member_id"),
            role_id=Name("role_id"),
            path=("role_id",),
        )
    key = RuleKey(
        project_id=project.record.id,
        resource=resource.name,
        resource_id=target.id if target else None,
        role_id=None if role_id is None else (await _find_role(context, project, role_id)).id,
        member_id=None if member is None else await _find_membership(context, project, member),
    )
    check_may_modify(project.policy, resource, target)
    await set_rule(
        context.store,
        key,
        level,
        actor=require_caller(context).actor,
        now=context.now,
        most_objects=context.settings.max_objects_with_rules,
    )
    return await _policy_after(context, project, resource, target)


def _check_id(value: str, name: str) -> str:
    try:
        return str(UUID(value))
    except ValueError:
        raise BadUserInput("Invalid {name}.", name=Name(name), path=(name,), hint=_LISTED_BY[name]) from None


async def _find_membership(context: RequestContext, project: ReachedProject, member_id: str) -> str:
    member = (await find_members(context.store, [member_id])).get(member_id)
    membership = member.membership_in(project.record.organization_id) if member else None
    if membership is None:
        raise BadUserInput(
            "The member must belong to the same organization as the project.",
            path=("member_id",),
            hint=Place.MEMBERS,
        )
    return membership.id


async def _find_role(context: RequestContext, project: ReachedProject, role_id: str) -> RoleRecord:
    if not project.policy.features.role_based_access:
        raise GatewayError(
            ErrorCode.FORBIDDEN,
            "Role-based access is switched off in this organization.",
            hint="Give access to members instead, or ask the operator to switch roles on.",
        )
    role = await context.loaders.roles.load(_check_id(role_id, "role_id"))
    if role is None or role.organization_id != project.record.organization_id:
        raise BadUserInput(
            "The role must belong to the same organization as the project.",
            path=("role_id",),
            hint=Place.ROLES,
        )
    return role


async def _policy_after(
    context: RequestContext, project: ReachedProject, resource: Resource, target: Controlled | None
) -> PolicyView:
    context.loaders.projects.clear(project.record.id)
    context.loaders.rules.clear_all()
    # Callers who lowered their own access may no longer see the project, but still get the result.
    changed = await reread_project(context.store, require_caller(context), project)
    if target is None:
        return await resource_policy(context, changed, resource)
    return await object_policy(context, changed, target)
