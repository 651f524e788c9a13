"""Strawberry permission classes. Fields get them through `guarded_field` and `authenticated_field`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import strawberry
from strawberry.permission import BasePermission

from datasource.metadata.records import AccessLevel
from permissions.enforce import (
    READ,
    WRITE,
    CallerContext,
    check_gate,
    require_caller,
    require_scopes,
    required_level,
)
from permissions.reach import ReachedProject
from permissions.resources import Resource
from permissions.scopes import known_scopes


class ReachContext(CallerContext, Protocol):
    """A context that also finds the projects the caller can reach."""

    async def reach(self, project_id: str) -> ReachedProject: ...


class IsAuthenticated(BasePermission):
    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_caller(info.context)
        return True


class RequiresScopes(BasePermission):
    """The API key has all of the scopes."""

    def __init__(self, *scopes: str) -> None:
        # A mistake in a declaration must stop the start, not open or lock a field.
        if not scopes or not {*scopes} <= {*known_scopes()}:
            raise ValueError(f"a guarded field needs known scopes, not {list(scopes)}")
        self.scopes = scopes

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_scopes(info.context, *self.scopes)
        return True


@dataclass(frozen=True, slots=True)
class Gate:
    """The access that a field needs to a kind of resource: write access if one of its scopes is a write scope.

    `strictly`: the level is needed on the whole resource. Otherwise a level on any one object is enough here, and
    each object is checked when it is loaded.
    """

    resource: Resource
    strictly: bool = False


class PassesGate(BasePermission):
    """The caller's level on the resource is high enough, in the project that the field is about."""

    def __init__(self, gate: Gate, scopes: Sequence[str]) -> None:
        self.gate = gate
        self.action = WRITE if any(scope.endswith(f":{WRITE}") for scope in scopes) else READ

    @property
    def level(self) -> AccessLevel:
        return required_level(self.gate.resource, self.action)

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        project = await find_project(source, info.context, kwargs)
        check_gate(project.policy, self.gate.resource, self.action, strictly=self.gate.strictly)
        return True


async def find_project(source: object, context: ReachContext, arguments: Mapping[str, Any]) -> ReachedProject:
    """Return the project that a field is about: its parent's project, or the one its arguments name.

    Raises what `ReachContext.reach` raises.
    """
    reached = getattr(source, "reached", None)
    if isinstance(reached, ReachedProject):
        return reached
    project_id = arguments.get("project_id", getattr(arguments.get("input"), "project_id", None))
    if project_id is None:
        raise TypeError("a field with a gate needs a project: its parent's, or one that its arguments name")
    return await context.reach(str(project_id))
