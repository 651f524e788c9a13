"""How much a trend is, and that more figures than the limit are refused before anything is assembled."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from datasource.clickhouse.engine import Limits
from datasource.clickhouse.errors import ResultTooLarge
from datasource.layouts.native import NativeLayout
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    FilterGroup,
    Formula,
    PropertyFilter,
    TrendDisplay,
    TrendInterval,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.results import TrendResult
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.size import TrendSize
from tests.support.seeds.events import NOW, Event, EventSeeds, series, trend

BY_X: Mapping[str, Any] = {"breakdowns": (Breakdown("x"),)}
TWO_VALUES = FilterGroup(children=(PropertyFilter("x", ("a", "b")),))
COHORTS = tuple(Breakdown(str(number), BreakdownType.COHORT) for number in range(1, 4))
FORMULAS = (Formula("A + B"), Formula("A - B"), Formula("A"))


async def run_limited(seeds: EventSeeds, query: TrendQuery, max_figures: int) -> TrendResult:
    source = TrendSource(seeds.engine, NativeLayout(), Limits(seconds=20), max_figures=max_figures)
    return await run_trend(resolve(query, seeds.project, NOW), source)


@pytest.fixture
async def shop(seeds: EventSeeds) -> EventSeeds:
    """Three values of x by `sign up`, of which `pay` has one, on four days."""
    events = [("sign up", "a"), ("sign up", "b"), ("sign up", "c"), ("pay", "a")]
    await seeds.add_events([Event(name, "2020-01-10", 1, {"x": value}) for name, value in events])
    return seeds


@pytest.mark.parametrize(
    ("query", "figures"),
    [
        (trend(), 4),
        (trend(series(), series("pay")), 2 * 4),
        (trend(compare=True), 2 * 4),
        (trend(interval=TrendInterval.HOUR, date_to="2020-01-12T23:30:00"), 96),
        (trend(display=TrendDisplay.BOLD_NUMBER), 1),
        (trend(**BY_X), 3 * 4),
        (trend(**BY_X, breakdown_limit=1), 2 * 4),
        (trend(**BY_X, display=TrendDisplay.ACTIONS_TABLE), 3),
        (trend(series(), series("pay"), formulas=FORMULAS), (2 + 3) * 4),
        (trend(series("no such"), **BY_X), 0),
    ],
)
async def test_trend_has_as_many_figures_as_its_limit(shop: EventSeeds, query: TrendQuery, figures: int) -> None:
    await run_limited(shop, query, figures)
    if not figures:
        return
    with pytest.raises(ResultTooLarge) as refused:
        await run_limited(shop, query, figures - 1)
    assert refused.value.message == f"The trend has {figures} figures; the limit is {figures - 1}."
    assert {name: refused.value.details[name] for name in ("limit", "actual", "unit")} == {
        "limit": figures - 1,
        "actual": figures,
        "unit": "figures",
    }


async def test_figures_are_counted_as_statements_arrive(shop: EventSeeds) -> None:
    query = trend(*[series()] * 24, **BY_X)  # 12 figures each
    with pytest.raises(ResultTooLarge) as refused:
        await run_limited(shop, query, 30)
    assert refused.value.message == "The trend has at least 36 figures; the limit is 30."


async def test_lines_behind_formulas_of_a_breakdown_count(shop: EventSeeds) -> None:
    query = trend(series(), series("pay"), **BY_X, formulas=FORMULAS)
    result = await run_limited(shop, query, 1000)
    with pytest.raises(ResultTooLarge) as refused:
        await run_limited(shop, query, 1)
    formulas = 4 * len(result.series)
    behind = refused.value.details["actual"]
    assert isinstance(behind, int)
    assert formulas + 4 * 4 <= behind <= formulas + 2 * 3 * 4  # with or without lines of zeros


async def test_result_of_a_statement_is_limited_before_its_rows_are_read(shop: EventSeeds) -> None:
    query = trend(**BY_X, breakdown_limit=1000)
    with pytest.raises(ResultTooLarge) as refused:
        await run_limited(shop, query, -(4 * 1024**2 // 20))  # leaves a few bytes for the result
    assert refused.value.details["unit"] == "bytes"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (trend(), TrendSize(statements=1, lines=1, buckets=4)),
        (trend(series(), series(), compare=True), TrendSize(statements=4, lines=4, buckets=4)),
        (trend(**BY_X), TrendSize(statements=1, lines=26, buckets=4)),
        (trend(**BY_X, breakdown_limit=3, compare=True), TrendSize(statements=2, lines=8, buckets=4)),
        (trend(**BY_X, display=TrendDisplay.WORLD_MAP), TrendSize(statements=1, lines=251, buckets=1)),
        (trend(series(), series(), breakdowns=COHORTS), TrendSize(statements=6, lines=6, buckets=4)),
        (
            trend(series(), series(), formulas=FORMULAS),
            TrendSize(statements=2, lines=3, hidden_lines=2, buckets=4),
        ),
        (trend(date_from="all"), TrendSize(statements=1, lines=1, buckets=1)),
        (
            trend(replace(series(), filters=TWO_VALUES), series(), filters=TWO_VALUES, compare=True),
            TrendSize(statements=4, lines=4, buckets=4, filter_values=2 * (2 + 2 + 2)),
        ),
    ],
)
def test_size_is_known_before_the_trend_runs(seeds: EventSeeds, query: TrendQuery, expected: TrendSize) -> None:
    assert TrendSize.of(resolve(query, seeds.project, NOW)) == expected
