from math import inf, nan
from typing import Any

import pytest
import strawberry
from graphql import GraphQLFloat, GraphQLInt, GraphQLNonNull, GraphQLOutputType, GraphQLString
from strawberry.types import ExecutionResult

from schema.extensions.executor import LeafListExecutor, is_finished


@strawberry.type
class Query:
    @strawberry.field
    def figures(self, info: strawberry.Info) -> list[float | None]:
        figures: list[float | None] = info.context
        return figures

    @strawberry.field
    def texts(self, info: strawberry.Info) -> list[str]:
        texts: list[str] = info.context
        return texts


PLAIN = strawberry.Schema(query=Query)
SHORT = strawberry.Schema(query=Query, execution_context_class=LeafListExecutor)


def run(schema: strawberry.Schema, field: str, items: Any) -> ExecutionResult:
    result = schema.execute_sync(f"{{ {field} }}", context_value=items)
    assert isinstance(result, ExecutionResult)
    return result


@pytest.mark.parametrize(
    ("field", "items"),
    [
        ("figures", []),
        ("figures", [0.0, -1.5, 1e300]),
        ("figures", [1, 2.5]),
        ("figures", [True, 2.5]),
        ("figures", [1.5, None]),
        ("figures", ["1.5"]),
        ("figures", ["text"]),
        ("figures", [1.5, nan]),
        ("figures", [inf, -inf]),
        ("figures", [1e308, 1e308]),
        ("figures", (1.5, 2.5)),
        ("figures", 5),
        ("texts", ["a", ""]),
        ("texts", ["a", 1]),
        ("texts", ["a", None]),
    ],
)
def test_list_is_completed_as_the_ordinary_way_would(field: str, items: Any) -> None:
    expected, actual = run(PLAIN, field, items), run(SHORT, field, items)
    assert actual.data == expected.data
    assert list(map(str, actual.errors or ())) == list(map(str, expected.errors or ()))
    if expected.data:
        assert list(map(type, actual.data[field])) == list(map(type, expected.data[field]))  # type: ignore[index]  # equal to expected, so not None


@pytest.mark.parametrize(
    ("item_type", "items", "finished"),
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
def test_list_is_finished_only_when_no_item_would_change(
    item_type: GraphQLOutputType, items: Any, finished: bool
) -> None:
    assert is_finished(item_type, items) is finished
