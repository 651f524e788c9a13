"""Whether the caller may perform an action, and why: runs the checks of a request, but returns their outcome."""

from dataclasses import dataclass
from enum import StrEnum

from datasource.metadata.records import AccessLevel
from errors import BadUserInput, GatewayError, Name
from permissions.enforce import READ, WRITE, check_gate, check_may_modify, check_object, require_caller
from permissions.policy import Access, Source, SubjectKind
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT, PROJECT, Resource
from permissions.scopes import missing_scopes
from resolvers.access import locate_target
from resolvers.context import RequestContext

EDIT_ACCESS_SCOPE = "access_control:write"


class ResourceAction(StrEnum):
    """An action on a resource."""

    READ = "read"
    QUERY = "query"
    CREATE = "create"
    WRITE = "write"
    EDIT_ACCESS = "edit_access"


@dataclass(frozen=True, slots=True)
class AccessExplanation:
    """Whether an action is allowed, and why. `access` is the level, None if the scopes decided."""

    allowed: bool
    reason: str
    missing_scope: str | None = None
    missing_level: str | None = None
    access: Access | None = None


async def explain_access(
    context: RequestContext,
    project_id: str,
    action: ResourceAction,
    resource: Resource,
    object_id: str | None,
) -> AccessExplanation:
    """Explain whether such a request would be allowed now. A missing project or object counts as not allowed.

    Raises BadUserInput for an action that the resource does not have.
    """
    _check_action(action, resource, object_id)
    scope = _scope(action, resource)
    if missing_scopes(require_caller(context).scopes, [scope]):
        return AccessExplanation(False, f"The API key lacks the scope {scope}.", missing_scope=scope)
    try:
        project = await context.reach(project_id)
    except GatewayError as error:
        return AccessExplanation(False, error.message)
    whole = project.policy.object_access(project.policy.project)
    access = whole if resource is PROJECT else project.policy.resource_access(resource)
    try:
        if action is ResourceAction.EDIT_ACCESS and object_id is None and resource is not PROJECT:
            # The rules of a whole resource belong to the project.
            access = whole
            check_may_modify(project.policy, resource, None)
        elif resource is PROJECT or object_id is None:
            _check_whole(project, action, resource)
        else:
            target = await locate_target(context, project, resource, object_id, to=_verb(action))
            access = project.policy.object_access(target)
            check_object(project.policy, target, _verb(action))
            if action is ResourceAction.EDIT_ACCESS:
                check_may_modify(project.policy, resource, target)
    except GatewayError as error:
        level = error.details.get("missingLevel")
        reason = f"{error.message} {_explain(access, resource)}"
        return AccessExplanation(False, reason, missing_level=None if level is None else str(level), access=access)
    return AccessExplanation(True, _explain(access, resource), access=access)


def _check_action(action: ResourceAction, resource: Resource, object_id: str | None) -> None:
    if action is ResourceAction.QUERY and (resource is not INSIGHT or object_id is not None):
        raise BadUserInput(
            "{query} is for trend queries: give the resource INSIGHT and no {object_id}.",
            query=action,
            object_id=Name("object_id"),
            path=("action",),
        )
    if action is ResourceAction.CREATE and (resource is PROJECT or object_id is not None):
        raise BadUserInput(
            "{create} is for insights, actions and cohorts, without {object_id}.",
            create=action,
            object_id=Name("object_id"),
            path=("action",),
        )


def _check_whole(project: ReachedProject, action: ResourceAction, resource: Resource) -> None:
    strictly = action in (ResourceAction.CREATE, ResourceAction.QUERY)
    if action is ResourceAction.EDIT_ACCESS:
        check_may_modify(project.policy, resource, project.policy.project)
    elif resource is PROJECT:
        check_object(project.policy, project.policy.project, _verb(action))
    else:
        check_gate(project.policy, resource, _verb(action), strictly=strictly)


def _scope(action: ResourceAction, resource: Resource) -> str:
    if action is ResourceAction.EDIT_ACCESS:
        return EDIT_ACCESS_SCOPE
    return f"{resource.name}:{_verb(action)}"


def _verb(action: ResourceAction) -> str:
    return READ if action in (ResourceAction.READ, ResourceAction.QUERY) else WRITE


def _explain(access: Access, resource: Resource) -> str:
    level = "no" if access.level in (None, AccessLevel.NONE) else access.level.value
    match access.source:
        case Source.CREATOR:
            return f"Its creator has {level} access."
        case Source.ORG_ADMIN:
            return f"Organization admins have {level} access."
        case Source.ORG_MEMBERSHIP:
            return f"Members of the organization have {level} access."
        case Source.PROJECT_KEY:
            return f"The project's own key has {level} access."
        case Source.SYSTEM_DEFAULT:
            return f"No rule applies, so everyone has {level} access."
        case Source.OBJECT | Source.RESOURCE | Source.PARENT_RESOURCE:
            return f"A rule of {_about(access, resource)} gives {_whom(access)} {level} access."
    return "Only members of the organization have access."


def _about(access: Access, resource: Resource) -> str:
    if access.source is Source.OBJECT:
        return f"this {resource.label}"
    return f"all {resource.ruling.labels}"


def _whom(access: Access) -> str:
    if access.subject is SubjectKind.MEMBER:
        return "you"
    return "one of your roles" if access.subject is SubjectKind.ROLE else "everyone"
