"""A shorter way for lists of figures, of which the answer of a trend is mostly made."""

from collections.abc import Iterable
from math import isfinite
from types import NoneType
from typing import Any

from graphql import GraphQLFloat, GraphQLNonNull, GraphQLOutputType, GraphQLString
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext


class LeafListExecutor(StrawberryGraphQLCoreExecutionContext):
    """Takes over a list of leaf values that need no conversion as a whole instead of item by item.

    Must not be used with @stream, which delivers a list in parts.
    """

    def complete_iterable_value(  # noqa: PLR0917 - graphql-core's signature
        self, item_type: GraphQLOutputType, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> Any:
        """See graphql-core's executor."""
        if is_finished(item_type, items):
            return items
        return super().complete_iterable_value(item_type, details, info, path, items, context)


def is_finished(item_type: GraphQLOutputType, items: Iterable[object]) -> bool:
    """Whether the list is what the ordinary way would make of it, item by item."""
    if type(items) is not list:
        return False
    leaf = item_type.of_type if isinstance(item_type, GraphQLNonNull) else item_type
    missing = set() if isinstance(item_type, GraphQLNonNull) else {NoneType}
    kinds = set(map(type, items)) - missing
    if leaf is GraphQLString:
        return kinds <= {str}
    if leaf is GraphQLFloat:
        # One NaN or infinity among the items makes the sum one.
        return kinds <= {float} and isfinite(sum(item for item in items if item is not None))
    return False
