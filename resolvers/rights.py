"""What the caller may do, and why: the checks of a request are made as ever, and explained instead of raised."""

from dataclasses import dataclass
from enum import StrEnum

from datasource.metadata.records import AccessLevel
from errors import BadUserInput, GatewayError
from permissions.enforce import READ, WRITE, check_gate, check_object, require_caller
from permissions.policy import Access, Source, SubjectKind
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT, PROJECT, Resource
from permissions.scopes import missing_scopes
from resolvers.access import check_may_modify, locate_target
from resolvers.context import RequestContext

EDIT_ACCESS_SCOPE = "access_control:write"


class ResourceAction(StrEnum):
    """What somebody wants to do with a resource."""

    READ = "read"
    QUERY = "query"
    CREATE = "create"
    WRITE = "write"
    EDIT_ACCESS = "edit_access"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it is allowed, and why. `access` is what levels say, None where the scopes decided before them."""

    allowed: bool
    reason: str
    missing_scope: str | None = None
    missing_level: str | None = None
    access: Access | None = None


async def explain_rights(
    context: RequestContext,
    project_id: str,
    action: ResourceAction,
    resource: Resource,
    object_id: str | None,
) -> Verdict:
    """What would become of such a request now. A project or an object that is not there is no error but a no.

    Raises BadUserInput for what cannot be done to a resource at all.
    """
    _check_sense(action, resource, object_id)
    scope = _scope(action, resource)
    if missing_scopes(require_caller(context).scopes, [scope]):
        return Verdict(False, f"The API key lacks the scope {scope}.", missing_scope=scope)
    try:
        project = await context.reach(project_id)
    except GatewayError as refusal:
        return Verdict(False, refusal.message)
    whole = project.policy.object_access(project.policy.project)
    access = whole if resource is PROJECT else project.policy.resource_access(resource)
    try:
        if action is ResourceAction.EDIT_ACCESS and object_id is None and resource is not PROJECT:
            # Rules about a whole resource are the project's.
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
    except GatewayError as refusal:
        level = refusal.details.get("missingLevel")
        reason = f"{refusal.message} {_explain(access, resource)}"
        return Verdict(False, reason, missing_level=None if level is None else str(level), access=access)
    return Verdict(True, _explain(access, resource), access=access)


def _check_sense(action: ResourceAction, resource: Resource, object_id: str | None) -> None:
    if action is ResourceAction.QUERY and (resource is not INSIGHT or object_id is not None):
        raise BadUserInput("QUERY is about trends in general: resource INSIGHT, no objectId.", path=("action",))
    if action is ResourceAction.CREATE and (resource is PROJECT or object_id is not None):
        raise BadUserInput(
            "CREATE is about insights, actions or cohorts in general: no objectId.", path=("action",)
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
            return f"Who made it has {level} access."
        case Source.ORG_ADMIN:
            return f"Organization admins have {level} access."
        case Source.ORG_MEMBERSHIP:
            return f"Members of the organization have {level} access."
        case Source.PROJECT_KEY:
            return f"A key of the project itself has {level} access."
        case Source.SYSTEM_DEFAULT:
            return f"No access control says otherwise, so everyone has {level} access."
        case Source.OBJECT | Source.RESOURCE | Source.PARENT_RESOURCE:
            return f"An access control of {_about(access, resource)} gives {_whom(access)} {level} access."
    return "Only members of the organization have access."


def _about(access: Access, resource: Resource) -> str:
    if access.source is Source.OBJECT:
        return f"this {resource.label}"
    return f"all {resource.ruling.labels}"


def _whom(access: Access) -> str:
    if access.subject is SubjectKind.MEMBER:
        return "you"
    return "a role of yours" if access.subject is SubjectKind.ROLE else "everyone"
