"""Limits on the variables of a request, checked before they are coerced, which takes long."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from strawberry.extensions import SchemaExtension

from errors import ErrorCode, LimitExceeded
from schema.extensions.keyless import explain, is_keyless

MAX_NESTING: Final = 100
"""Levels of lists and objects: costing and coercion take some frames of Python's stack for each."""


class VariablesLimit(SchemaExtension):
    """Rejects variables with too many objects or values, or too many levels of them."""

    def __init__(self, *, max_objects: int, max_values: int, keyless_divisor: int) -> None:
        self._max_objects = max_objects
        self._max_values = max_values
        self._keyless_divisor = keyless_divisor

    def on_operation(self) -> Iterator[None]:
        context = self.execution_context.context
        divisor = self._keyless_divisor if is_keyless(context) else 1
        size = measure_values(self.execution_context.variables)
        if size.levels > MAX_NESTING:
            error = LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "Lists and objects in the variables are nested more than {limit:,} levels deep.",
                limit=MAX_NESTING,
                actual=None,
                unit="levels",
                hint="Merge nested filter groups that have the same operator.",
            )
            raise explain(error, context)
        if size.objects > self._max_objects // divisor:
            error = LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The variables contain {actual:,} objects; the limit is {limit:,}.",
                limit=self._max_objects // divisor,
                actual=size.objects,
                unit="objects",
                hint="Combine filters on one property into one filter with a list of values.",
            )
            raise explain(error, context)
        if size.values > self._max_values // divisor:
            error = LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The variables contain {actual:,} values; the limit is {limit:,}.",
                limit=self._max_values // divisor,
                actual=size.values,
                unit="values",
                hint="Send shorter lists.",
            )
            raise explain(error, context)
        yield


@dataclass(frozen=True, slots=True)
class DocumentSize:
    """A JSON document: its objects, itself included, all other values, and its levels of lists and objects."""

    objects: int
    values: int
    levels: int


def measure_values(document: object) -> DocumentSize:
    """Measure a JSON document, down to a level below the deepest one that is allowed."""
    objects = values = levels = 0
    items = [document]
    while items:
        below: list[object] = []
        containers = 0
        for item in items:
            if isinstance(item, dict):
                objects += 1
                containers += 1
                below.extend(item.values())
            else:
                values += 1
                if isinstance(item, list):
                    containers += 1
                    below.extend(item)
        levels += containers > 0
        if levels > MAX_NESTING:
            break
        items = below
    return DocumentSize(objects, values, levels)
