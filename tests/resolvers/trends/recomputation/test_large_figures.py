"""Figures of numbers that a float cannot hold exactly, or at all, in every display."""

import math
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from resolvers.trends.query import Breakdown, EventSeries, Formula, Math, TrendDisplay, TrendMath, TrendQuery
from tests.resolvers.trends.recomputation.strategies import SLOW
from tests.support.seeds.events import Event, EventSeeds, trend

MATHS = (TrendMath.SUM, TrendMath.MIN, TrendMath.MAX, TrendMath.AVG, TrendMath.MEDIAN, TrendMath.P99)
LARGE = (2**53, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, 1_700_000_000_123_456_789)

numbers = st.one_of(
    st.integers(-(2**64), 2**64),
    st.sampled_from(LARGE),
    st.sampled_from(LARGE).map(str),
    st.sampled_from((1e300, -1e308, 1.7e308, 0.5)),
)
queries = st.builds(
    lambda display, breakdowns, formulas: trend(display=display, breakdowns=breakdowns, formulas=formulas),
    st.sampled_from(TrendDisplay),
    st.sampled_from(((), (Breakdown("city"),))),
    st.sampled_from(((), (Formula("A"),))),
)


def _expected(kind: TrendMath, values: list[float]) -> float | None:
    """The figure, or None for one beyond the floats."""
    exact = sorted(map(Fraction, values))
    match kind:
        case TrendMath.MIN:
            result = exact[0]
        case TrendMath.MAX:
            result = exact[-1]
        case TrendMath.SUM | TrendMath.AVG:
            total = sum(exact, Fraction(0))
            if _too_large(total) or _too_large(sum(map(abs, exact), Fraction(0))):
                return None
            result = total if kind is TrendMath.SUM else total / len(exact)
        case _:
            rank = Fraction("0.5" if kind is TrendMath.MEDIAN else "0.99") * (len(exact) - 1)
            low = int(rank)
            high = min(low + 1, len(exact) - 1)
            result = exact[low] + (exact[high] - exact[low]) * (rank - low)
    return float(result)


def _too_large(number: Fraction) -> bool:
    try:
        float(number)
    except OverflowError:
        return True
    return False


@settings(SLOW, max_examples=60)
@given(values=st.lists(numbers, min_size=1, max_size=5), kind=st.sampled_from(MATHS), query=queries)
async def test_figures_of_large_numbers_are_floats_in_every_display(
    engine: Engine, values: list[int | float | str], kind: TrendMath, query: TrendQuery
) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_events([Event("paid", "2020-01-10", 1, {"n": value, "city": "x"}) for value in values])
    (series,) = (await seeds.run(replace(query, series=(EventSeries("paid", Math(kind, "n")),)))).series
    figures = [figure for figure in (*series.data, series.count, series.aggregated_value) if figure is not None]
    assert all(type(figure) is float for figure in figures)
    assert all(math.isfinite(figure) for figure in figures)
    found = series.aggregated_value if query.display.is_total else series.data[1]
    expected = _expected(kind, [float(value) for value in values])
    if expected is not None:
        if query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
            expected = max(expected, 0.0)
        largest = max(abs(float(value)) for value in values)
        assert found == pytest.approx(expected, rel=1e-12, abs=largest * 1e-12)
    elif kind is TrendMath.SUM:
        # To a formula, a bucket without a number is 0, and so is a running total below 0.
        is_running = query.display is TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
        assert found == (0.0 if query.formulas else None) or (is_running and found == 0.0)
