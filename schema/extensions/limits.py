"""Limits on the size of a request, checked before it is parsed or its variables are coerced."""

from collections.abc import Iterator

from graphql import GraphQLSyntaxError
from strawberry.extensions import SchemaExtension

from errors import ErrorCode, LimitExceeded


class VariablesLimit(SchemaExtension):
    """Rejects variables with too many objects, since coercing them takes long."""

    def __init__(self, *, max_objects: int) -> None:
        self._max_objects = max_objects

    def on_operation(self) -> Iterator[None]:
        count = count_objects(self.execution_context.variables)
        if count > self._max_objects:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The variables contain {actual:,} objects; the limit is {limit:,}.",
                limit=self._max_objects,
                actual=count,
                unit="objects",
                hint="Combine filters on one property into one filter with a list of values.",
            )
        yield


def count_objects(document: object) -> int:
    """Count the objects in a JSON document, itself included."""
    count = 0
    pending = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            count += 1
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return count


class TokensLimit(SchemaExtension):
    """Stops parsing a document that is too long, with the error code of the other limits."""

    def __init__(self, *, max_tokens: int) -> None:
        self._max_tokens = max_tokens

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._max_tokens
        try:
            yield
        except GraphQLSyntaxError as error:  # raised by the cache of parsed documents
            if f"more than {self._max_tokens} tokens" not in error.message:
                raise
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The document has more than {limit:,} tokens.",
                limit=self._max_tokens,
                actual=None,
                unit="tokens",
                hint="Split it into several requests, and pass values as variables.",
            ) from error
