from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from datasource.clickhouse.engine import QueryResult
from datasource.layouts.native import NativeLayout
from resolvers.trends.assemble import assemble
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.cohort_splits import values_per_row
from resolvers.trends.compile import compile_trend
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    Cohort,
    EventSeries,
    Formula,
    Math,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult
from resolvers.trends.saved_objects import SavedObjects
from tests.support.clock import UTC_ZONE, local_now

Rows = Sequence[Sequence[object]]
COST = Statistics(elapsed_ms=1.0, rows_read=2, bytes_read=3, queries=4)
ONE = TrendQuery((EventSeries("sign up"),), date_from="2020-01-13", date_to="2020-01-15")
TWO = replace(ONE, series=(EventSeries("sign up"), EventSeries(None)))
BY_CITY = (Breakdown("city"),)
COHORTS = {5: Cohort(5, "five", 1), 6: Cohort(6, "six", 1)}
LINE, PIE = TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE
CUMULATIVE = TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE


def answer(query: TrendQuery, *tables: Rows) -> TrendResult:
    """What comes of a query on 2020-01-15 when its statements find these rows, a table for each series."""
    resolved = resolve(query, TrendProject(1, UTC_ZONE), local_now())
    plan = compile_trend(resolved, NativeLayout(), SavedObjects(cohorts=COHORTS))
    width = values_per_row(query) + (1 if query.display.is_total else 2)
    left = iter(tables)
    results = [_result([next(left) for _ in part.series], width) for part in plan.parts]
    assert not [*left]
    return assemble(plan, results, sql="SELECT 1", statistics=COST)


def _result(tables: list[Rows], width: int) -> QueryResult:
    """The result of a statement; that of several series ends with the number of the series."""
    rows = [(*row, series) for series, table in enumerate(tables) for row in table]
    width += 1 if len(tables) > 1 else 0
    return QueryResult(
        names=tuple(f"c{n}" for n in range(width)),
        columns=tuple([row[n] for row in rows] for n in range(width)),
        rows_read=0,
        bytes_read=0,
        elapsed_s=0.0,
    )


def by_cohorts(*values: str) -> tuple[Breakdown, ...]:
    """A breakdown by these cohorts."""
    return tuple(Breakdown(value, BreakdownType.COHORT) for value in values)


def days(*figures: float) -> Rows:
    """An answer of these figures for the first days."""
    return tuple(enumerate(figures))


def split(**values: Sequence[float]) -> Rows:
    """An answer of values, each with the figures of the first days."""
    return [(name, list(range(len(figures))), list(figures)) for name, figures in values.items()]


def formulas(query: TrendQuery, *texts: str) -> TrendQuery:
    """The query with formulas of those texts."""
    return replace(query, formulas=tuple(Formula(text) for text in texts))


def test_series_over_time_has_parallel_days_labels_and_data() -> None:
    result = answer(ONE, days(4, 0, 6))
    assert result == TrendResult(
        series=(
            SeriesResult(
                label="sign up",
                order=0,
                event="sign up",
                math=TrendMath.TOTAL,
                data=(4, 0, 6),
                days=("2020-01-13", "2020-01-14", "2020-01-15"),
                labels=("13-Jan-2020", "14-Jan-2020", "15-Jan-2020"),
                count=10,
            ),
        ),
        days=("2020-01-13", "2020-01-14", "2020-01-15"),
        labels=("13-Jan-2020", "14-Jan-2020", "15-Jan-2020"),
        interval=TrendInterval.DAY,
        date_from=datetime(2020, 1, 13, tzinfo=UTC),
        date_to=datetime(2020, 1, 15, 23, 59, 59, 999999, tzinfo=UTC),
        timezone="UTC",
        has_more=False,
        sql="SELECT 1",
        statistics=COST,
    )


def test_total_has_an_aggregated_value_and_nothing_over_time() -> None:
    result = answer(replace(ONE, display=PIE), [(10.0,)])
    (series,) = result.series
    assert (series.aggregated_value, series.count) == (10.0, 0)
    assert (series.data, series.days, series.labels, result.days, result.labels) == ((), (), (), (), ())


def test_count_is_the_sum_of_data_also_for_averages() -> None:
    series = EventSeries("buy", Math(TrendMath.AVG, property="price"))
    assert answer(replace(ONE, series=(series,)), days(1.5, 2.5)).series[0].count == 4.0


def test_count_of_a_running_total_is_its_last_value() -> None:
    (series,) = answer(replace(ONE, display=CUMULATIVE), days(1, 2)).series
    assert (series.data, series.count) == ((1, 3, 3), 3)


def test_series_come_in_their_order_under_their_own_names() -> None:
    named = replace(TWO, series=(EventSeries("b", custom_name="First"), EventSeries(None), EventSeries("a")))
    found = answer(named, days(1), days(50), days(9)).series
    assert [(series.label, series.order, series.event, series.count) for series in found] == [
        ("b", 0, "b", 1),
        ("All events", 1, None, 50),
        ("a", 2, "a", 9),
    ]
    assert [series.custom_name for series in found] == ["First", None, None]


def test_label_of_a_value_is_the_value_where_there_is_one_series() -> None:
    found = answer(replace(ONE, breakdowns=BY_CITY), split(Paris=[2], London=[3])).series
    assert [(series.label, series.breakdown_value) for series in found] == [
        ("London", ("London",)),
        ("Paris", ("Paris",)),
    ]


def test_label_of_a_value_starts_with_the_series_where_there_are_several() -> None:
    found = answer(replace(TWO, breakdowns=BY_CITY), split(Paris=[2]), split(Paris=[3], Rome=[1])).series
    assert [series.label for series in found] == ["sign up - Paris", "All events - Paris", "All events - Rome"]
    assert [series.order for series in found] == [0, 1, 1]


def test_label_of_several_values_joins_them() -> None:
    query = replace(ONE, breakdowns=(Breakdown("browser"), Breakdown("system"), Breakdown("plan")))
    (series,) = answer(query, [("Chrome", "Mac", "true", [0], [1.0])]).series
    assert series.label == "Chrome::Mac::true"
    assert series.breakdown_value == ("Chrome", "Mac", "true")


def test_codes_of_no_value_and_of_the_others_are_raw_in_label_and_value() -> None:
    found = answer(replace(ONE, breakdowns=BY_CITY), split(**{NO_VALUE: [2], OTHER_VALUES: [3]})).series
    assert [series.label for series in found] == [
        "$$_posthog_breakdown_null_$$",
        "$$_posthog_breakdown_other_$$",
    ]
    assert [series.breakdown_value for series in found] == [(NO_VALUE,), (OTHER_VALUES,)]


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("formula", [False, True])
@pytest.mark.parametrize("display", [LINE, PIE])
def test_hidden_others_are_omitted_and_has_more_stays_true(
    display: TrendDisplay, formula: bool, hidden: bool
) -> None:
    query = replace(ONE, breakdowns=BY_CITY, breakdown_hide_other=hidden, display=display)
    query = formulas(query, "A * 2") if formula else query
    rows = split(a=[1], **{OTHER_VALUES: [3]}) if display is LINE else [("a", 1.0), (OTHER_VALUES, 3.0)]
    result = answer(query, rows)
    assert [series.breakdown_value for series in result.series] == [("a",), (OTHER_VALUES,)][: 1 if hidden else 2]
    assert result.has_more


def test_nothing_more_where_no_value_was_merged() -> None:
    assert not answer(replace(ONE, breakdowns=BY_CITY), split(a=[1], **{NO_VALUE: [3]})).has_more


def test_breakdown_without_events_has_no_series() -> None:
    result = answer(replace(ONE, breakdowns=BY_CITY), [])
    assert result.series == ()
    assert result.days == ("2020-01-13", "2020-01-14", "2020-01-15")


def test_compared_series_come_after_all_current_ones_with_their_own_days() -> None:
    result = answer(replace(TWO, compare=True), days(1), days(2), days(3), days(4))
    assert [(series.label, series.compare_label, series.count) for series in result.series] == [
        ("sign up", CompareLabel.CURRENT, 1),
        ("All events", CompareLabel.CURRENT, 2),
        ("sign up", CompareLabel.PREVIOUS, 3),
        ("All events", CompareLabel.PREVIOUS, 4),
    ]
    assert result.series[2].days == ("2020-01-10", "2020-01-11", "2020-01-12")
    assert result.series[2].labels == ("10-Jan-2020", "11-Jan-2020", "12-Jan-2020")
    assert result.days == ("2020-01-13", "2020-01-14", "2020-01-15")


def test_compared_values_of_one_series_are_labelled_by_value_alone() -> None:
    result = answer(replace(ONE, breakdowns=BY_CITY, compare=True), split(a=[1], b=[2]), split(c=[1]))
    assert [(series.label, series.compare_label) for series in result.series] == [
        ("b", CompareLabel.CURRENT),
        ("a", CompareLabel.CURRENT),
        ("c", CompareLabel.PREVIOUS),
    ]


def test_compared_period_may_have_another_number_of_buckets() -> None:
    query = replace(ONE, compare=True, interval=TrendInterval.WEEK, date_from="2020-01-15", date_to="2020-01-28")
    result = answer(query, days(1, 2, 3), days(4, 5, 6))
    assert [len(series.days) for series in result.series] == [3, 3]
    assert len(result.series[0].data) == len(result.series[0].labels) == 3


@pytest.mark.parametrize(
    ("text", "data", "count"),
    [("A/B", (2.0, 0, 2.0), 4.0), ("A+2*B", (8, 0, 12), 20.0), ("a - B", (2, 0, 3), 5), ("B", (2, 0, 3), 5)],
)
def test_formula_is_applied_bucket_by_bucket(text: str, data: tuple[float, ...], count: float) -> None:
    (series,) = answer(formulas(TWO, text), days(4, 0, 6), days(2, 0, 3)).series
    assert (series.data, series.count) == (data, count)
    assert (series.label, series.formula) == (f"Formula ({text})", text)
    assert (series.event, series.math, series.order) == (None, None, 0)
    assert series.days == ("2020-01-13", "2020-01-14", "2020-01-15")


def test_formula_of_totals_has_a_value_and_no_count() -> None:
    (series,) = answer(formulas(replace(TWO, display=PIE), "A/B"), [(10,)], [(4,)]).series
    assert (series.aggregated_value, series.count, series.data) == (2.5, 0, ())


def test_formula_of_running_totals_uses_the_running_values_and_counts_all_of_them() -> None:
    (series,) = answer(formulas(replace(TWO, display=CUMULATIVE), "A/B"), days(2, 2, 2), days(1)).series
    assert (series.data, series.count) == ((2, 4, 6), 12)


def test_formula_uses_smoothed_values() -> None:
    (series,) = answer(formulas(replace(ONE, smoothing_intervals=3), "A + 0.5"), days(4, 0, 7)).series
    assert series.data == (4.5, 2.5, 3.5)


def test_formula_treats_missing_values_as_zero() -> None:
    (series,) = answer(formulas(replace(ONE, display=PIE), "A + 1"), [(None,)]).series
    assert series.aggregated_value == 1


def test_formula_that_gives_no_number_is_none_there_and_left_out_of_the_count() -> None:
    (series,) = answer(formulas(ONE, "(A - 1) ** 0.5"), days(5, 0, 10)).series
    assert (series.data, series.count) == ((2, None, 3), 5)


def test_custom_name_is_the_label_of_a_formula() -> None:
    query = replace(TWO, formulas=(Formula("A/B", custom_name="Rate"),))
    (series,) = answer(query, days(4), days(2)).series
    assert (series.label, series.custom_name, series.formula) == ("Rate", "Rate", "A/B")


def test_several_formulas_come_in_their_order() -> None:
    result = answer(formulas(replace(TWO, compare=True), "A", "B"), days(1), days(2), days(3), days(4))
    assert [(series.label, series.order, series.compare_label, series.count) for series in result.series] == [
        ("Formula (A)", 0, CompareLabel.CURRENT, 1),
        ("Formula (A)", 0, CompareLabel.PREVIOUS, 3),
        ("Formula (B)", 1, CompareLabel.CURRENT, 2),
        ("Formula (B)", 1, CompareLabel.PREVIOUS, 4),
    ]
    assert result.series[1].days == ("2020-01-10", "2020-01-11", "2020-01-12")


def test_formula_joins_series_by_value_and_takes_zero_for_a_missing_one() -> None:
    query = formulas(replace(TWO, breakdowns=BY_CITY), "A - B")
    found = answer(query, split(Paris=[5, 1], Rome=[2]), split(Paris=[1], Oslo=[3])).series
    assert [(series.breakdown_value, series.data) for series in found] == [
        (("Paris",), (4, 1, 0)),
        (("Rome",), (2, 0, 0)),
        (("Oslo",), (-3, 0, 0)),
    ]


@pytest.mark.parametrize(("text", "total"), [("A + B", 5), ("B - A", 5), ("A - B", -5)])
def test_formula_of_a_series_without_rows_takes_zeros(text: str, total: float) -> None:
    over_time = replace(TWO, breakdowns=BY_CITY)
    (series,) = answer(formulas(over_time, text), [], split(Paris=[2, 3])).series
    assert series.count == total
    (series,) = answer(formulas(replace(over_time, display=PIE), text), [], [("Paris", 5.0)]).series
    assert series.aggregated_value == total


def test_formula_rows_of_values_come_by_class_and_size_and_then_backwards() -> None:
    query = formulas(replace(TWO, breakdowns=BY_CITY), "A + B")
    found = answer(
        query,
        split(London=[1, 1], Paris=[1, 1], Oslo=[0, 2], Rome=[9], **{NO_VALUE: [20], OTHER_VALUES: [99]}),
        split(Bonn=[2, 0], **{OTHER_VALUES: [1]}),
    ).series
    names = [series.breakdown_value and series.breakdown_value[0] for series in found]
    assert names == ["Rome", "Bonn", "Paris", "London", "Oslo", NO_VALUE, OTHER_VALUES]
    assert found[-1].count == 100


def test_formula_rows_of_totals_come_by_class_and_value_and_then_backwards() -> None:
    query = formulas(replace(ONE, breakdowns=BY_CITY, display=PIE), "A")
    rows = [
        ("London", 2.0),
        ("Paris", 2.0),
        ("Paris 2", 2.0),
        ("Rome", 9.0),
        (NO_VALUE, 20.0),
        (OTHER_VALUES, 99.0),
    ]
    found = answer(query, rows).series
    names = [series.breakdown_value and series.breakdown_value[0] for series in found]
    # The order is that of the quoted texts: a closing quote sorts behind a blank.
    assert names == ["Rome", "Paris", "Paris 2", "London", NO_VALUE, OTHER_VALUES]


def test_formula_rows_of_values_that_are_compared_come_by_count_whatever_their_class() -> None:
    query = formulas(replace(ONE, breakdowns=BY_CITY, compare=True), "A")
    found = answer(
        query,
        split(a10=[1], A2=[1], b=[3], **{OTHER_VALUES: [9]}),
        split(x=[1], y=[2]),
    ).series
    assert [(series.breakdown_value, series.compare_label) for series in found] == [
        ((OTHER_VALUES,), CompareLabel.CURRENT),
        (("b",), CompareLabel.CURRENT),
        (("A2",), CompareLabel.CURRENT),
        (("a10",), CompareLabel.CURRENT),
        (("y",), CompareLabel.PREVIOUS),
        (("x",), CompareLabel.PREVIOUS),
    ]


def test_formula_rows_of_compared_totals_come_in_natural_order() -> None:
    query = formulas(replace(ONE, breakdowns=BY_CITY, compare=True, display=PIE), "A")
    found = answer(query, [("a10", 9.0), ("B", 5.0), ("a2", 1.0)], [("z", 1.0)]).series
    assert [series.breakdown_value for series in found] == [("a2",), ("a10",), ("B",), ("z",)]


def test_formula_over_several_breakdowns_joins_their_combinations() -> None:
    query = formulas(replace(TWO, breakdowns=(Breakdown("city"), Breakdown("plan"))), "A + B")
    found = answer(
        query,
        [("x", "free", [0], [1.0]), ("x", "paid", [0], [2.0])],
        [("x", "paid", [0, 1], [5.0, 1.0])],
    ).series
    assert [(series.breakdown_value, series.data) for series in found] == [
        (("x", "paid"), (7, 1, 0)),
        (("x", "free"), (1, 0, 0)),
    ]


def test_several_cohorts_are_one_value_each_ranked_by_size() -> None:
    result = answer(replace(ONE, display=PIE, breakdowns=by_cohorts("5", "6")), [("5", 1.0)], [("6", 2.0)])
    assert [(line.label, line.breakdown_value, line.aggregated_value) for line in result.series] == [
        ("six", ("6",), 2.0),
        ("five", ("5",), 1.0),
    ]


def test_formula_is_calculated_for_every_cohort_in_the_order_given() -> None:
    query = formulas(replace(TWO, breakdowns=by_cohorts("6", "all")), "A * 10 + B")
    result = answer(query, split(**{"6": [1]}), split(**{"6": [2]}), split(all=[3]), split(all=[4]))
    assert [(line.breakdown_value, line.data) for line in result.series] == [
        (("6",), (12.0, 0.0, 0.0)),
        (("all",), (34.0, 0.0, 0.0)),
    ]
