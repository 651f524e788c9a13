"""Faster completion of lists of numbers and strings, which make up most of a trend."""

from collections.abc import Iterable
from math import isfinite
from types import NoneType
from typing import Any

from graphql import GraphQLFloat, GraphQLNonNull, GraphQLOutputType, GraphQLString
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class LeafListExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes a list of leaf values at once instead of item by item if no item would change.

    Must not be used with @stream, which delivers a list in parts.
    """

    def complete_iterable_value(  # noqa: PLR0917 - graphql-core's signature
        self, item_type: GraphQLOutputType, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> Any:
        if is_complete(item_type, items):
            return items
        return super().complete_iterable_value(item_type, details, info, path, items, context)


def is_complete(item_type: GraphQLOutputType, items: Iterable[object]) -> bool:
    """Whether completing the list item by item would return it unchanged."""
    if type(items) is not list:
        return False
    leaf = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
    nullable = set() if isinstance(item_type, GraphQLNonNull) else {NoneType}
    types = set(map(type, items)) - nullable
    if leaf is GraphQLString:
        return types <= {str}
    if leaf is GraphQLFloat:
        # A single NaN or infinity makes the sum one.
        return types <= {float} and isfinite(sum(item for item in items if item is not None))
    return False
