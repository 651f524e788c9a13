"""Trends of random small sets of events equal those computed in plain Python."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from datasource.metadata.records import WeekStartDay
from resolvers.trends.query import Breakdown, EventSeries, Math, TrendInterval, TrendMath, TrendQuery
from resolvers.trends.results import CompareLabel, SeriesResult
from tests.resolvers.trends.recomputation.recompute import CLOCK_STEPS, StoredRows, bucket_starts, recompute
from tests.resolvers.trends.recomputation.strategies import EXACT_MATHS, SLOW, ZONES, queries, store, stored_rows


def _data_of(found: SeriesResult) -> tuple[str | None, list[float | None]]:
    value = None if found.breakdown_value is None else found.breakdown_value[0]
    return value, list(found.data) or [found.aggregated_value]


@SLOW
@given(rows=stored_rows, query=queries(), zone=st.sampled_from(ZONES), week_start=st.sampled_from(WeekStartDay))
async def test_result_equals_the_plain_computation(
    engine: Engine, rows: StoredRows, query: TrendQuery, zone: str, week_start: WeekStartDay
) -> None:
    seeds = await store(engine, rows, zone, week_start)
    result = await seeds.run(query)
    for index, series in enumerate(query.series):
        assert isinstance(series, EventSeries)
        found = [_data_of(each) for each in result.series if each.order == index]
        expected = recompute(rows, query, series, seeds.project)
        if series.math.kind not in EXACT_MATHS:  # floating-point sums in another order may change ties
            found, expected = sorted(found, key=_repr_of_value), sorted(expected, key=_repr_of_value)
        assert [value for value, _ in found] == [value for value, _ in expected]
        for (_, data), (_, expected_data) in zip(found, expected, strict=True):
            assert data == pytest.approx(expected_data)
    if not query.display.is_total:
        form = "%Y-%m-%d %H:%M:%S" if query.interval in CLOCK_STEPS else "%Y-%m-%d"
        assert result.days == tuple(f"{start:{form}}" for start in bucket_starts(query, seeds.project))


def _repr_of_value(data: tuple[str | None, list[float | None]]) -> str:
    return repr(data[0])


@settings(SLOW, max_examples=10)
@given(rows=stored_rows, query=queries(), zone=st.sampled_from(ZONES))
async def test_breakdown_of_an_additive_math_adds_up_to_the_whole(
    engine: Engine, rows: StoredRows, query: TrendQuery, zone: str
) -> None:
    seeds = await store(engine, rows, zone)
    maths = (Math(TrendMath.TOTAL), Math(TrendMath.SUM, "n"))
    additive = replace(query, series=tuple(EventSeries("e", math) for math in maths))
    whole = await seeds.run(replace(additive, breakdowns=()))
    split = await seeds.run(replace(additive, breakdowns=(Breakdown("x"),)))
    for index, expected in enumerate(whole.series):
        data = [_data_of(each)[1] for each in split.series if each.order == index]
        zeros: list[float | None] = [0.0] * len(_data_of(expected)[1])
        added = [sum(value or 0.0 for value in column) for column in zip(zeros, *data, strict=True)]
        assert added == pytest.approx(_data_of(expected)[1])


@settings(SLOW, max_examples=10)
@given(
    rows=stored_rows,
    query=queries(),
    zone=st.sampled_from(ZONES),
    compare_to=st.sampled_from((None, "-1m", "-1y")),
)
async def test_current_period_of_a_comparison_is_the_plain_result(
    engine: Engine, rows: StoredRows, query: TrendQuery, zone: str, compare_to: str | None
) -> None:
    seeds = await store(engine, rows, zone)
    plain = await seeds.run(query)
    if query.interval in (TrendInterval.QUARTER, TrendInterval.YEAR) and compare_to == "-1m":
        compare_to = "-1y"  # quarters and years correspond only after whole ones
    compared = await seeds.run(replace(query, compare=True, compare_to=compare_to))
    current = [
        replace(each, compare_label=None) for each in compared.series if each.compare_label is CompareLabel.CURRENT
    ]
    assert tuple(current) == plain.series
    assert (compared.days, compared.labels) == (plain.days, plain.labels)
