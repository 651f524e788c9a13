from math import inf, nan
from typing import Any

import pytest
import strawberry
from graphql import GraphQLFloat, GraphQLInt, GraphQLNonNull, GraphQLOutputType, GraphQLString
from strawberry.types import ExecutionResult

from schema.extensions.executor import LeafListExecutor, is_complete


@strawberry.type
class Query:
    @strawberry.field
    def numbers(self, info: strawberry.Info) -> list[float | None]:
        numbers: list[float | None] = info.context
        return numbers

    @strawberry.field
    def strings(self, info: strawberry.Info) -> list[str]:
        strings: list[str] = info.context
        return strings


STRAWBERRY = strawberry.Schema(query=Query)
GATEWAY = strawberry.Schema(query=Query, execution_context_class=LeafListExecutor)


def run(schema: strawberry.Schema, field: str, items: Any) -> ExecutionResult:
    result = schema.execute_sync(f"{{ {field} }}", context_value=items)
    assert isinstance(result, ExecutionResult)
    return result


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("numbers", []),
        ("numbers", [0.0, -1.5, 1e300]),
        ("numbers", [1, 2.5]),
        ("numbers", [True, 2.5]),
        ("numbers", [1.5, None]),
        ("numbers", ["1.5"]),
        ("numbers", ["text"]),
        ("numbers", [1.5, nan]),
        ("numbers", [inf, -inf]),
        ("numbers", [1e308, 1e308]),
        ("numbers", (1.5, 2.5)),
        ("numbers", 5),
        ("strings", ["a", ""]),
        ("strings", ["a", 1]),
        ("strings", ["a", None]),
    ],
)
def test_list_is_completed_as_item_by_item(field: str, items: Any) -> None:
    expected, actual = run(STRAWBERRY, field, items), run(GATEWAY, field, items)
    assert actual.data == expected.data
    assert list(map(str, actual.errors or ())) == list(map(str, expected.errors or ()))
    if expected.data:
        assert list(map(type, actual.data[field])) == list(map(type, expected.data[field]))  # type: ignore[index]  # equal to expected, so not None


@pytest.mark.parametrize(
    ("item_type", "items", "expected"),
    [
        (GraphQLFloat, [1.5], True),
        (GraphQLNonNull(GraphQLFloat), [1.5, 2.5], True),
        (GraphQLFloat, [1], False),
        (GraphQLFloat, [nan], False),
        (GraphQLFloat, [inf], False),
        (GraphQLFloat, [None, 1.5], True),
        (GraphQLFloat, [None, nan], False),
        (GraphQLNonNull(GraphQLFloat), [None, 1.5], False),
        (GraphQLFloat, (1.5,), False),
        (GraphQLNonNull(GraphQLString), ["a"], True),
        (GraphQLString, [None, "a"], True),
        (GraphQLNonNull(GraphQLString), [None], False),
        (GraphQLInt, [1], False),
    ],
)
def test_list_is_complete_only_when_no_item_would_change(
    item_type: GraphQLOutputType, items: Any, expected: bool
) -> None:
    assert is_complete(item_type, items) is expected
