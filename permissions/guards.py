"""Guarded fields: one declaration makes both the check and what the SDL says about it."""

from collections.abc import Callable, Sequence
from typing import Any, TypedDict, TypeVar, Unpack, overload

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission, PermissionExtension
from strawberry.types.base import StrawberryObjectDefinition, get_object_definition

from permissions.classes import Gate, IsAuthenticated, PassesGate, RequiresScopes
from permissions.resources import PROJECT

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
