"""Questions about the rules themselves, answered by the product's policy over the stored rules."""

from dataclasses import replace

from datasource.metadata.records import AccessLevel
from permissions.policy import Controlled, Policy, Source, SubjectKind
from permissions.reach import list_reached_projects
from permissions.resources import PROJECT, Resource, find_resource
from tests.conformance.access.cases import CURRENT_PROJECT, About, Ask, Question
from tests.conformance.access.expectations import plain_value
from tests.conformance.access.world import Placed, World, as_controlled
from tests.conformance.fields import CaseError

MOST_PROJECTS = 500


async def check_question(world: World, question: Question) -> list[str]:
    """Return what does not hold, in words."""
    expected = plain_value(question.expected)
    if question.ask in (Ask.FILTER_LIST, Ask.BLOCKED_IDS):
        found: object = sorted(await _refs(world, question, expected))
        expected = sorted(map(str, expected)) if isinstance(expected, list) else expected
    else:
        found = await _answer(world, question)
    return [] if found == expected else [f"{question.ask} is {found!r}, not {expected!r}"]


async def _answer(world: World, question: Question) -> object:
    about = question.about
    placed = None if about.object is None else world.object(about.object)
    resource = resource_of(about, placed)
    policy = await world.policy(about.actor, placed.project if placed else world.project)
    if resource is None:
        return _without_resource(question)
    if placed is not None and question.ask is not Ask.HAS_ANY_SPECIFIC_ACCESS:
        return _about_object(policy, resource, placed, question)
    return _about_resource(policy, resource, question)


def resource_of(about: About, placed: Placed | None) -> Resource | None:
    """None if the resource has no access control."""
    name = about.resource or (placed.resource if placed else None)
    return None if name is None else find_resource(name)


def _without_resource(question: Question) -> object:
    # The product cannot be asked: an unregistered resource has no policy.
    match question.ask:
        case Ask.CHECK | Ask.EXPLICIT_ACCESS_LEVEL_IS_NULL:
            return True
        case Ask.HAS_ANY_SPECIFIC_ACCESS | Ask.CAN_MODIFY_ACCESS_LEVELS:
            return False
        case _:
            return None


def _about_object(policy: Policy, resource: Resource, placed: Placed, question: Question) -> object:
    target = as_controlled(placed, resource)
    match question.ask:
        case Ask.USER_ACCESS_LEVEL:
            return policy.object_access(target).level
        case Ask.SPECIFIC_ACCESS_LEVEL:
            return _specific_level(policy, target)
        case Ask.EXPLICIT_ACCESS_LEVEL_IS_NULL:
            return policy.explicit_access(target).level is None
        case Ask.CAN_MODIFY_ACCESS_LEVELS:
            return policy.can_modify(target)
        case Ask.ACCESS_SOURCE:
            return policy.access_source(target)
        case Ask.CHECK if question.required_level is not None:
            return resource.reaches(policy.object_access(target).level, question.required_level)
        case _:
            return _about_resource(policy, resource, question)


def _specific_level(policy: Policy, target: Controlled) -> AccessLevel | None:
    """Return the level that a rule for the object gives, or that the member has without rules."""
    access = policy.object_access(target)
    if access.rule is None:
        return None if access.source is Source.SYSTEM_DEFAULT and policy.features.access_control else access.level
    is_by_name = access.source is Source.OBJECT and access.subject is not SubjectKind.DEFAULT
    return access.level if is_by_name else None


def _effective_level(policy: Policy, resource: Resource) -> AccessLevel | None:
    """Return the level on the resource, or at least the read level if the member can open one of its objects."""
    level = policy.resource_access(resource).level
    is_opened = not resource.reaches(level, resource.read_level) and policy.passes_gate(
        resource, resource.read_level
    )
    return resource.read_level if is_opened else level


def _about_resource(policy: Policy, resource: Resource, question: Question) -> object:
    required = question.required_level
    match question.ask:
        case Ask.RESOURCE_ACCESS_LEVEL:
            return policy.resource_access(resource).level
        case Ask.EFFECTIVE_RESOURCE_ACCESS_LEVEL:
            return _effective_level(policy, resource)
        case Ask.CHECK if required is not None:
            return resource.reaches(policy.resource_access(resource).level, required)
        case Ask.HAS_ANY_SPECIFIC_ACCESS if required is not None:
            return policy.has_specific_access(resource, required)
        case _:
            raise CaseError(f"{question.about.where}: {question.ask} is not about a resource")


async def _refs(world: World, question: Question, expected: object) -> set[str]:
    name = question.about.resource
    resource = None if name is None else find_resource(name)
    objects = {ref: placed for ref, placed in world.placed.items() if placed.resource == name}
    if resource is PROJECT:
        found = await _projects(world, question)
        # The current project is not an object in the case, and some cases leave it out.
        mentioned = isinstance(expected, list) and CURRENT_PROJECT in expected
        return found if mentioned else found - {CURRENT_PROJECT}
    if resource is None:
        return set() if question.ask is Ask.BLOCKED_IDS else set(objects)
    policy = await world.policy(question.about.actor, world.project)
    if question.ask is Ask.BLOCKED_IDS:
        return {ref for ref, placed in objects.items() if placed.id in _blocked(policy, resource)}
    return {
        ref
        for ref, placed in objects.items()
        if _shows(policy, resource, placed, question.includes_all_for_admins)
    }


def _shows(policy: Policy, resource: Resource, placed: Placed, includes_all: bool) -> bool:
    # The step says what lists show to admins, not the resource.
    asked = replace(resource, admins_list_all=False)
    shown = policy.list_filter(asked, includes_all_for_admins=includes_all)
    return shown.shows(placed.id, placed.created_by)


def _blocked(policy: Policy, resource: Resource) -> frozenset[str]:
    return policy.list_filter(resource, includes_all_for_admins=True).hidden


async def _projects(world: World, question: Question) -> set[str]:
    """Return the projects that a list shows or, for `blocked_ids`, those that rules block."""
    actor = question.about.actor
    policies = {ref: await world.policy(actor, project) for ref, project in world.projects.items()}
    if question.ask is Ask.BLOCKED_IDS:
        return {ref for ref, policy in policies.items() if policy.project.id in _blocked(policy, PROJECT)}
    if question.includes_all_for_admins or not policies[CURRENT_PROJECT].principal.is_admin:
        page = await list_reached_projects(world.store, await world.caller(actor), first=MOST_PROJECTS, after=None)
        reached = {each.record.id for each in page.projects}
        return {ref for ref, project in world.projects.items() if project.id in reached}
    # No list of the gateway hides a project from an admin; the filter alone does.
    return {ref for ref, policy in policies.items() if _shows(policy, PROJECT, world.object(ref), False)}
