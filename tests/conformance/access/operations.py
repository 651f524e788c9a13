"""PostHog's requests as GraphQL operations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from permissions.resources import ACTION, COHORT, INSIGHT, PROJECT
from tests.conformance.access.cases import Action
from tests.conformance.access.resources import SHELVES
from tests.conformance.access.schema import field_name
from tests.conformance.fields import CaseError

POLICY = """
accessControls {
  resource resourceId accessLevel member { id } role { id } createdBy { id } createdAt updatedAt
}
availableAccessLevels defaultAccessLevel minimumAccessLevel maximumAccessLevel
userAccessLevel userCanEditAccessLevels
inheritedAccess { accessLevel source sourceSubject sourceResource sourceResourceId sourceDisplayName }
"""
PEOPLE = (
    "usersWithAccess(first: 500) { totalCount edges { node { accessLevel accessSource member { id level } } } }"
)
_GET = "query($project: ID!, $resource: AccessControlledResource, $id: ID) { accessPolicy(projectId: $project, "

_OWN = (INSIGHT.name, ACTION.name, COHORT.name)
_CREATED: Mapping[str, Mapping[str, object]] = {
    INSIGHT.name: {"query": {"events": [{}]}},
    ACTION.name: {"steps": []},
    COHORT.name: {"filters": []},
}


@dataclass(frozen=True, slots=True)
class Operation:
    """A document with its variables. `path` leads from the data to the requested value."""

    text: str
    variables: Mapping[str, Any]
    path: tuple[str, ...]


def get_policy(project_id: str, resource: str | None, object_id: str | None, *, shows: str = POLICY) -> Operation:
    """Read the rules about an object or, without one, about all resources."""
    text = f"{_GET}resource: $resource, resourceId: $id) {{ {shows} }} }}"
    variables = {"project": project_id, "resource": resource and resource.upper(), "id": object_id}
    return Operation(text, variables, ("accessPolicy",))


def set_rule(given: Mapping[str, Any]) -> Operation:
    """`given` is an AccessControlSetInput."""
    text = f"mutation($input: AccessControlSetInput!) {{ accessControlSet(input: $input) {{ {POLICY} }} }}"
    return Operation(text, {"input": given}, ("accessControlSet",))


def use(resource: str, action: Action, project_id: str, object_id: str | None) -> Operation:
    """List, open, create, update or delete. Raises CaseError if there is no field for it."""
    if resource == PROJECT.name:
        return _use_project(action, project_id)
    if resource in _OWN:
        return _use_own(resource, action, project_id, object_id)
    if resource in SHELVES:
        return _use_kept(resource, action, project_id, object_id)
    raise CaseError(f"the resource {resource!r} is unknown")


def _use_project(action: Action, project_id: str) -> Operation:
    match action:
        case Action.LIST:
            return Operation("{ projects(first: 500) { edges { node { id } } } }", {}, ("projects",))
        case Action.RETRIEVE:
            return Operation(
                "query($id: ID!) { project(id: $id) { id userAccessLevel } }", {"id": project_id}, ("project",)
            )
        case Action.UPDATE | Action.PARTIAL_UPDATE:
            text = "mutation($input: ProjectUpdateInput!) { projectUpdate(input: $input) { id userAccessLevel } }"
            variables = {"input": {"id": project_id, "weekStartDay": "MONDAY"}}
            return Operation(text, variables, ("projectUpdate",))
        case _:
            raise CaseError(f"no field can {action} a project")


def _use_own(resource: str, action: Action, project_id: str, object_id: str | None) -> Operation:
    name = resource.capitalize()
    match action:
        case Action.LIST:
            shown = f"{resource}s(first: 500) {{ edges {{ node {{ id }} }} }}"
            text = f"query($p: ID!) {{ project(id: $p) {{ {shown} }} }}"
            return Operation(text, {"p": project_id}, ("project", f"{resource}s"))
        case Action.RETRIEVE:
            shown = f"{resource}(id: $id) {{ id userAccessLevel }}"
            text = f"query($p: ID!, $id: ID!) {{ project(id: $p) {{ {shown} }} }}"
            return Operation(text, {"p": project_id, "id": object_id}, ("project", resource))
        case Action.CREATE:
            given = {"projectId": project_id, "name": "new", **_CREATED[resource]}
            return _mutation(f"{resource}Create", f"{name}CreateInput", given)
        case Action.UPDATE | Action.PARTIAL_UPDATE:
            given = {"projectId": project_id, "id": object_id, "name": "changed"}
            return _mutation(f"{resource}Update", f"{name}UpdateInput", given)
        case Action.DESTROY:
            text = f"mutation($p: ID!, $id: ID!) {{ {resource}Delete(projectId: $p, id: $id) }}"
            return Operation(text, {"p": project_id, "id": object_id}, (f"{resource}Delete",))


def _mutation(field: str, input_type: str, given: Mapping[str, object]) -> Operation:
    text = f"mutation($input: {input_type}!) {{ {field}(input: $input) {{ id userAccessLevel }} }}"
    return Operation(text, {"input": given}, (field,))


_VERBS: Mapping[Action, tuple[str, str]] = {
    Action.LIST: ("query", "list"),
    Action.RETRIEVE: ("query", "open"),
    Action.CREATE: ("mutation", "create"),
    Action.UPDATE: ("mutation", "update"),
    Action.PARTIAL_UPDATE: ("mutation", "update"),
    Action.DESTROY: ("mutation", "delete"),
}


def _use_kept(resource: str, action: Action, project_id: str, object_id: str | None) -> Operation:
    kind, verb = _VERBS[action]
    field = field_name(verb, resource)
    if not action.is_about_one:
        return Operation(
            f"{kind}($p: ID!) {{ {field}(projectId: $p) {{ id userAccessLevel }} }}", {"p": project_id}, (field,)
        )
    text = f"{kind}($p: ID!, $id: ID!) {{ {field}(projectId: $p, id: $id) {{ id userAccessLevel }} }}"
    return Operation(text, {"p": project_id, "id": object_id}, (field,))


SUCCESS: Mapping[Action, int] = {Action.CREATE: 201, Action.DESTROY: 204}
"""The status of success, if it is not 200."""
