"""Checks that raise: the caller, the scopes of the API key, the gate of a resource, and a single object."""

from collections.abc import Sequence
from typing import Protocol

from datasource.metadata.records import AccessLevel, SavedRecord
from errors import ErrorCode, GatewayError, Message, Place
from permissions.api_keys import SEND_HINT
from permissions.caller import Caller
from permissions.policy import Controlled, Policy
from permissions.resources import PROJECT, Resource
from permissions.scopes import ACTIONS, missing_scopes, scopes_meeting

READ, WRITE = ACTIONS


class CallerContext(Protocol):
    """What a check reads from `info.context`: the caller, or the reason why there is none."""

    @property
    def caller(self) -> Caller | None: ...
    @property
    def authentication_error(self) -> GatewayError | None: ...


def require_caller(context: CallerContext) -> Caller:
    """Return the caller. Raises UNAUTHENTICATED with the reason found when the request came in."""
    # A context of another type, or an empty one, is a request without a caller: nothing is open by accident.
    caller = getattr(context, "caller", None)
    if isinstance(caller, Caller):
        return caller
    error = getattr(context, "authentication_error", None)
    if isinstance(error, GatewayError):
        raise error
    raise GatewayError(ErrorCode.UNAUTHENTICATED, "No API key was sent.", hint=SEND_HINT)


def require_scopes(context: CallerContext, *scopes: str) -> Caller:
    """Return the caller if the key has all of the scopes; for code outside a guarded field, such as entities."""
    caller = require_caller(context)
    missing = missing_scopes(caller.scopes, scopes)
    if missing:
        raise GatewayError(
            ErrorCode.FORBIDDEN,
            "The API key lacks the scope {missing}.",
            hint="Add one of these scopes to the key: {scopes}.",
            missing=" and the scope ".join(missing),
            scopes=scopes_meeting(missing[0]),
            details={"missingScope": missing[0], "missingScopes": list(missing)},
        )
    return caller


def required_level(resource: Resource, action: str) -> AccessLevel:
    """Return the level needed to read (READ) or to change (WRITE) a resource."""
    return resource.write_level if action == WRITE else resource.read_level


def check_gate(policy: Policy, resource: Resource, action: str, *, strictly: bool = False) -> None:
    """Raise FORBIDDEN unless the caller has the level on the resource or, if not `strictly`, on any object of it.

    Passing the gate does not open an object: each is still checked when it is loaded.
    """
    if resource is PROJECT:
        check_object(policy, policy.project, action)
        return
    required = required_level(resource, action)
    if not policy.passes_gate(resource, required, strictly=strictly):
        raise _forbidden(resource, required, policy.resource_access(resource).level, resource.labels)


def check_object(policy: Policy, target: Controlled, action: str, *, path: Sequence[str | int] = ()) -> None:
    """Raise FORBIDDEN unless the caller has the level on the object; `path` is the input that names it."""
    required = required_level(target.resource, action)
    access = policy.object_access(target)
    if not target.resource.reaches(access.level, required):
        what = f"the {target.resource.label} {target.id}"
        raise _forbidden(target.resource, required, access.level, what, path=path)


def check_may_modify(policy: Policy, resource: Resource, target: Controlled | None) -> None:
    """Raise FORBIDDEN unless the caller may change the rules of an object or, without one, the whole resource."""
    if policy.can_modify(target or policy.project):
        return
    if target is None:
        message = Message(
            "You must be an organization admin to modify the permissions of all {resources}.",
            {"resources": resource.labels},
        )
    else:
        message = Message(
            "You must be {level} to modify {resource} permissions.",
            {"level": resource.ladder[-1].value, "resource": resource.label},
        )
    raise GatewayError(
        ErrorCode.FORBIDDEN,
        message,
        hint="Organization admins, explicit admins of the project and the creator of the object may change them.",
        details={"resource": resource.name.upper(), "missingLevel": resource.ladder[-1].name},
    )


def controlled(resource: Resource, record: SavedRecord) -> Controlled:
    """Return a saved record as an object whose access is controlled."""
    return Controlled(resource, str(record.id), record.created_by)


def _forbidden(
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
        "This requires {required} access to {what}; you have {level}.",
        required=required,
        what=what,
        level=has,
        hint=Place.ACCESS_EXPLANATION,
        details={
            "resource": resource.name.upper(),
            "missingLevel": required.name,
            "level": has.name,
        },
        path=path,
    )
