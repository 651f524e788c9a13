"""The cost of an argument's value, which routers add up in the same way."""

from graphql import GraphQLArgument, GraphQLInputField, GraphQLInputObjectType, GraphQLNamedType, get_named_type

from schema.field_costs import read_input_cost


def score_input(given: object, definition: GraphQLArgument | GraphQLInputField) -> int:
    """Add up the cost of a raw value: an object costs 1 unless declared otherwise, any other value nothing.

    A declared cost counts for each item of a list, and once more for the list.
    """
    return _score(given, read_input_cost(definition), get_named_type(definition.type))


def _score(given: object, declared: int | None, type_: GraphQLNamedType) -> int:
    if given is None:
        return 0
    if isinstance(given, list):
        # Values that are neither objects nor lists cost the same, and there may be very many of them.
        nested = [each for each in given if isinstance(each, dict | list)]
        plain = len(given) - len(nested) - given.count(None)
        return (declared or 0) * (1 + plain) + sum(_score(each, declared, type_) for each in nested)
    if not isinstance(given, dict) or not isinstance(type_, GraphQLInputObjectType):
        return declared or 0
    inner = ((each, type_.fields.get(name)) for name, each in given.items())
    cost = 1 if declared is None else declared
    return cost + sum(score_input(each, field) for each, field in inner if field is not None)
