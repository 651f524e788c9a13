"""Access and API key cases without an equivalent in the gateway, recognized by their content."""

from collections.abc import Iterator

from datasource.metadata.records import OrganizationLevel
from permissions.resources import ORGANIZATION, PROJECT
from permissions.scopes import known_scopes
from tests.conformance.access.cases import (
    AccessCase,
    Action,
    Change,
    GetRules,
    OtherRules,
    Request,
    SetRule,
    Step,
    UseObjects,
    is_project,
)
from tests.conformance.access.key_cases import OWN_HASHES, PERSONAL_KEY, USER, KeyRequest

OTHER_RULES = "access: it uses rules that PostHog has announced, which are not in force there either"
NO_SUCH_ADDRESS = (
    "access: rules about whole resources have no address but their project's, and the caller may do what the body "
    "asks for"
)
READ_ELSEWHERE = "access: rules about whole resources have no address but their project's, so none to read them at"
TWO_TARGETS = (
    "access: its body names an object where its address is about whole resources; in GraphQL resource and "
    "resourceId are one input, which says what the rule is about"
)
NO_PROJECT_FIELDS = "access: projects are created and deleted on the command line alone"
NO_ORGANIZATION_FIELDS = "access: organizations have no fields of their own"
PROJECT_CREATOR = "access: projects have no creator"
HEADER_ONLY = "access: keys are taken from the Authorization header alone: bodies and addresses end up in logs"
PROJECT_NEEDED = "access: every field about what is in a project names the project"
INTERNAL_SCOPES = "access: a field cannot declare a scope that no key can be given: the server would not start"
OTHER_HASHES = "access: keys are hashed with SHA-256 alone, so that no older hash exists in the store"
CURRENT_PROJECT = "access: a key has no current project: every field about what is in a project names the project"
USER_IS_READ_ONLY = "access: people are managed on the command line alone"


def why_access(case: AccessCase) -> str | None:
    """Return why the case is not run, or None."""
    return next(_reasons(case), None)


def _reasons(case: AccessCase) -> Iterator[str]:
    levels = {member.ref: member.level for member in case.organization.members}
    created = {each.ref for each in case.objects if each.resource == PROJECT.name and each.created_by is not None}
    for step in case.steps:
        if isinstance(step, Change):
            levels |= step.levels
        elif isinstance(step, OtherRules):
            yield OTHER_RULES
        elif isinstance(step, Request) and step.about.object in created:
            yield PROJECT_CREATOR
        elif reason := _reason(step, levels.get(getattr(step, "about").actor)):  # noqa: B009 - changes have none
            yield reason


def _reason(step: Step, level: OrganizationLevel | None) -> str | None:
    match step:
        case SetRule(rule=rule) if not step.endpoint.is_of_object:
            if is_project(step.about.resource):
                is_contradiction = rule.resource_id is not None and not is_project(rule.resource)
                return TWO_TARGETS if is_contradiction else None
            return NO_SUCH_ADDRESS if level is not None and level >= OrganizationLevel.ADMIN else None
        case GetRules() if not step.endpoint.is_of_object and not is_project(step.about.resource):
            return READ_ELSEWHERE
        case UseObjects(action=Action.CREATE | Action.DESTROY) if is_project(step.about.resource):
            return NO_PROJECT_FIELDS
        case UseObjects() if step.about.resource == ORGANIZATION.name:
            return NO_ORGANIZATION_FIELDS
        case _:
            return None


def why_key(request: KeyRequest) -> str | None:
    """Return why an API key case is not run, or None. The resources must be registered."""
    if request.mode not in (None, OWN_HASHES):
        return OTHER_HASHES
    if request.project == "@current" and request.current == "none":
        return CURRENT_PROJECT
    if request.is_unmapped:
        return None
    if request.scopes is not None and not set(request.scopes) <= set(known_scopes()):
        return INTERNAL_SCOPES
    if request.via in ("body", "query") and request.expected.is_success:
        return HEADER_ONLY
    if request.resource == ORGANIZATION.name or request.is_of_organization:
        return NO_ORGANIZATION_FIELDS
    if request.resource == USER:
        return None if request.action == "retrieve" else USER_IS_READ_ONLY
    if request.resource == PROJECT.name:
        return NO_PROJECT_FIELDS if request.action in (Action.CREATE, Action.DESTROY) else None
    is_inside = request.resource != PERSONAL_KEY
    return PROJECT_NEEDED if is_inside and request.project == "none" else None
