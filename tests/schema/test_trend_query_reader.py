"""Trend queries are read from inputs written in GraphQL."""

from typing import Any

import pytest
import strawberry
from strawberry.schema.config import StrawberryConfig

from errors import BadUserInput
from resolvers.trends.query import (
    ActionSeries,
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
    Formula,
    LogicalOperator,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from schema.scalars import SCALARS
from schema.trend_input import TrendQueryInput
from schema.trend_query_reader import read_trend_query

MAX_FILTERS = 5


@strawberry.type
class Query:
    @strawberry.field
    def read(self, info: strawberry.Info, query: TrendQueryInput) -> bool:
        info.context["question"] = read_trend_query(query, max_filters=MAX_FILTERS)
        return True


SCHEMA = strawberry.Schema(query=Query, config=StrawberryConfig(scalar_map=SCALARS))


def read(text: str) -> TrendQuery:
    """Read the input; raises the error that rejects it."""
    context: dict[str, Any] = {}
    result = SCHEMA.execute_sync(f"{{ read(query: {{ {text} }}) }}", context_value=context)
    for error in result.errors or ():
        raise error.original_error or error
    question: TrendQuery = context["question"]
    return question


def refusal_of(text: str) -> BadUserInput:
    with pytest.raises(BadUserInput) as caught:
        read(text)
    return caught.value


def test_query_of_one_event_has_the_defaults() -> None:
    question = read('events: [{event: "sign up"}]')
    assert question == TrendQuery(series=(EventSeries("sign up"),), filters=FilterGroup())
    assert question.series[0].path == ("query", "events", 0)


def test_query_with_every_input_is_complete() -> None:
    question = read(
        """events: [{event: "pay", customName: "payments", math: SUM, mathProperty: "price",
                     mathPropertyType: PERSON,
                     properties: [{key: "plan", value: ["a", 1, 2.5, true], operator: IS_NOT}]}]
        properties: [{key: "name", type: GROUP, groupTypeIndex: 1, operator: IS_SET}]
        propertyGroup: {type: OR, filters: [{key: "x", value: "1"}], groups: [{filters: [{key: "y", value: "2"}]}]}
        filterTestAccounts: true, dateFrom: "-14d", dateTo: "-1d", explicitDate: true, interval: WEEK
        breakdown: ["name"], breakdownType: GROUP, breakdownGroupTypeIndex: 0, breakdownHistogramBinCount: 4,
        breakdownNormalizeUrl: true, breakdownLimit: 3, breakdownHideOther: true
        compare: true, compareTo: "-1y", display: BOLD_NUMBER
        formulas: [{formula: "A * 2", customName: "twice"}], smoothingIntervals: 3, samplingFactor: 0.5"""
    )
    assert question == TrendQuery(
        series=(
            EventSeries(
                "pay",
                math=Math(TrendMath.SUM, property="price", property_type=PropertyType.PERSON),
                filters=FilterGroup(
                    children=(PropertyFilter("plan", ("a", 1, 2.5, True), PropertyOperator.IS_NOT),)
                ),
                custom_name="payments",
            ),
        ),
        filters=FilterGroup(
            LogicalOperator.AND,
            (
                PropertyFilter("name", None, PropertyOperator.IS_SET, PropertyType.GROUP, 1),
                FilterGroup(
                    LogicalOperator.OR,
                    (PropertyFilter("x", "1"), FilterGroup(children=(PropertyFilter("y", "2"),))),
                ),
            ),
        ),
        filter_test_accounts=True,
        date_from="-14d",
        date_to="-1d",
        explicit_date=True,
        interval=TrendInterval.WEEK,
        breakdowns=(Breakdown("name", BreakdownType.GROUP, 0, 4, True),),
        breakdown_limit=3,
        breakdown_hide_other=True,
        compare=True,
        compare_to="-1y",
        display=TrendDisplay.BOLD_NUMBER,
        formulas=(Formula("A * 2", "twice"),),
        smoothing_intervals=3,
        sampling_factor=0.5,
    )


def test_parts_of_the_query_have_their_input_paths() -> None:
    question = read(
        """events: [{event: "a"}, {properties: [{key: "p"}], propertyGroup: {groups: [{filters: [{key: "q"}]}]}}]
        breakdowns: [{property: "b"}], formulas: [{formula: "A"}, {formula: "B"}]"""
    )
    assert [leaf.path for leaf in question.series[1].filters.leaves()] == [
        ("query", "events", 1, "properties", 0),
        ("query", "events", 1, "property_group", "groups", 0, "filters", 0),
    ]
    assert question.breakdowns[0].path == ("query", "breakdowns", 0)
    assert question.formulas[1].path == ("query", "formulas", 1)


def test_null_event_means_every_event() -> None:
    assert read("events: [{event: null}, {}]").series == (EventSeries(None), EventSeries(None))


@pytest.mark.parametrize(
    ("orders", "expected"),
    [
        ((None, None, None), "abc"),
        ((2, 1, 0), "cba"),
        ((1, 1, 0), "cab"),
        ((None, None, 0), "acb"),
        ((5, None, None), "bca"),
        ((-1, -2, None), "bac"),
    ],
)
def test_series_are_sorted_by_order_and_otherwise_as_given(orders: tuple[int | None, ...], expected: str) -> None:
    events = ", ".join(
        f'{{event: "{name}", order: {"null" if order is None else order}}}'
        for name, order in zip("abc", orders, strict=True)
    )
    question = read(f"events: [{events}]")
    assert "".join(str(series.event) for series in question.series if isinstance(series, EventSeries)) == expected


def test_action_series_is_complete() -> None:
    question = read(
        """actions: [{actionId: "12", customName: "sales", math: SUM, mathProperty: "price",
                      properties: [{key: "plan", value: "pro"}]}]"""
    )
    [series] = question.series
    assert series == ActionSeries(
        12,
        math=Math(TrendMath.SUM, property="price"),
        filters=FilterGroup(children=(PropertyFilter("plan", "pro"),)),
        custom_name="sales",
    )
    assert series.path == ("query", "actions", 0)
    assert [leaf.path for leaf in series.filters.leaves()] == [("query", "actions", 0, "properties", 0)]


@pytest.mark.parametrize(
    ("event_order", "action_orders", "expected"),
    [
        ("null", ("null", "null"), ["a", 1, 2]),
        ("0", ("null", "0"), ["a", 2, 1]),
        ("2", ("null", "null"), [1, "a", 2]),
        ("9", ("null", "-1"), [2, 1, "a"]),
    ],
)
def test_events_come_before_actions_by_default(
    event_order: str, action_orders: tuple[str, str], expected: list[str | int]
) -> None:
    first, second = action_orders
    question = read(
        f"""events: [{{event: "a", order: {event_order}}}]
        actions: [{{actionId: 1, order: {first}}}, {{actionId: 2, order: {second}}}]"""
    )
    names = [each.event if isinstance(each, EventSeries) else each.action_id for each in question.series]
    assert names == expected


def test_formula_keeps_its_string() -> None:
    assert read('events: [{}], formula: "A / 2"').formulas == (Formula("A / 2"),)


def test_several_breakdown_keys_become_one_breakdown_each() -> None:
    question = read('events: [{}], breakdown: ["a", "b", "c"], breakdownType: PERSON')
    assert question.breakdowns == tuple(Breakdown(key, BreakdownType.PERSON) for key in "abc")


def test_empty_breakdown_means_none() -> None:
    assert read("events: [{}], breakdown: [], breakdowns: []").breakdowns == ()


def test_up_to_twenty_five_cohorts_can_be_given() -> None:
    ids = ", ".join(map(str, range(1, 26)))
    assert len(read(f"events: [{{}}], breakdown: [{ids}], breakdownType: COHORT").breakdowns) == 25
    refusal = refusal_of(f'events: [{{}}], breakdown: ["all", {ids}], breakdownType: COHORT')
    assert (refusal.path, refusal.details["limit"], refusal.details["actual"]) == (("query", "breakdown"), 25, 26)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ('breakdown: ["all", 5, "all"], breakdownType: COHORT', ("breakdown", 2)),
        ("breakdowns: [{property: 5, type: COHORT}, {property: 5, type: COHORT}]", ("breakdowns", 1)),
    ],
)
def test_cohort_cannot_be_given_twice(text: str, path: tuple[str | int, ...]) -> None:
    refusal = refusal_of(f"events: [{{}}], {text}")
    assert refusal.path == ("query", *path)
    assert "twice" in refusal.message


@pytest.mark.parametrize("control", ["\\n", "\\u001b", "\\u0085", "\\u2028", "\\u202e"])
def test_custom_name_has_no_control_characters(control: str) -> None:
    series = refusal_of(f'events: [{{customName: "a{control}b"}}]')
    assert series.path == ("query", "events", 0, "custom_name")
    formula = refusal_of(f'events: [{{}}], formulas: [{{formula: "A", customName: "a{control}b"}}]')
    assert formula.path == ("query", "formulas", 0, "custom_name")
    assert "must not contain the control character U+" in formula.message


def test_custom_name_has_spaces_and_joined_emoji() -> None:
    name = "\N{WOMAN}\N{ZERO WIDTH JOINER}\N{PERSONAL COMPUTER}\N{NO-BREAK SPACE}du \N{RIGHT-TO-LEFT MARK}"
    (series,) = read(f'events: [{{customName: "{name}"}}]').series
    assert series.custom_name == name


@pytest.mark.parametrize(
    ("value", "limit", "actual"),
    [(f'"{"x" * 10_001}"', 10_000, 10_001), (f"[{'1 ' * 10_001}]", 10_000, 10_001)],
)
def test_filter_with_too_large_a_value_is_not_read(value: str, limit: int, actual: int) -> None:
    refusal = refusal_of(f'events: [{{properties: [{{key: "a", value: {value}}}]}}]')
    assert refusal.path == ("query", "events", 0, "properties", 0, "value")
    assert (refusal.details["limit"], refusal.details["actual"]) == (limit, actual)


@pytest.mark.parametrize(
    "text",
    [
        "events: [{mathProperty: null, mathGroupTypeIndex: null, mathExpression: null}]",
        'events: [{math: P95, mathProperty: "price", mathPropertyType: PERSON}]',
        'events: [{math: MEDIAN, mathProperty: "price", mathPropertyType: GROUP, mathGroupTypeIndex: 0}]',
        "events: [{math: UNIQUE_GROUP, mathGroupTypeIndex: 0}]",
        "events: [{math: DAU, mathGroupTypeIndex: 0}, {math: WEEKLY_ACTIVE, mathGroupTypeIndex: 4}]",
        "events: [{math: MONTHLY_ACTIVE, mathGroupTypeIndex: 1}]",
        'events: [{math: HOGQL, mathExpression: "count()"}]',
        'events: [{}], breakdown: ["1", "2"], breakdownType: COHORT',
        'events: [{}], breakdown: ["1"], breakdownType: COHORT, breakdownLimit: 5',
        'events: [{}], breakdown: ["a", "b"], breakdownLimit: 5',
    ],
)
def test_options_that_are_used_are_accepted(text: str) -> None:
    assert read(text).series


LONG = "x" * 401


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ()),
        ("events: [], actions: []", ()),
        ('actions: [{actionId: ""}]', ("actions", 0, "action_id")),
        ('events: [{}], actions: [{actionId: 1}, {actionId: "x"}]', ("actions", 1, "action_id")),
        ('actions: [{actionId: "1.0"}]', ("actions", 0, "action_id")),
        ("actions: [{actionId: 0}]", ("actions", 0, "action_id")),
        ("actions: [{actionId: -1}]", ("actions", 0, "action_id")),
        ('actions: [{actionId: "01"}]', ("actions", 0, "action_id")),
        ('actions: [{actionId: "\uff11"}]', ("actions", 0, "action_id")),
        (f'actions: [{{actionId: "{"9" * 5000}"}}]', ("actions", 0, "action_id")),
        (f"actions: [{'{actionId: 1} ' * 27}]", ("actions",)),
        (f'actions: [{{actionId: 1, customName: "{LONG}"}}]', ("actions", 0, "custom_name")),
        ("actions: [{actionId: 1, mathGroupTypeIndex: 5}]", ("actions", 0, "math_group_type_index")),
        ("actions: [{actionId: 1, properties: [{}]}]", ("actions", 0, "properties", 0, "key")),
        (f"events: [{'{} ' * 27}]", ("events",)),
        (f'events: [{{event: "{LONG}"}}]', ("events", 0, "event")),
        ('events: [{event: "a\\u0000"}]', ("events", 0, "event")),
        ('events: [{event: ""}]', ("events", 0, "event")),
        (f'events: [{{}}, {{customName: "{LONG}"}}]', ("events", 1, "custom_name")),
        ('events: [{mathProperty: ""}]', ("events", 0, "math_property")),
        (f'events: [{{mathProperty: "{LONG}"}}]', ("events", 0, "math_property")),
        ("events: [{mathGroupTypeIndex: 5}]", ("events", 0, "math_group_type_index")),
        ("events: [{mathGroupTypeIndex: -1}]", ("events", 0, "math_group_type_index")),
        ('events: [{mathExpression: "\\u0000"}]', ("events", 0, "math_expression")),
        ('events: [{}, {mathProperty: "price"}]', ("events", 1, "math_property")),
        ('actions: [{actionId: 1, math: DAU, mathProperty: "price"}]', ("actions", 0, "math_property")),
        ('events: [{math: HOGQL, mathExpression: "count()", mathProperty: "a"}]', ("events", 0, "math_property")),
        ('events: [{math: AVG_COUNT_PER_ACTOR, mathProperty: "a"}]', ("events", 0, "math_property")),
        ("events: [{math: TOTAL, mathPropertyType: PERSON}]", ("events", 0, "math_property_type")),
        ("events: [{mathGroupTypeIndex: 0}]", ("events", 0, "math_group_type_index")),
        (
            'events: [{math: SUM, mathProperty: "a", mathGroupTypeIndex: 0}]',
            ("events", 0, "math_group_type_index"),
        ),
        ("events: [{math: UNIQUE_SESSION, mathGroupTypeIndex: 0}]", ("events", 0, "math_group_type_index")),
        ("events: [{math: FIRST_TIME_FOR_USER, mathGroupTypeIndex: 0}]", ("events", 0, "math_group_type_index")),
        ('events: [{mathExpression: "count()"}]', ("events", 0, "math_expression")),
        (
            'events: [{math: SUM, mathProperty: "a", mathExpression: "count()"}]',
            ("events", 0, "math_expression"),
        ),
        ('events: [{}], breakdown: ["1", "2"], breakdownType: COHORT, breakdownLimit: 1', ("breakdown_limit",)),
        ('events: [{}], breakdown: ["all", "2"], breakdownType: COHORT, breakdownLimit: 50', ("breakdown_limit",)),
        (
            "events: [{}], breakdownLimit: 5, "
            "breakdowns: [{property: 1, type: COHORT}, {property: 2, type: COHORT}]",
            ("breakdown_limit",),
        ),
        ("events: [{properties: [{}]}]", ("events", 0, "properties", 0, "key")),
        (f'events: [{{}}], properties: [{{key: "{LONG}"}}]', ("properties", 0, "key")),
        ('events: [{}], properties: [{key: "\\u0000"}]', ("properties", 0, "key")),
        ('events: [{}], properties: [{key: "a", type: GROUP}]', ("properties", 0, "group_type_index")),
        ('events: [{}], properties: [{key: "a", groupTypeIndex: 1}]', ("properties", 0, "group_type_index")),
        (
            'events: [{}], properties: [{key: "a", type: GROUP, groupTypeIndex: 9}]',
            ("properties", 0, "group_type_index"),
        ),
        (
            "events: [{}], propertyGroup: {groups: [{}, {filters: [{}]}]}",
            ("property_group", "groups", 1, "filters", 0, "key"),
        ),
        ('events: [{}], breakdown: ["a"], breakdowns: [{property: "a"}]', ("breakdown",)),
        ('events: [{}], breakdown: ["a", "b", "c", "d"]', ("breakdown",)),
        ('events: [{}], breakdown: ["a", ""]', ("breakdown", 1)),
        ('events: [{}], breakdown: ["a"], breakdownType: GROUP', ("breakdown_group_type_index",)),
        ('events: [{}], breakdown: ["a"], breakdownGroupTypeIndex: 1', ("breakdown_group_type_index",)),
        ('events: [{}], breakdown: ["a"], breakdownHistogramBinCount: 0', ("breakdown_histogram_bin_count",)),
        ('events: [{}], breakdown: ["a", "b"], breakdownHistogramBinCount: 4', ("breakdown_histogram_bin_count",)),
        ('events: [{}], breakdown: ["a", "b"], breakdownNormalizeUrl: true', ("breakdown_normalize_url",)),
        ("events: [{}], breakdownType: PERSON", ("breakdown_type",)),
        ("events: [{}], breakdownGroupTypeIndex: 1", ("breakdown_group_type_index",)),
        ("events: [{}], breakdownHistogramBinCount: 4", ("breakdown_histogram_bin_count",)),
        (
            'events: [{}], breakdowns: [{property: "a"}], breakdownNormalizeUrl: true',
            ("breakdown_normalize_url",),
        ),
        (f"events: [{{}}], breakdowns: [{'{property: 1} ' * 4}]", ("breakdowns",)),
        ('events: [{}], breakdowns: [{property: "a"}, {property: ""}]', ("breakdowns", 1, "property")),
        (
            'events: [{}], breakdowns: [{property: "a", histogramBinCount: -1}]',
            ("breakdowns", 0, "histogram_bin_count"),
        ),
        ('events: [{}], breakdowns: [{property: "a", type: GROUP}]', ("breakdowns", 0, "group_type_index")),
        ("events: [{}], breakdownLimit: 0", ("breakdown_limit",)),
        ("events: [{}], breakdownLimit: 1001", ("breakdown_limit",)),
        ("events: [{}], smoothingIntervals: 0", ("smoothing_intervals",)),
        ("events: [{}], smoothingIntervals: 20001", ("smoothing_intervals",)),
        ("events: [{}], samplingFactor: 0", ("sampling_factor",)),
        ("events: [{}], samplingFactor: 1.5", ("sampling_factor",)),
        ("events: [{}], samplingFactor: -0.5", ("sampling_factor",)),
        ('events: [{}], formula: "A", formulas: [{formula: "A"}]', ("formula",)),
        ('events: [{}], formula: "\\u0000"', ("formula",)),
        (f'events: [{{}}], formulas: [{{formula: "A", customName: "{LONG}"}}]', ("formulas", 0, "custom_name")),
    ],
)
def test_invalid_input_is_rejected_with_its_path(text: str, path: tuple[str | int, ...]) -> None:
    assert refusal_of(text).path == ("query", *path)


def test_filters_of_all_levels_are_counted() -> None:
    five = """events: [{properties: [{key: "a"}], propertyGroup: {filters: [{key: "b"}]}}]
        properties: [{key: "c"}], propertyGroup: {filters: [{key: "d"}], groups: [{filters: [{key: "e"}%s]}]}"""
    assert len(tuple(read(five % "").filters.leaves())) == 3
    refusal = refusal_of(five % ', {key: "f"}')
    assert "6 property filters" in refusal.message
    assert f"the limit is {MAX_FILTERS}" in refusal.message


def test_groups_nested_more_than_twenty_levels_deep_are_rejected() -> None:
    def nested(depth: int) -> str:
        return "{groups: [" * (depth - 1) + "{}" + "]}" * (depth - 1)

    read(f"events: [{{}}], propertyGroup: {nested(20)}")
    refusal = refusal_of(f"events: [{{}}], propertyGroup: {nested(21)}")
    assert refusal.path == ("query", "property_group", *("groups", 0) * 20)


def test_cohort_filter_requires_no_key() -> None:
    [leaf] = read("events: [{}], properties: [{type: COHORT, operator: IN, value: 3}]").filters.leaves()
    assert leaf == PropertyFilter("", 3, PropertyOperator.IN, PropertyType.COHORT)


def test_expression_may_be_longer_than_a_key() -> None:
    expression = "1 = 1 or " * 100 + "1 = 1"
    [leaf] = read(f'events: [{{}}], properties: [{{type: HOGQL, key: "{expression}"}}]').filters.leaves()
    assert leaf.key == expression
