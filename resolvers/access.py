"""Access policies: the rules of objects and resources, and who has access."""

from dataclasses import dataclass

from datasource.metadata.access_controls import find_resource_rules
from datasource.metadata.members import email_key
from datasource.metadata.records import AccessLevel, MemberRecord, RuleRecord
from errors import BadUserInput, ErrorCode, GatewayError, Name
from permissions.enforce import READ, check_gate, check_object, controlled
from permissions.levels import OBJECT_LADDER, Ladder
from permissions.policy import Access, AccessSource, Controlled, Policy, Principal, applicable_rules
from permissions.reach import ReachedProject
from permissions.resources import PROJECT, Resource
from resolvers.context import RequestContext
from resolvers.ids import read_id
from resolvers.saved import not_found


@dataclass(frozen=True, slots=True)
class PolicyView:
    """The rules of an object or a whole resource, with what a form for editing them needs.

    `target` is the object, None for whole resources. `inherited` is the level everyone would have if the object
    had no rule for everyone, None if there is nothing to inherit from.
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
class MemberAccess:
    """A member with access to an object."""

    member: MemberRecord
    level: AccessLevel
    source: AccessSource


async def find_target(
    context: RequestContext, project: ReachedProject, resource: Resource, object_id: str, *, to: str
) -> Controlled:
    """Return the object with that id, which the caller may read or change. Raises FORBIDDEN and NOT_FOUND.

    For a project no level is checked: who may change its rules is decided by `check_may_modify`.
    """
    target = await locate_target(context, project, resource, object_id, to=to)
    if resource is not PROJECT:
        check_object(project.policy, target, to)
    return target


async def locate_target(
    context: RequestContext, project: ReachedProject, resource: Resource, object_id: str, *, to: str
) -> Controlled:
    """Return the object with that id if the caller passes the gate, without checking the object itself."""
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
    """Return the rules of an object, for all subjects. The caller must be allowed to read the object."""
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
    """Return the rules of a whole resource or, without one, of all resources."""
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
    """Return the policy of an object, a whole resource, or all resources. Raises what `find_target` raises."""
    if resource is PROJECT:
        object_id = object_id or str(project.record.id)
    if resource is not None and object_id is not None:
        target = await find_target(context, project, resource, object_id, to=READ)
        return await object_policy(context, project, target)
    if object_id is not None:
        raise BadUserInput(
            "{resource_id} requires {resource}.",
            resource_id=Name("resource_id"),
            resource=Name("resource"),
            path=("resource_id",),
        )
    return await resource_policy(context, project, resource)


async def list_users_with_access(
    context: RequestContext, project: ReachedProject, target: Controlled
) -> list[MemberAccess]:
    """List the active members who can reach the project and have a level on the object, highest level first."""
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
            found.append(MemberAccess(member, level, source))
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
            "{resource_id} {value} is a different project than {project_id}.",
            resource_id=Name("resource_id"),
            value=object_id,
            project_id=Name("project_id"),
            hint="Omit {resource_id}: {project_id} already names the project.",
        )
    return project.policy.project
