"""Arguments as the client sent them, before coercion: for input that is stored and returned unchanged."""

from collections.abc import Mapping
from typing import Any

from graphql import OperationDefinitionNode, Undefined, value_from_ast_untyped

from schema.info import ContextInfo
from schema.scalars import read_integer


def raw_argument(info: ContextInfo, name: str) -> Any:
    """Return an argument of the field as JSON: variables replaced, enum values by name, no defaults."""
    raw = info._raw_info
    # If a field occurs several times, validation has made sure that the arguments are equal.
    argument = next(item for item in raw.field_nodes[0].arguments or () if item.name.value == name)
    variables = _with_defaults(info.context.raw_variables, raw.operation)
    return _without_missing(value_from_ast_untyped(argument.value, variables))


def _with_defaults(sent: Mapping[str, Any], operation: OperationDefinitionNode) -> dict[str, Any]:
    defaults = {
        definition.variable.name.value: value_from_ast_untyped(definition.default_value)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }
    return {**defaults, **sent}


def _without_missing(value: Any) -> Any:
    """Omit the fields of variables that were not sent; in a list, such a variable means null.

    A whole number beyond 64 bits becomes text, as in a property value: responses cannot contain it.
    """
    if isinstance(value, dict):
        return {key: _without_missing(item) for key, item in value.items() if item is not Undefined}
    if isinstance(value, list):
        return [None if item is Undefined else _without_missing(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return read_integer(str(value))
    return value
