"""The access declarations of the schema's fields."""

from dataclasses import dataclass
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType
from strawberry.permission import PermissionExtension
from strawberry.schema.schema_converter import GraphQLCoreConverter

from permissions.permission_classes import Gate, IsAuthenticated, PassesGate, RequiresScopes
from schema.build import build_schema
from settings import Settings


@dataclass(frozen=True)
class Declaration:
    """The guards of a field; without any, it is open to every caller who gets its parent."""

    scopes: tuple[str, ...]
    gate: Gate | None
    is_authenticated: bool

    @property
    def is_guarded(self) -> bool:
        return self.is_authenticated or bool(self.scopes)


def object_declarations() -> dict[str, Declaration]:
    """Return the declarations of all fields of object types by "Type.field"."""
    return _declarations(GraphQLObjectType)


def interface_declarations() -> dict[str, Declaration]:
    return _declarations(GraphQLInterfaceType)


def _declarations(kind: type[GraphQLObjectType | GraphQLInterfaceType]) -> dict[str, Declaration]:
    types = build_schema(Settings())._schema.type_map.values()
    return {
        f"{each.name}.{name}": _declaration(field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF))
        for each in types
        if isinstance(each, kind) and not each.name.startswith("__")
        for name, field in each.fields.items()
    }


def _declaration(field: Any) -> Declaration:
    guards = [each for each in getattr(field, "extensions", ()) if isinstance(each, PermissionExtension)]
    permissions = [each for guard in guards for each in guard.permissions]
    return Declaration(
        scopes=tuple(s for each in permissions if isinstance(each, RequiresScopes) for s in each.scopes),
        gate=next((each.gate for each in permissions if isinstance(each, PassesGate)), None),
        is_authenticated=any(isinstance(each, IsAuthenticated) for each in permissions),
    )
