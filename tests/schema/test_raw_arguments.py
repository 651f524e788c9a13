"""Arguments as the client sent them, as literals or variables."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry

import schema.trend_enums  # noqa: F401 - publishes the enum of the field below
from resolvers.trends.query import TrendMath
from schema.raw_arguments import raw_argument


@dataclass
class Context:
    """The part of the request context that raw_argument reads."""

    raw_variables: dict[str, Any] = field(default_factory=dict)


@strawberry.input
class Line:
    name: str | None = None
    math: TrendMath = TrendMath.TOTAL
    size: float = 1.5
    parts: list[str] | None = None
    inner: "Line | None" = None


@strawberry.type
class Query:
    @strawberry.field
    def keep(self, info: strawberry.Info[Any, None], line: Line) -> strawberry.scalars.JSON:  # noqa: ARG002 - only what was sent counts
        return strawberry.scalars.JSON(raw_argument(info, "line"))


SCHEMA = strawberry.Schema(query=Query)


def kept(document: str, **variables: Any) -> Any:
    result = SCHEMA.execute_sync(
        document, variable_values=variables, context_value=Context(raw_variables=variables)
    )
    assert result.errors is None
    assert result.data is not None
    return result.data["keep"]


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("{}", {}),
        ('{name: "a", math: DAU, size: 2}', {"name": "a", "math": "DAU", "size": 2}),
        ("{name: null, parts: []}", {"name": None, "parts": []}),
        ('{parts: "one"}', {"parts": "one"}),
        ("{size: 2.50, inner: {inner: {math: SUM}}}", {"size": 2.5, "inner": {"inner": {"math": "SUM"}}}),
        ('{name: "DAU"}', {"name": "DAU"}),
    ],
)
def test_literal_is_returned_without_defaults(literal: str, expected: object) -> None:
    assert kept(f"{{ keep(line: {literal}) }}") == expected


@pytest.mark.parametrize(
    "line", [{}, {"math": "DAU", "name": None}, {"size": 2, "parts": ["x"], "inner": {"math": "P99"}}]
)
def test_variable_is_returned_unchanged(line: dict[str, Any]) -> None:
    assert kept("query($line: Line!) { keep(line: $line) }", line=line) == line


def test_nested_variables_are_replaced() -> None:
    document = """query($name: String, $math: TrendMath!, $inner: Line, $part: String!) {
        keep(line: {name: $name, math: $math, inner: $inner, parts: ["a", $part]}) }"""
    assert kept(document, name=None, math="DAU", inner={"math": "SUM"}, part="b") == {
        "name": None,
        "math": "DAU",
        "inner": {"math": "SUM"},
        "parts": ["a", "b"],
    }


def test_field_of_a_missing_variable_is_omitted() -> None:
    assert kept("query($name: String, $inner: Line) { keep(line: {name: $name, inner: $inner}) }") == {}


def test_default_of_a_variable_applies_unless_it_was_sent() -> None:
    whole = 'query($line: Line! = {name: "d", math: DAU}) { keep(line: $line) }'
    assert kept(whole) == {"name": "d", "math": "DAU"}
    assert kept(whole, line={"size": 4}) == {"size": 4}
    within = "query($size: Float! = 3) { keep(line: {size: $size}) }"
    assert kept(within) == {"size": 3}
    assert kept(within, size=1.25) == {"size": 1.25}


def test_repeated_field_returns_its_argument_once() -> None:
    assert kept('{ keep(line: {name: "a"}) keep(line: {name: "a"}) }') == {"name": "a"}
