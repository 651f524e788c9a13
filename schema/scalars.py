"""Scalars of our own, and how their values are read from clients."""

from datetime import datetime
from math import isfinite
from typing import Any, NewType

import strawberry
from graphql import (
    EnumValueNode,
    GraphQLError,
    ListValueNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)
from strawberry.types.scalar import ScalarDefinition

from resolvers.trends.query import FilterValue, Scalar

PropertyValue = NewType("PropertyValue", object)
"""A `FilterValue` once it was read; Strawberry needs one name for what GraphQL has no union for."""

_INTEGERS = range(-(2**63), 2**64)


def read_property_value(value: object) -> FilterValue:
    """A text, number, boolean, or list of these as a tuple; raises GraphQLError for anything else."""
    if isinstance(value, list | tuple):
        return tuple(_read_scalar(item) for item in value)
    return _read_scalar(value)


def read_property_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> FilterValue:
    """The same for a value within the document. Without `variables`, those in a list are left out, unchecked."""
    try:
        if not isinstance(node, ListValueNode):
            return _read_scalar(_literal(node, variables))
        known = (item for item in node.values if variables is not None or not isinstance(item, VariableNode))
        return tuple(_read_scalar(_literal(item, variables)) for item in known)
    except GraphQLError as refusal:
        raise GraphQLError(refusal.message, node) from refusal


def _literal(node: ValueNode, variables: dict[str, Any] | None) -> object:
    if isinstance(node, EnumValueNode):
        raise GraphQLError(f'PropertyValue takes no enum value: texts have quotes, "{node.value}".')
    return value_from_ast_untyped(node, variables)


def _read_scalar(value: object) -> Scalar:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int) and value in _INTEGERS:
        return value
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, int | float):
        raise GraphQLError("PropertyValue takes integers of 64 bits and finite numbers.")
    if value is None:
        raise GraphQLError(
            "A list of property values cannot hold null: IS_SET and IS_NOT_SET ask for missing values."
        )
    raise GraphQLError("PropertyValue takes a text, a number, a boolean, or a list of these.")


def write_property_value(value: object) -> object:
    """What JSON has for it."""
    return list(value) if isinstance(value, tuple) else value


def write_date_time(value: datetime) -> str:
    """ISO 8601 with the offset."""
    if value.tzinfo is None:
        raise ValueError("an instant without an offset reached the schema")
    return value.isoformat()


SCALARS: dict[object, ScalarDefinition] = {
    PropertyValue: strawberry.scalar(
        name="PropertyValue",
        description="A text, a number, a boolean, or a list of these.",
        serialize=write_property_value,
        parse_value=read_property_value,
        parse_literal=read_property_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="A point in time: ISO 8601 with its offset from UTC, such as 2013-01-01T00:00:00-05:00.",
        serialize=write_date_time,
        parse_value=datetime.fromisoformat,
    ),
}
