"""The custom scalars, and how their values are parsed and serialized."""

from datetime import datetime
from math import isfinite
from typing import Any, NewType

import strawberry
from graphql import (
    EnumValueNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    ValueNode,
    VariableNode,
    value_from_ast_untyped,
)
from strawberry.types.scalar import ScalarDefinition

from resolvers.trends.query import FilterValue, Scalar

PropertyValue = NewType("PropertyValue", object)
"""A `FilterValue` after parsing; GraphQL has no union of scalars, so Strawberry needs a name for it."""

_INTEGERS = range(-(2**63), 2**64)
_LONGEST_INTEGER = 20


def read_property_value(value: object) -> FilterValue:
    """Parse a value, a list into a tuple; raises GraphQLError for an unsupported type."""
    if isinstance(value, list | tuple):
        return tuple(_read_scalar(item) for item in value)
    return _read_scalar(value)


def read_property_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> FilterValue:
    """Parse a literal in the document. Without `variables`, variables in a list are skipped unchecked."""
    try:
        if not isinstance(node, ListValueNode):
            return _read_scalar(_literal(node, variables))
        known = (item for item in node.values if variables is not None or not isinstance(item, VariableNode))
        return tuple(_read_scalar(_literal(item, variables)) for item in known)
    except GraphQLError as error:
        raise GraphQLError(error.message, node) from error


def _literal(node: ValueNode, variables: dict[str, Any] | None) -> object:
    if isinstance(node, EnumValueNode):
        raise GraphQLError(f'PropertyValue does not accept enum values; put strings in quotes: "{node.value}".')
    if isinstance(node, IntValueNode):
        return read_integer(node.value)
    return value_from_ast_untyped(node, variables)


def read_integer(digits: str) -> int | str:
    """Read a whole number; one beyond 64 bits stays text, which is how properties with such values are stored."""
    # The length comes first: reading a very long number takes quadratic time.
    if len(digits.removeprefix("-")) <= _LONGEST_INTEGER and (number := int(digits)) in _INTEGERS:
        return number
    return digits


def _read_scalar(value: object) -> Scalar:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return value if value in _INTEGERS else str(value)
    if isinstance(value, float) and isfinite(value):
        return value
    if isinstance(value, float):
        raise GraphQLError("Numbers in a PropertyValue must be finite.")
    if value is None:
        raise GraphQLError(
            "A list of property values cannot contain null: use IS_SET or IS_NOT_SET for missing values."
        )
    raise GraphQLError("PropertyValue accepts a string, number or boolean, or a list of these.")


def write_property_value(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def write_date_time(value: datetime) -> str:
    if value.tzinfo is None:
        raise ValueError("an instant without an offset reached the schema")
    return value.isoformat()


SCALARS: dict[object, ScalarDefinition] = {
    PropertyValue: strawberry.scalar(
        name="PropertyValue",
        description="A string, number or boolean, or a list of these.",
        serialize=write_property_value,
        parse_value=read_property_value,
        parse_literal=read_property_literal,
    ),
    datetime: strawberry.scalar(
        name="DateTime",
        description="An instant in ISO 8601 with an offset from UTC, such as 2013-01-01T00:00:00-05:00.",
        serialize=write_date_time,
        parse_value=datetime.fromisoformat,
    ),
}
