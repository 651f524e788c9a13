"""Trend queries as they are stored, JSON of whatever version of the schema, and back again."""

from collections.abc import Mapping

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLNonNull
from graphql.utilities import coerce_input_value, validate_input_value
from strawberry.schema import BaseSchema, Schema
from strawberry.types.arguments import convert_argument

from errors import BadUserInput
from resolvers.trends.query import InputPath
from schema.info import ContextInfo
from schema.trend_input import TrendQueryInput


def read_stored_query(info: ContextInfo, stored: Mapping[str, object]) -> TrendQueryInput:
    """The input that such JSON in a variable is; raises BadUserInput below ("query",) when it is none."""
    return read_query(info.schema, stored)


def read_query(schema: BaseSchema, stored: Mapping[str, object]) -> TrendQueryInput:
    """The same, where no field is being resolved."""
    if not isinstance(schema, Schema):
        raise TypeError("a schema of another kind")
    graphql_type = schema._schema.get_type("TrendQueryInput")
    if not isinstance(graphql_type, GraphQLInputObjectType):
        raise TypeError("the schema has no input TrendQueryInput")
    validate_input_value(stored, GraphQLNonNull(graphql_type), _refuse)
    query = convert_argument(
        coerce_input_value(stored, graphql_type),
        TrendQueryInput,
        schema.schema_converter.scalar_registry,
        schema.config,
    )
    if not isinstance(query, TrendQueryInput):
        raise TypeError("a stored query became something else")
    return query


def _refuse(error: GraphQLError, path: list[str | int]) -> None:
    place: InputPath = ("query", *path)
    raise BadUserInput(error.message, path=place)
