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
from resolvers.trends.compile import Part, Period
from resolvers.trends.dates import read_range
from resolvers.trends.lines import Line, read_lines, sum_figures
from resolvers.trends.query import Breakdown, TrendDisplay, TrendQuery
from tests.support.clock import TREND, wednesday

CUMULATIVE = replace(TREND, display=TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE)
TOTAL = replace(TREND, display=TrendDisplay.ACTIONS_PIE)
BY_CITY = (Breakdown("city"),)
Figures = Sequence[float | None]


def lines(query: TrendQuery, *rows: Sequence[object], days: int = 4) -> tuple[Line, ...]:
    """The lines of an answer of those rows, over so many days."""
    range_ = read_range(replace(query, date_from="2020-01-01", date_to=f"2020-01-{days:02}"), wednesday())
    buckets = None if query.display.is_total else Buckets.of(range_, ZoneInfo("UTC"), WeekStartDay.SUNDAY)
    width = 2 if buckets is not None else 1
    columns = tuple(list(column) for column in zip(*rows, strict=True)) or ([],) * (len(query.breakdowns) + width)
    result = QueryResult(tuple(f"c{n}" for n in range(len(columns))), columns, 0, 0, 0.0)
    return read_lines(Part(0, Period(range_, buckets, (), (), None), Select(())), result, query)


def data(query: TrendQuery, figures: Figures) -> list[float | None]:
    """What becomes of these figures of the first days."""
    (line,) = lines(query, *enumerate(figures), days=len(figures))
    return list(line.data)


def test_buckets_without_events_are_zero() -> None:
    assert lines(TREND, (2, 5.0), (0, 3.0)) == (Line(None, (3.0, 0.0, 5.0, 0.0)),)


def test_series_without_events_is_a_line_of_zeros() -> None:
    assert lines(TREND) == (Line(None, (0.0, 0.0, 0.0, 0.0)),)


def test_breakdown_without_events_has_no_lines() -> None:
    assert lines(replace(TREND, breakdowns=BY_CITY)) == ()
    assert lines(replace(TOTAL, breakdowns=BY_CITY)) == ()


@pytest.mark.parametrize("figure", [7.0, 0.0, None])
def test_total_is_one_figure_and_no_data(figure: float | None) -> None:
    assert lines(TOTAL, (figure,)) == (Line(None, (), figure),)


@pytest.mark.parametrize(
    ("figures", "running"),
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
def test_cumulative_data_runs_and_fills_what_is_not_above_zero(figures: Figures, running: Figures) -> None:
    assert data(CUMULATIVE, figures) == running


@pytest.mark.parametrize(
    ("intervals", "figures", "smoothed"),
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
    intervals: int, figures: Figures, smoothed: Figures
) -> None:
    assert data(replace(TREND, smoothing_intervals=intervals), figures) == smoothed


def test_smoothing_comes_after_running_sums() -> None:
    assert data(replace(CUMULATIVE, smoothing_intervals=2), [1, 1, 1, 2]) == [1, 1, 2, 4]


def test_smoothing_leaves_totals_alone() -> None:
    assert lines(replace(TOTAL, smoothing_intervals=3), (7.5,)) == (Line(None, (), 7.5),)


@given(st.lists(st.integers(-100, 100), min_size=1, max_size=20), st.integers(2, 25))
def test_smoothed_data_is_whole_and_within_the_figures(figures: list[int], intervals: int) -> None:
    smoothed = data(replace(TREND, smoothing_intervals=intervals), figures)
    assert len(smoothed) == len(figures)
    assert smoothed[0] == figures[0]
    for figure in smoothed:
        assert figure is not None
        assert figure == int(figure)
        assert min(figures) <= figure <= max(figures)


@given(st.lists(st.integers(0, 100), min_size=1, max_size=20))
def test_cumulative_data_of_counts_never_falls_and_ends_with_their_sum(figures: list[int]) -> None:
    running = data(CUMULATIVE, figures)
    assert running == sorted(running, key=lambda figure: figure or 0)
    assert running[-1] == sum(figures)


def test_values_over_time_come_by_class_size_and_text() -> None:
    found = lines(
        replace(TREND, breakdowns=BY_CITY),
        (OTHER_VALUES, [0], [90.0]),
        (NO_VALUE, [0], [50.0]),
        ("b", [0, 1], [1.0, 1.0]),
        ("Z", [3], [2.0]),
        ("c", [3], [9.0]),
        ("a", [2], [2.0]),
    )
    assert [line.value for line in found] == [(name,) for name in ("c", "Z", "a", "b", NO_VALUE, OTHER_VALUES)]
    assert found[0].data == (0.0, 0.0, 0.0, 9.0)
    assert found[3].data == (1.0, 1.0, 0.0, 0.0)


def test_values_of_one_total_come_by_class_size_and_text() -> None:
    found = lines(
        replace(TOTAL, breakdowns=BY_CITY),
        (OTHER_VALUES, 13.0),
        (NO_VALUE, 20.0),
        ("b", 10.0),
        ("nothing", None),
        ("a", 10.0),
    )
    assert [line.value for line in found] == [(name,) for name in ("a", "b", "nothing", NO_VALUE, OTHER_VALUES)]
    assert [line.total for line in found] == [10.0, 10.0, None, 20.0, 13.0]


def test_values_of_several_breakdowns_are_ranked_by_any_of_them() -> None:
    found = lines(
        replace(TREND, breakdowns=(Breakdown("city"), Breakdown("plan"))),
        (OTHER_VALUES, OTHER_VALUES, [0], [99.0]),
        ("x", NO_VALUE, [0], [50.0]),
        (NO_VALUE, "x", [0], [60.0]),
        ("x", "y", [0], [1.0]),
    )
    assert [line.value for line in found] == [
        ("x", "y"),
        (NO_VALUE, "x"),
        ("x", NO_VALUE),
        (OTHER_VALUES, OTHER_VALUES),
    ]


def test_cumulative_values_come_by_the_sum_of_their_running_sums() -> None:
    found = lines(replace(CUMULATIVE, breakdowns=BY_CITY), ("late", [3], [5.0]), ("early", [0], [2.0]))
    assert [(line.value, line.data) for line in found] == [
        (("early",), (2.0, 2.0, 2.0, 2.0)),
        (("late",), (0.0, 0.0, 0.0, 5.0)),
    ]


def test_values_are_texts_whatever_the_column_holds() -> None:
    (line,) = lines(replace(TOTAL, breakdowns=BY_CITY), (12, 1.0))
    assert line.value == ("12",)


@pytest.mark.parametrize(
    ("figures", "total"), [((), 0), ((1.5, None, 2), 3.5), ((0.1,) * 10, 1), ((None,), 0), ((-1, 1), 0)]
)
def test_sum_of_figures_leaves_out_what_is_no_number(figures: tuple[float | None, ...], total: float) -> None:
    assert sum_figures(figures) == total
