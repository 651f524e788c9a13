"""The sizes of inputs, where each is compiled: also of stored ones, which no front end reads again."""

from dataclasses import replace

import pytest

from errors import ErrorCode, InputTooLarge
from resolvers.trends.actions import AUTOCAPTURE, Action, ActionStep, StringMatching, action_condition
from resolvers.trends.cohorts import CohortDefinition, CohortGroup, members
from resolvers.trends.filters import filter_condition, group_condition
from resolvers.trends.hogql import breakdown_expression, filter_expression
from resolvers.trends.query import (
    FilterGroup,
    FilterValue,
    InputPath,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
)
from resolvers.trends.saved_objects import SavedObjects
from tests.support.clock import compile_context

PATH: InputPath = ("query", "properties", 0)
Op = PropertyOperator


def on_plan(operator: Op, value: FilterValue, type_: PropertyType = PropertyType.EVENT) -> PropertyFilter:
    return PropertyFilter("plan", value, operator, type_, path=PATH)


def texts(count: int) -> tuple[str, ...]:
    return tuple(f"v{number}" for number in range(count))


@pytest.mark.parametrize("operator", [Op.EXACT, Op.IS_NOT, Op.IN, Op.NOT_IN])
def test_set_of_values_has_up_to_ten_thousand(operator: Op) -> None:
    assert filter_condition(on_plan(operator, texts(10_000)), compile_context())
    with pytest.raises(InputTooLarge) as caught:
        filter_condition(on_plan(operator, texts(10_001)), compile_context())
    assert caught.value.message == "The filter has 10,001 values; the limit is 10,000."
    assert caught.value.path == (*PATH, "value")


@pytest.mark.parametrize(
    "operator", [Op.ICONTAINS, Op.NOT_ICONTAINS, Op.REGEX, Op.GT, Op.LTE, Op.IS_DATE_BEFORE, Op.IS_DATE_EXACT]
)
def test_list_of_which_each_is_a_condition_has_up_to_a_thousand(operator: Op) -> None:
    with pytest.raises(InputTooLarge) as caught:
        filter_condition(on_plan(operator, ("2020-01-01",) * 1_001), compile_context())
    assert caught.value.code is ErrorCode.BAD_USER_INPUT
    assert caught.value.details == {"limit": 1_000, "actual": 1_001, "unit": "values"}
    assert caught.value.hint == "Use IN to compare with many values, or fewer values."
    if operator is not Op.REGEX:
        assert filter_condition(on_plan(operator, ("2020-01-01",) * 1_000), compile_context())


@pytest.mark.parametrize("value", ["x" * 10_001, ("a", "x" * 10_001)])
def test_value_has_up_to_ten_thousand_characters(value: FilterValue) -> None:
    with pytest.raises(InputTooLarge) as caught:
        filter_condition(on_plan(Op.EXACT, value), compile_context())
    assert caught.value.details == {"limit": 10_000, "actual": 10_001, "unit": "characters"}


@pytest.mark.parametrize(
    ("pattern", "limit", "actual", "unit"),
    [
        ("a" * 1_001, 1_000, 1_001, "characters"),
        ("a{1,1000}" * 100, 10_000, 100_000, "parts"),
        ("((a{10}){10}){10}" * 10, 10_000, 11_100, "parts"),
        (r"\pL{250}", 10_000, 100_000, "parts"),
    ],
)
def test_regular_expression_is_bounded_before_it_is_compiled(
    pattern: str, limit: int, actual: int, unit: str
) -> None:
    expected = {"limit": limit, "actual": actual, "unit": unit}
    for operator in (Op.REGEX, Op.NOT_REGEX):
        with pytest.raises(InputTooLarge) as caught:
            filter_condition(on_plan(operator, pattern), compile_context())
        assert (caught.value.details, caught.value.path) == (expected, (*PATH, "value"))
    text = f"match(properties.plan, '{pattern}')".replace("\\", "\\\\")
    with pytest.raises(InputTooLarge) as caught:
        filter_expression(text, PATH, compile_context())
    assert (caught.value.details, caught.value.path) == (expected, PATH)
    step = ActionStep(url=pattern, url_matching=StringMatching.REGEX)
    with pytest.raises(InputTooLarge) as caught:
        action_condition(Action(1, "a", (step,)), compile_context())
    assert (caught.value.details, caught.value.path) == (expected, ("steps", 0, "url"))
    cohort = CohortDefinition((CohortGroup((on_plan(Op.REGEX, pattern, PropertyType.PERSON),)),))
    with pytest.raises(InputTooLarge) as caught:
        members(cohort, compile_context(), SavedObjects())
    assert caught.value.details == expected


def test_regular_expressions_of_a_query_are_bounded_together() -> None:
    pattern = "[0-9a-f]{999}"
    conditions = tuple(on_plan(Op.REGEX, pattern) for _ in range(7))
    assert group_condition(FilterGroup(children=conditions), compile_context())
    with pytest.raises(InputTooLarge) as caught:
        group_condition(FilterGroup(children=(*conditions, conditions[0])), compile_context())
    assert caught.value.details == {"limit": 50_000, "actual": 55_944, "unit": "parts"}


def test_selectors_count_by_their_patterns() -> None:
    selector = " ".join(["a.b.c"] * 200)
    step = ActionStep(event=AUTOCAPTURE, selector=selector)
    assert action_condition(Action(1, "a", (step,)), compile_context())
    with pytest.raises(InputTooLarge, match="regular expressions and selectors") as caught:
        action_condition(Action(1, "a", (step,) * 10), compile_context())
    assert caught.value.path[0] == "steps"


def test_conditions_of_a_query_are_bounded_together() -> None:
    conditions = tuple(on_plan(Op.ICONTAINS, texts(1_000)) for _ in range(5))
    assert group_condition(FilterGroup(children=conditions), compile_context())
    with pytest.raises(InputTooLarge) as caught:
        group_condition(FilterGroup(children=(*conditions, on_plan(Op.EXACT, "x"))), compile_context())
    assert caught.value.details == {"limit": 5_000, "actual": 5_001, "unit": "conditions"}


def test_values_of_a_query_are_bounded_together() -> None:
    conditions = tuple(on_plan(Op.IN, texts(10_000)) for _ in range(6))
    with pytest.raises(InputTooLarge) as caught:
        group_condition(FilterGroup(children=conditions), compile_context())
    assert caught.value.details == {"limit": 50_000, "actual": 60_000, "unit": "values"}


def test_elements_have_a_thousand_values_for_every_operator() -> None:
    with pytest.raises(InputTooLarge) as caught:
        filter_condition(
            replace(on_plan(Op.EXACT, texts(1_001), PropertyType.ELEMENT), key="text"), compile_context()
        )
    assert caught.value.details["limit"] == 1_000


def test_hogql_of_a_query_is_bounded_and_equal_expressions_count_once() -> None:
    context = compile_context()
    for number in range(9):
        breakdown_expression(f"'{number}{'x' * 1_997}'", PATH, context)
        breakdown_expression(f"'{number}{'x' * 1_997}'", PATH, context)
    with pytest.raises(InputTooLarge) as caught:
        breakdown_expression(f"'{'y' * 2_498}'", PATH, context)
    assert caught.value.details == {"limit": 20_000, "actual": 20_500, "unit": "characters"}
    assert caught.value.path == PATH
