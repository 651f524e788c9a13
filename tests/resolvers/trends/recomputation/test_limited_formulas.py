"""Formulas over limited breakdowns of random events equal those computed in plain Python."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from resolvers.trends.breakdowns import OTHER_VALUES
from resolvers.trends.query import EventSeries, Formula, Math, TrendDisplay, TrendInterval, TrendQuery
from resolvers.trends.results import CompareLabel
from tests.resolvers.trends.recomputation.limited_formulas import recompute_formula
from tests.resolvers.trends.recomputation.recompute import StoredRows
from tests.resolvers.trends.recomputation.strategies import (
    EXACT_MATHS,
    FIRST,
    SLOW,
    ZONES,
    breakdowns,
    groups,
    store,
    stored_rows,
)

DISPLAYS = (
    TrendDisplay.ACTIONS_LINE_GRAPH,
    TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE,
    TrendDisplay.ACTIONS_TABLE,
)
FORMULAS: dict[str, Callable[..., float]] = {
    "A / B": lambda a, b, *_: a / b if b else 0.0,
    "A - 2 * B": lambda a, b, *_: a - 2 * b,
    "b": lambda *series: series[1],
    "A % (B + 1)": lambda a, b, *_: a % (b + 1) if b + 1 else 0.0,
}


@st.composite
def queries(draw: st.DrawFn) -> TrendQuery:
    """Queries of formulas of two or three series by the largest values; by day also compared."""
    maths = st.builds(Math, st.sampled_from(EXACT_MATHS), st.just("n"))
    series = st.builds(EventSeries, st.sampled_from(("e", "f", None)), maths, groups)
    compare = draw(st.booleans())
    start = FIRST.date() + timedelta(days=draw(st.integers(-1, 5)))
    end = start + timedelta(days=draw(st.integers(0, 6)))
    intervals = (TrendInterval.DAY,) if compare else (TrendInterval.DAY, TrendInterval.WEEK, TrendInterval.MONTH)
    return TrendQuery(
        series=tuple(draw(st.lists(series, min_size=2, max_size=3))),
        date_from=start.isoformat(),
        date_to=end.isoformat(),
        interval=draw(st.sampled_from(intervals)),
        display=draw(st.sampled_from(DISPLAYS)),
        breakdowns=(draw(breakdowns),),
        breakdown_limit=draw(st.integers(1, 4)),
        smoothing_intervals=draw(st.sampled_from((1, 1, 2, 3, 7))),
        compare=compare,
        formulas=tuple(map(Formula, FORMULAS)),
    )


def _periods(query: TrendQuery) -> dict[CompareLabel | None, TrendQuery]:
    if not query.compare:
        return {None: query}
    start, end = (date.fromisoformat(str(text)) for text in (query.date_from, query.date_to))
    length = end - start + timedelta(days=1)
    before = replace(query, date_from=(start - length).isoformat(), date_to=(end - length).isoformat())
    return {CompareLabel.CURRENT: query, CompareLabel.PREVIOUS: before}


@settings(SLOW, max_examples=80)
@given(rows=stored_rows, query=queries(), zone=st.sampled_from(ZONES))
async def test_formula_over_a_limited_breakdown_equals_the_plain_computation(
    engine: Engine, rows: StoredRows, query: TrendQuery, zone: str
) -> None:
    seeds = await store(engine, rows, zone)
    result = await seeds.run(query)
    has_more = False
    for label, period in _periods(query).items():
        for order, formula in enumerate(FORMULAS.values()):
            expected = recompute_formula(rows, period, seeds.project, formula)
            lines = [line for line in result.series if (line.order, line.compare_label) == (order, label)]
            found = {
                line.breakdown_value[0]: [*line.data] or [line.aggregated_value]
                for line in lines
                if line.breakdown_value
            }
            assert found.keys() == expected.keys()
            for value, data in expected.items():
                assert found[value] == pytest.approx(data)
            has_more = has_more or OTHER_VALUES in expected
    assert result.has_more is has_more
