import sys
from collections.abc import Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasource.clickhouse.engine import QueryResult
from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Select
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.buckets import Buckets
from resolvers.trends.compile import Part
from resolvers.trends.dates import read_range
from resolvers.trends.query import Breakdown, TrendDisplay, TrendQuery
from resolvers.trends.resolve import Period
from resolvers.trends.series_rows import SeriesRow, read_series_rows, sum_values
from tests.support.clock import TREND, local_now

CUMULATIVE = replace(TREND, display=TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE)
TOTAL = replace(TREND, display=TrendDisplay.ACTIONS_PIE)
BY_CITY = (Breakdown("city"),)
Values = Sequence[float | None]


def series_rows(query: TrendQuery, *rows: Sequence[object], days: int = 4) -> tuple[SeriesRow, ...]:
    """The series rows of a result with those rows, over that many days."""
    range_ = read_range(replace(query, date_from="2020-01-01", date_to=f"2020-01-{days:02}"), local_now())
    buckets = None if query.display.is_total else Buckets.of(range_, ZoneInfo("UTC"), WeekStartDay.SUNDAY)
    width = 2 if buckets is not None else 1
    columns = tuple(list(column) for column in zip(*rows, strict=True)) or ([],) * (len(query.breakdowns) + width)
    result = QueryResult(tuple(f"c{n}" for n in range(len(columns))), columns, 0, 0, 0.0)
    (found,) = read_series_rows(Part((0,), Period(range_, buckets, None), Select(())), result, query)
    return found.rows


def data(query: TrendQuery, values: Values) -> list[float | None]:
    """The data of a row with these values on its first days."""
    (row,) = series_rows(query, *enumerate(values), days=len(values))
    return list(row.data)


def test_buckets_without_events_are_zero() -> None:
    assert series_rows(TREND, (2, 5.0), (0, 3.0)) == (SeriesRow(None, (3.0, 0.0, 5.0, 0.0)),)


def test_series_without_events_is_a_row_of_zeros() -> None:
    assert series_rows(TREND) == (SeriesRow(None, (0.0, 0.0, 0.0, 0.0)),)


def test_breakdown_without_events_has_no_rows() -> None:
    assert series_rows(replace(TREND, breakdowns=BY_CITY)) == ()
    assert series_rows(replace(TOTAL, breakdowns=BY_CITY)) == ()


@pytest.mark.parametrize("query", [TREND, CUMULATIVE, replace(TREND, smoothing_intervals=2)])
def test_whole_numbers_over_time_are_floats(query: TrendQuery) -> None:
    (row,) = series_rows(query, (0, 2**53 + 1), (2, 3))
    assert [type(value) for value in row.data] == [float] * 4
    assert row.data[0] == 2.0**53


def test_whole_number_of_one_total_is_a_float() -> None:
    (row,) = series_rows(TOTAL, (1_700_000_000_123_456_789,))
    assert repr(row.total) == "1.7000000001234568e+18"


def test_figures_that_no_float_holds_are_none() -> None:
    assert data(CUMULATIVE, [1e308, 1e308, 1]) == [1e308, None, None]
    sampled = replace(TREND, sampling_factor=0.1)
    assert data(sampled, [1e308, 1]) == [None, 10.0]
    (row,) = series_rows(replace(TOTAL, sampling_factor=0.1), (1e308,))
    assert row.total is None


@pytest.mark.parametrize("value", [7.0, 0.0, None])
def test_total_is_one_value_and_no_data(value: float | None) -> None:
    assert series_rows(TOTAL, (value,)) == (SeriesRow(None, (), value),)


@pytest.mark.parametrize(
    ("values", "running"),
    [
        ([1, 1, 1], [1, 2, 3]),
        ([5, 0, -7, 1], [5, 5, 5, 5]),
        ([0, 0, 3, 0], [0, 0, 3, 3]),
        ([-2, -3, 0, 1], [0, 0, 0, 0]),
        ([-2, 5, -4, 2], [0, 3, 3, 1]),
        ([2.5, None, 2.5], [2.5, 2.5, 5]),
        ([0, 0], [0, 0]),
    ],
)
def test_cumulative_data_runs_and_fills_what_is_not_above_zero(values: Values, running: Values) -> None:
    assert data(CUMULATIVE, values) == running


@pytest.mark.parametrize(
    ("intervals", "values", "smoothed"),
    [
        (3, [4, 0, 6, 3], [4, 2, 3, 3]),
        (1, [4.5, 0, 6, 3], [4.5, 0, 6, 3]),
        (2, [4.9, 0, 0, 1], [4, 2, 0, 0]),
        (2, [-1, 0, -3], [-1, -1, -2]),
        (7, [7, 0, 2], [7, 3, 3]),
        (2, [None, 5, 5], [0, 2, 5]),
    ],
)
def test_smoothing_is_the_mean_of_the_last_intervals_rounded_down(
    intervals: int, values: Values, smoothed: Values
) -> None:
    assert data(replace(TREND, smoothing_intervals=intervals), values) == smoothed


def test_smoothing_comes_after_running_sums() -> None:
    assert data(replace(CUMULATIVE, smoothing_intervals=2), [1, 1, 1, 2]) == [1, 1, 2, 4]


def test_smoothing_leaves_totals_alone() -> None:
    assert series_rows(replace(TOTAL, smoothing_intervals=3), (7.5,)) == (SeriesRow(None, (), 7.5),)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=20), st.integers(2, 25))
def test_smoothed_data_is_whole_and_within_the_values(values: list[int], intervals: int) -> None:
    smoothed = data(replace(TREND, smoothing_intervals=intervals), values)
    assert len(smoothed) == len(values)
    assert smoothed[0] == values[0]
    for value in smoothed:
        assert value is not None
        assert value == int(value)
        assert min(values) <= value <= max(values)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_cumulative_data_of_counts_never_falls_and_ends_with_their_sum(values: list[int]) -> None:
    running = data(CUMULATIVE, values)
    assert running == sorted(running, key=lambda value: value or 0)
    assert running[-1] == sum(values)


def test_values_over_time_come_by_class_size_and_text() -> None:
    found = series_rows(
        replace(TREND, breakdowns=BY_CITY),
        (OTHER_VALUES, [0], [90.0]),
        (NO_VALUE, [0], [50.0]),
        ("b", [0, 1], [1.0, 1.0]),
        ("Z", [3], [2.0]),
        ("c", [3], [9.0]),
        ("a", [2], [2.0]),
    )
    assert [row.breakdown for row in found] == [(name,) for name in ("c", "Z", "a", "b", NO_VALUE, OTHER_VALUES)]
    assert found[0].data == (0.0, 0.0, 0.0, 9.0)
    assert found[3].data == (1.0, 1.0, 0.0, 0.0)


def test_values_of_one_total_come_by_class_size_and_text() -> None:
    found = series_rows(
        replace(TOTAL, breakdowns=BY_CITY),
        (OTHER_VALUES, 13.0),
        (NO_VALUE, 20.0),
        ("b", 10.0),
        ("nothing", None),
        ("a", 10.0),
    )
    assert [row.breakdown for row in found] == [(name,) for name in ("a", "b", "nothing", NO_VALUE, OTHER_VALUES)]
    assert [row.total for row in found] == [10.0, 10.0, None, 20.0, 13.0]


def test_values_of_several_breakdowns_are_ranked_by_any_of_them() -> None:
    found = series_rows(
        replace(TREND, breakdowns=(Breakdown("city"), Breakdown("plan"))),
        (OTHER_VALUES, OTHER_VALUES, [0], [99.0]),
        ("x", NO_VALUE, [0], [50.0]),
        (NO_VALUE, "x", [0], [60.0]),
        ("x", "y", [0], [1.0]),
    )
    assert [row.breakdown for row in found] == [
        ("x", "y"),
        (NO_VALUE, "x"),
        ("x", NO_VALUE),
        (OTHER_VALUES, OTHER_VALUES),
    ]


def test_cumulative_values_come_by_the_sum_of_their_running_sums() -> None:
    found = series_rows(replace(CUMULATIVE, breakdowns=BY_CITY), ("late", [3], [5.0]), ("early", [0], [2.0]))
    assert [(row.breakdown, row.data) for row in found] == [
        (("early",), (2.0, 2.0, 2.0, 2.0)),
        (("late",), (0.0, 0.0, 0.0, 5.0)),
    ]


def test_breakdown_values_are_strings_for_every_column_type() -> None:
    (row,) = series_rows(replace(TOTAL, breakdowns=BY_CITY), (12, 1.0))
    assert row.breakdown == ("12",)


@pytest.mark.parametrize(
    ("values", "total"),
    [
        ((), 0),
        ((1.5, None, 2), 3.5),
        ((0.1,) * 10, 1),
        ((None,), 0),
        ((-1, 1), 0),
        ((1e308, 1e308, -1e308), 1e308),
        ((1e308, 1e308), sys.float_info.max),
        ((-1e308, -1e308), -sys.float_info.max),
    ],
)
def test_sum_of_values_leaves_out_none(values: tuple[float | None, ...], total: float) -> None:
    assert sum_values(values) == total
