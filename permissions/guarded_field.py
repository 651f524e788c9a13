"""`guarded_field` and `authenticated_field`: Strawberry fields that enforce the directives printed in the SDL."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, TypeVar, Unpack, overload

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types.base import get_object_definition

from permissions.permission_classes import Gate, IsAuthenticated, PassesGate, RequiresScopes
from permissions.resources import PROJECT

Resolver = TypeVar("Resolver", bound=Callable[..., Any])


class FieldOptions(TypedDict, total=False):
    """Further options of `strawberry.federation.field`."""

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
    """Declare a field for callers whose key has all of the scopes and who pass the gate, if there is one.

    The SDL gets `@requiresScopes` with the same scopes, and the description a sentence with the level.
    """
    permissions: list[BasePermission] = [RequiresScopes(*scopes)]
    if gate is not None:
        passes = PassesGate(gate, scopes)
        permissions.append(passes)
        if description := options.get("description"):
            options["description"] = f"{description} Needs {passes.level.value} access{_to_what(gate)}."
    field = strawberry.federation.field(requires_scopes=[list(scopes)], **_with_guard(options, *permissions))
    return field(resolver) if resolver else field


@overload
def authenticated_field(**options: Unpack[FieldOptions]) -> Callable[[Resolver], Resolver]: ...
@overload
def authenticated_field(*, resolver: Callable[..., Any], **options: Unpack[FieldOptions]) -> Any: ...
def authenticated_field(*, resolver: Callable[..., Any] | None = None, **options: Unpack[FieldOptions]) -> Any:
    """Declare a field for any known caller, whatever the key's scopes; the SDL gets `@authenticated`."""
    field = strawberry.federation.field(authenticated=True, **_with_guard(options, IsAuthenticated()))
    return field(resolver) if resolver else field


def unguarded_fields(*types: type) -> tuple[str, ...]:
    """Return the fields, as "Type.field", that anyone may read: root types should have none."""
    return tuple(
        f"{definition.name}.{field.python_name}"
        for definition in (get_object_definition(each, strict=True) for each in types)
        for field in definition.fields
        if not any(_is_guard(extension) for extension in field.extensions)
    )


def _with_guard(options: FieldOptions, *permissions: BasePermission) -> FieldOptions:
    guard = PermissionExtension(list(permissions), use_directives=False)
    # Extensions run from the last to the first, so nothing runs before the guard.
    return {**options, "extensions": [*options.get("extensions", ()), guard]}


def _to_what(gate: Gate) -> str:
    if gate.resource is PROJECT:
        return " to the project"
    return f" to {gate.resource.labels} in general" if gate.strictly else f" to {gate.resource.labels}"


def _is_guard(extension: FieldExtension) -> bool:
    return isinstance(extension, PermissionExtension) and any(
        isinstance(permission, IsAuthenticated | RequiresScopes) for permission in extension.permissions
    )
