"""Reads trend queries that were stored as JSON, possibly under an older version of the schema."""

from collections.abc import Mapping

from graphql import GraphQLError, GraphQLInputObjectType, GraphQLNonNull
from graphql.utilities import coerce_input_value, validate_input_value
from strawberry.schema import BaseSchema, Schema
from strawberry.types.arguments import convert_argument

from errors import BadUserInput
from schema.info import ContextInfo
from schema.trend_input import TrendQueryInput


def read_stored_query(info: ContextInfo, stored: Mapping[str, object]) -> TrendQueryInput:
    """Read stored JSON as if it were the value of a variable. Raises BadUserInput below ("query",)."""
    return read_query(info.schema, stored)


def read_query(schema: BaseSchema, stored: Mapping[str, object]) -> TrendQueryInput:
    """Do the same outside of a resolver."""
    if not isinstance(schema, Schema):
        raise TypeError("the schema is not a Strawberry schema")
    graphql_type = schema._schema.get_type("TrendQueryInput")
    if not isinstance(graphql_type, GraphQLInputObjectType):
        raise TypeError("the schema has no input TrendQueryInput")
    validate_input_value(stored, GraphQLNonNull(graphql_type), _reject)
    query = convert_argument(
        coerce_input_value(stored, graphql_type),
        TrendQueryInput,
        schema.schema_converter.scalar_registry,
        schema.config,
    )
    if not isinstance(query, TrendQueryInput):
        raise TypeError("the stored query is not a TrendQueryInput")
    return query


def _reject(error: GraphQLError, path: list[str | int]) -> None:
    raise BadUserInput("{message}", message=error.message, path=("query", *path))
