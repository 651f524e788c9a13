"""Limits on the variables of a request, checked before they are coerced, which takes long."""

from collections.abc import Iterator

from strawberry.extensions import SchemaExtension

from errors import ErrorCode, LimitExceeded
from schema.extensions.keyless import explain, is_keyless


class VariablesLimit(SchemaExtension):
    """Rejects variables with too many objects or values."""

    def __init__(self, *, max_objects: int, max_values: int, keyless_divisor: int) -> None:
        self._max_objects = max_objects
        self._max_values = max_values
        self._keyless_divisor = keyless_divisor

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        divisor = self._keyless_divisor if is_keyless(context) else 1
        objects, values = count_values(self.execution_context.variables)
        if objects > self._max_objects // divisor:
            error = LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The variables contain {actual:,} objects; the limit is {limit:,}.",
                limit=self._max_objects // divisor,
                actual=objects,
                unit="objects",
                hint="Combine filters on one property into one filter with a list of values.",
            )
            raise explain(error, context)
        if values > self._max_values // divisor:
            error = LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The variables contain {actual:,} values; the limit is {limit:,}.",
                limit=self._max_values // divisor,
                actual=values,
                unit="values",
                hint="Send shorter lists.",
            )
            raise explain(error, context)
        yield


def count_values(document: object) -> tuple[int, int]:
    """Count the objects in a JSON document, itself included, and all values that are not objects."""
    objects = values = 0
    pending = [document]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            objects += 1
            pending.extend(item.values())
        else:
            values += 1
            if isinstance(item, list):
                pending.extend(item)
    return objects, values
