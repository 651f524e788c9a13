"""Completion of lists: those of numbers and strings at once, long ones of objects in slices of time."""

from collections.abc import Iterable
from math import isfinite
from types import NoneType
from typing import Any, Final

from graphql import (
    GraphQLFloat,
    GraphQLNonNull,
    GraphQLOutputType,
    GraphQLString,
    get_named_type,
    is_composite_type,
)
from graphql.pyutils import gather_with_cancel
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from resolvers.worker import in_slices

_SHORT: Final = 50


class LeafListExecutor(StrawberryGraphQLCoreExecutionContext):
    """Completes a list of leaf values at once instead of item by item if no item would change.

    Must not be used with @stream, which delivers a list in parts.
    """

    def complete_iterable_value(  # noqa: PLR0917 - graphql-core's signature
        self, item_type: GraphQLOutputType, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> Any:
        if is_complete(item_type, items):
            return items
        if self._is_long(item_type, items):
            return self._complete_in_slices(item_type, details, info, path, items, context)
        return super().complete_iterable_value(item_type, details, info, path, items, context)

    def _is_long(self, item_type: GraphQLOutputType, items: Any) -> bool:
        if type(items) is not list or len(items) <= _SHORT or not is_composite_type(get_named_type(item_type)):
            return False
        return not any(map(self.is_awaitable, items))

    async def _complete_in_slices(  # noqa: PLR0917 - graphql-core's signature
        self, item_type: GraphQLOutputType, details: Any, info: Any, path: Any, items: Any, context: Any
    ) -> list[Any]:
        """Complete the items one by one, and let other requests have their turn in between."""
        completed: list[Any] = []
        awaitable: list[int] = []
        try:
            async for index, item in in_slices(enumerate(items)):
                at = path.add_key(index, None)
                if self.complete_list_item_value(item, completed, item_type, details, info, at, context):
                    awaitable.append(index)
        except BaseException:
            if awaitable:
                self.settle_in_background([completed[index] for index in awaitable])
            raise
        results = await gather_with_cancel(*(completed[index] for index in awaitable)) if awaitable else ()
        for index, result in zip(awaitable, results, strict=True):
            completed[index] = result
        return completed


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
