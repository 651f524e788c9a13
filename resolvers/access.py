"""Who has access to what: how access policies are shown and changed."""

from dataclasses import dataclass
from uuid import UUID

from datasource.metadata.access_controls import RuleKey, find_resource_rules, set_rule
from datasource.metadata.members import email_key, find_members
from datasource.metadata.records import AccessLevel, MemberRecord, RoleRecord, RuleRecord
from errors import BadUserInput, ErrorCode, GatewayError
from permissions.enforce import READ, WRITE, check_gate, check_object, controlled, require_caller
from permissions.levels import OBJECT_LADDER, Ladder
from permissions.policy import Access, AccessSource, Controlled, Policy, Principal, applicable_rules
from permissions.reach import ReachedProject, reread_project
from permissions.resources import PROJECT, Resource, check_level
from resolvers.context import RequestContext
from resolvers.ids import read_id
from resolvers.saved import not_found


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The rules about something, and what there is to know for changing them.

    `target` is the object, None where the rules are about whole resources. `inherited` is what would be left for
    everyone without the object's own rule for everyone, None where there is nothing to inherit from.
    """

    project: ReachedProject
    target: Controlled | None
    rules: tuple[RuleRecord, ...]
    ladder: Ladder
    default: AccessLevel
    minimum: AccessLevel
    maximum: AccessLevel
    level: AccessLevel
    can_edit: bool
    inherited: Access | None


@dataclass(frozen=True, slots=True)
class PersonAccess:
    """A member who has access to an object."""

    member: MemberRecord
    level: AccessLevel
    source: AccessSource


async def find_target(
    context: RequestContext, project: ReachedProject, resource: Resource, object_id: str, *, to: str
) -> Controlled:
    """The object of that id, which the caller may read or change. Raises FORBIDDEN, and NOT_FOUND.

    To change the rules of a project it takes more than its level, and for less: see `check_may_modify`.
    """
    target = await locate_target(context, project, resource, object_id, to=to)
    if resource is not PROJECT:
        check_object(project.policy, target, to)
    return target


async def locate_target(
    context: RequestContext, project: ReachedProject, resource: Resource, object_id: str, *, to: str
) -> Controlled:
    """The object of that id behind the gate, whether the caller may use it or not."""
    if resource is PROJECT:
        return _project_target(project, object_id)
    check_gate(project.policy, resource, to)
    number = read_id(object_id)
    if number is None or resource.find is None:
        raise not_found(resource)
    key = (project.record.id, number)
    record = (await resource.find(context.store, [key])).get(key)
    if record is None:
        raise not_found(resource)
    return controlled(resource, record)


async def object_policy(context: RequestContext, project: ReachedProject, target: Controlled) -> PolicyView:
    """The rules about an object, of all subjects. The caller must have been found to read the object."""
    rules = await _load_rules(context, project, (target.resource.name, target.id))
    resource, policy = target.resource, project.policy
    return PolicyView(
        project=project,
        target=target,
        rules=rules,
        ladder=resource.ladder,
        default=resource.default,
        minimum=resource.minimum,
        maximum=resource.maximum,
        level=policy.object_access(target).level or AccessLevel.NONE,
        can_edit=policy.can_modify(target),
        inherited=None if resource is PROJECT else policy.everyone_access(resource),
    )


async def resource_policy(
    context: RequestContext, project: ReachedProject, resource: Resource | None
) -> PolicyView:
    """The rules about a whole resource, without one those about every resource, where levels are the widest."""
    policy = project.policy
    if resource is None:
        rules = await find_resource_rules(context.store, project.record.id)
        level = policy.object_access(policy.project).level
    else:
        rules = await _load_rules(context, project, (resource.name, None))
        level = policy.resource_access(resource).level
    return PolicyView(
        project=project,
        target=None,
        rules=rules,
        ladder=resource.ladder if resource else OBJECT_LADDER,
        default=resource.default if resource else AccessLevel.EDITOR,
        minimum=resource.minimum if resource else AccessLevel.NONE,
        maximum=resource.maximum if resource else AccessLevel.MANAGER,
        level=level or AccessLevel.NONE,
        can_edit=policy.can_modify(policy.project),
        inherited=None,
    )


async def open_policy(
    context: RequestContext, project: ReachedProject, resource: Resource | None, object_id: str | None
) -> PolicyView:
    """The policy of an object, of a whole resource, or of all. Raises as `find_target` does."""
    if resource is PROJECT:
        object_id = object_id or str(project.record.id)
    if resource is not None and object_id is not None:
        target = await find_target(context, project, resource, object_id, to=READ)
        return await object_policy(context, project, target)
    if object_id is not None:
        raise BadUserInput("resourceId needs resource to say what it is the id of.", path=("resourceId",))
    return await resource_policy(context, project, resource)


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
    """Give a level or, with None, take the rule away; the policy as it is then, also for who lost their access.

    Raises BadUserInput with the input's path, FORBIDDEN for who may not change it, NOT_FOUND without the object.
    """
    if resource is PROJECT:
        resource_id = resource_id or str(project.record.id)
    target = None if resource_id is None else await find_target(context, project, resource, resource_id, to=WRITE)
    if level is not None:
        check_level(resource, level)
    member = None if member_id is None else _check_id(member_id, "memberId", "member")
    if member is not None and role_id is not None:
        raise BadUserInput("Give memberId or roleId, not both.", path=("roleId",))
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


async def list_people_with_access(
    context: RequestContext, project: ReachedProject, target: Controlled
) -> list[PersonAccess]:
    """The active members who reach the project and have a level on the object, the highest first."""
    record = project.record
    rules = await _load_rules(
        context,
        project,
        *{(PROJECT.name, str(record.id)), (target.resource.name, target.id)},
        (target.resource.ruling.name, None),
    )
    roles = await context.loaders.membership_roles.load(record.organization_id)
    members = await context.loaders.organization_members.load(record.organization_id)
    found = []
    for member in members:
        membership = member.membership_in(record.organization_id)
        if membership is None:
            continue
        policy = Policy(
            Principal(user_id=member.id, level=membership.level),
            record.id,
            applicable_rules(rules, membership.id, roles.get(membership.id, frozenset())),
            membership.features,
        )
        level, source = policy.object_access(target).level, policy.access_source(target)
        if level not in (None, AccessLevel.NONE) and source is not None and policy.can_reach_project():
            found.append(PersonAccess(member, level, source))
    ladder = target.resource.ladder
    return sorted(found, key=lambda person: (-ladder.index(person.level), email_key(person.member.email)))


async def _load_rules(
    context: RequestContext, project: ReachedProject, *about: tuple[str, str | None]
) -> tuple[RuleRecord, ...]:
    keys = [(project.record.id, resource, object_id) for resource, object_id in about]
    return tuple(rule for rules in await context.loaders.rules.load_many(keys) for rule in rules or ())


def _project_target(project: ReachedProject, object_id: str) -> Controlled:
    if object_id != str(project.record.id):
        raise GatewayError(
            ErrorCode.FORBIDDEN,
            f"The resource id {object_id} names a different project.",
            hint="For PROJECT leave resourceId out: projectId says which project it is.",
        )
    return project.policy.project


def check_may_modify(policy: Policy, resource: Resource, target: Controlled | None) -> None:
    """Raises FORBIDDEN for who may not change the rules about an object or, without one, the whole resource."""
    if policy.can_modify(target or policy.project):
        return
    if target is None:
        message = f"You must be organization admin to modify the permissions of all {resource.labels}."
    else:
        message = f"You must be {resource.ladder[-1].value} to modify {resource.label} permissions."
    raise GatewayError(
        ErrorCode.FORBIDDEN,
        message,
        hint="Organization admins, explicit admins of the project and who made the object may change them.",
        details={"resource": resource.name.upper(), "missingLevel": resource.ladder[-1].name},
    )


def _check_id(text: str, key: str, what: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise BadUserInput(
            f"{key} is not the id of a {what}.", path=(key,), hint=f"The field Project.{what}s lists them."
        ) from None


async def _find_membership(context: RequestContext, project: ReachedProject, member_id: str) -> str:
    member = (await find_members(context.store, [member_id])).get(member_id)
    membership = member.membership_in(project.record.organization_id) if member else None
    if membership is None:
        raise BadUserInput(
            "There is no such member in the same organization as the project.",
            path=("memberId",),
            hint="The field Project.members lists them.",
        )
    return membership.id


async def _find_role(context: RequestContext, project: ReachedProject, role_id: str) -> RoleRecord:
    if not project.policy.features.role_based_access:
        raise GatewayError(
            ErrorCode.FORBIDDEN,
            "Role-based access is switched off in this organization.",
            hint="Give access to members, or have roles switched on.",
        )
    role = await context.loaders.roles.load(_check_id(role_id, "roleId", "role"))
    if role is None or role.organization_id != project.record.organization_id:
        raise BadUserInput(
            "There is no such role in the same organization as the project.",
            path=("roleId",),
            hint="The field Project.roles lists them.",
        )
    return role


async def _policy_after(
    context: RequestContext, project: ReachedProject, resource: Resource, target: Controlled | None
) -> PolicyView:
    context.loaders.projects.clear(project.record.id)
    context.loaders.rules.clear_all()
    # Who lowered their own access may not even see the project any more; what it is now is answered all the same.
    changed = await reread_project(context.store, require_caller(context), project)
    if target is None:
        return await resource_policy(context, changed, resource)
    return await object_policy(context, changed, target)
