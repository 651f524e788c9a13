"""Permission classes for the schema, and the same checks for places that are no fields."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypedDict, TypeVar, Unpack, overload

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition

from datasource.metadata.records import AccessLevel
from errors import ErrorCode, GatewayError
from permissions.api_keys import SEND_HINT
from permissions.caller import Caller
from permissions.checks import READ, WRITE, check_gate, required_level
from permissions.reach import ReachedProject
from permissions.resources import PROJECT, Resource
from permissions.scopes import known_scopes, missing_scopes, scopes_meeting


class CallerContext(Protocol):
    """What a permission reads from `info.context`: a caller, or why there is none."""

    @property
    def caller(self) -> Caller | None: ...
    @property
    def authentication_error(self) -> GatewayError | None: ...


class ReachingContext(CallerContext, Protocol):
    """The same, and how it finds projects."""

    async def reach(self, project_id: str) -> ReachedProject: ...


def require_caller(context: CallerContext) -> Caller:
    """Raises UNAUTHENTICATED, with the reason found when the request came in, if there is no caller."""
    # A context of another kind, or one that was never filled, is a request without a caller: nothing is open.
    caller = getattr(context, "caller", None)
    if isinstance(caller, Caller):
        return caller
    error = getattr(context, "authentication_error", None)
    if isinstance(error, GatewayError):
        raise error
    raise GatewayError(ErrorCode.UNAUTHENTICATED, "No API key was sent.", hint=SEND_HINT)


def require_scopes(context: CallerContext, *scopes: str) -> Caller:
    """The same check for what is no guarded field, such as entities a router resolves by reference."""
    caller = require_caller(context)
    missing = missing_scopes(caller.scopes, scopes)
    if missing:
        raise _forbidden(missing)
    return caller


def _forbidden(missing: Sequence[str]) -> GatewayError:
    first = missing[0]
    return GatewayError(
        ErrorCode.FORBIDDEN,
        f"The API key lacks the scope {' and the scope '.join(missing)}.",
        hint=f"Give the key the scope {', or '.join(scopes_meeting(first))}.",
        details={"missingScope": first, "missingScopes": list(missing)},
    )


class IsAuthenticated(BasePermission):
    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_caller(info.context)
        return True


class RequiresScopes(BasePermission):
    """All of the scopes are needed."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = _declared(scopes)

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_scopes(info.context, *self.scopes)
        return True


@dataclass(frozen=True, slots=True)
class Gate:
    """Access that a field needs to a kind of resource: to change it where its scopes are to write, else to read.

    `strictly`: the level is needed on the whole resource; otherwise having it on any one object lets a caller
    through to the objects, each of which is checked when it is loaded.
    """

    resource: Resource
    strictly: bool = False


class PassesGate(BasePermission):
    """The caller's level on the resource is enough, in the project that the field is about."""

    def __init__(self, gate: Gate, scopes: Sequence[str]) -> None:
        self.gate = gate
        self.action = WRITE if any(scope.endswith(f":{WRITE}") for scope in scopes) else READ

    @property
    def level(self) -> AccessLevel:
        """What is needed."""
        return required_level(self.gate.resource, self.action)

    async def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        project = await find_project(source, info.context, kwargs)
        check_gate(project.policy, self.gate.resource, self.action, strictly=self.gate.strictly)
        return True


async def find_project(source: object, context: ReachingContext, arguments: Mapping[str, Any]) -> ReachedProject:
    """The project that a field is about: the one that its parent belongs to, or the one that its arguments name.

    Raises as `ReachingContext.reach` does.
    """
    reached = getattr(source, "reached", None)
    if isinstance(reached, ReachedProject):
        return reached
    named = arguments.get("project_id", getattr(arguments.get("input"), "project_id", None))
    if named is None:
        raise TypeError("a field with a gate is about a project: its parent's or one that its arguments name")
    return await context.reach(str(named))


def _declared(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """A mistake in a declaration must stop the start, not open or lock a field."""
    unknown = [scope for scope in scopes if scope not in known_scopes()]
    if unknown or not scopes:
        raise ValueError(f"a guarded field needs known scopes, not {list(scopes)}")
    return scopes


Resolver = TypeVar("Resolver", bound=Callable[..., Any])


class FieldOptions(TypedDict, total=False):
    """What else a field may declare; see strawberry.federation.field."""

    name: str | None
    description: str | None
    deprecation_reason: str | None
    is_subscription: bool
    graphql_type: Any
    directives: Sequence[object]
    extensions: list[FieldExtension]
    inaccessible: bool
    shareable: bool
    tags: Sequence[str]


@overload
def guarded_field(
    *, scopes: Sequence[str], gate: Gate | None = None, **options: Unpack[FieldOptions]
) -> Callable[[Resolver], Resolver]: ...
@overload
def guarded_field(
    *,
    scopes: Sequence[str],
    gate: Gate | None = None,
    resolver: Callable[..., Any],
    **options: Unpack[FieldOptions],
) -> Any: ...
def guarded_field(
    *,
    scopes: Sequence[str],
    gate: Gate | None = None,
    resolver: Callable[..., Any] | None = None,
    **options: Unpack[FieldOptions],
) -> Any:
    """A field for callers with all of the scopes and, behind a gate, the level that these ask of its resource.

    The SDL gets `@requiresScopes` with the same scopes, the description a sentence with the level.
    """
    permissions: list[BasePermission] = [RequiresScopes(*scopes)]
    if gate is not None:
        passes = PassesGate(gate, scopes)
        permissions.append(passes)
        if description := options.get("description"):
            options["description"] = f"{description} Needs {passes.level.value} access{_to_what(gate)}."
    guard = PermissionExtension(permissions, use_directives=False)
    options["extensions"] = [*options.get("extensions", ()), guard]  # the last one runs first
    field = strawberry.federation.field(requires_scopes=[list(scopes)], **options)
    return field(resolver) if resolver else field


def _to_what(gate: Gate) -> str:
    if gate.resource is PROJECT:
        return " to the project"
    return f" to {gate.resource.labels} in general" if gate.strictly else f" to {gate.resource.labels}"


@overload
def authenticated_field(**options: Unpack[FieldOptions]) -> Callable[[Resolver], Resolver]: ...
@overload
def authenticated_field(*, resolver: Callable[..., Any], **options: Unpack[FieldOptions]) -> Any: ...
def authenticated_field(*, resolver: Callable[..., Any] | None = None, **options: Unpack[FieldOptions]) -> Any:
    """A field that answers any known caller, whatever the key's scopes; the SDL gets `@authenticated`."""
    guard = PermissionExtension([IsAuthenticated()], use_directives=False)
    options["extensions"] = [*options.get("extensions", ()), guard]  # the last one runs first
    field = strawberry.federation.field(authenticated=True, **options)
    return field(resolver) if resolver else field


def unguarded_fields(*types: type) -> tuple[str, ...]:
    """The fields, as "Type.field", that anyone may read: for root types there should be none."""
    return tuple(
        f"{definition.name}.{field.python_name}"
        for definition in map(_definition, types)
        for field in definition.fields
        if not any(_is_guard(extension) for extension in field.extensions)
    )


def _is_guard(extension: FieldExtension) -> bool:
    return isinstance(extension, PermissionExtension) and any(
        isinstance(permission, IsAuthenticated | RequiresScopes) for permission in extension.permissions
    )


def _definition(graphql_type: type) -> StrawberryObjectDefinition:
    return get_object_definition(graphql_type, strict=True)
