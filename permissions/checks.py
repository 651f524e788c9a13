"""The two checks of a request: the gate in front of a kind of resource, and the object behind it."""

from collections.abc import Sequence

from datasource.metadata.records import AccessLevel, SavedRecord
from errors import ErrorCode, GatewayError
from permissions.policy import Controlled, Policy
from permissions.resources import PROJECT, Resource
from permissions.scopes import ACTIONS

READ, WRITE = ACTIONS


def required_level(resource: Resource, action: str) -> AccessLevel:
    """What reading ("read") or changing ("write") a resource takes."""
    return resource.write_level if action == WRITE else resource.read_level


def check_gate(policy: Policy, resource: Resource, action: str, *, strictly: bool = False) -> None:
    """Raises FORBIDDEN for who has the level neither on the resource nor, unless `strictly`, on any object of it.

    Who is let through may still be refused each single object.
    """
    if resource is PROJECT:
        check_object(policy, policy.project, action)
        return
    required = required_level(resource, action)
    if not policy.passes_gate(resource, required, strictly=strictly):
        raise _refusal(resource, required, policy.resource_access(resource).level, resource.labels)


def check_object(policy: Policy, target: Controlled, action: str, *, path: Sequence[str | int] = ()) -> None:
    """Raises FORBIDDEN for who does not have the level on the object; `path` is the input that names it."""
    required = required_level(target.resource, action)
    access = policy.object_access(target)
    if not target.resource.reaches(access.level, required):
        what = f"the {target.resource.label} {target.id}"
        raise _refusal(target.resource, required, access.level, what, path=path)


def controlled(resource: Resource, record: SavedRecord) -> Controlled:
    """What is saved, as an object whose access is controlled."""
    return Controlled(resource, str(record.id), record.created_by)


def _refusal(
    resource: Resource,
    required: AccessLevel,
    level: AccessLevel | None,
    what: str,
    *,
    path: Sequence[str | int] = (),
) -> GatewayError:
    has = level or AccessLevel.NONE
    return GatewayError(
        ErrorCode.FORBIDDEN,
        f"This needs {required.value} access to {what}; yours is {has.value}.",
        hint="The field viewer.can tells what decides your access. Who may edit access can give you more.",
        details={
            "resource": resource.name.upper(),
            "missingLevel": required.name,
            "level": has.name,
        },
        path=path,
    )
