"""What each display makes of the same events."""

import pytest

from resolvers.trends.query import (
    Breakdown,
    EventSeries,
    Formula,
    Math,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from resolvers.trends.results import CompareLabel
from tests.support.seeds.events import Event, EventSeeds, data_of, only, series, total, trend

CUMULATIVE = TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
OVER_TIME = [display for display in TrendDisplay if not display.is_total]
ONE_TOTAL = [display for display in TrendDisplay if display.is_total]


async def _two_people(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [
            Event("sign up", "2020-01-09 10:00", 1),
            Event("sign up", "2020-01-11 10:00", 1),
            Event("sign up", "2020-01-11 12:00", 2),
        ]
    )


@pytest.mark.parametrize("display", [display for display in OVER_TIME if display is not CUMULATIVE])
async def test_display_over_time_has_a_value_per_bucket(seeds: EventSeeds, display: TrendDisplay) -> None:
    await _two_people(seeds)
    result = await seeds.run(trend(display=display))
    found = only(result)
    assert (found.data, found.count, found.aggregated_value) == ((1, 0, 2, 0), 3, None)
    assert found.days == result.days == ("2020-01-09", "2020-01-10", "2020-01-11", "2020-01-12")
    assert found.labels == ("9-Jan-2020", "10-Jan-2020", "11-Jan-2020", "12-Jan-2020")


@pytest.mark.parametrize("display", ONE_TOTAL)
async def test_display_of_one_total_has_no_buckets(seeds: EventSeeds, display: TrendDisplay) -> None:
    await _two_people(seeds)
    result = await seeds.run(trend(display=display, date_to="2020-01-12T23:00:00"))
    found = only(result)
    assert (found.aggregated_value, found.data, found.days, found.labels, found.count) == (3, (), (), (), 0)
    assert (result.days, result.labels) == ((), ())


@pytest.mark.parametrize("display", ONE_TOTAL)
async def test_total_of_no_events_is_a_row_of_zero(seeds: EventSeeds, display: TrendDisplay) -> None:
    for kind in (TrendMath.TOTAL, TrendMath.DAU, TrendMath.UNIQUE_SESSION):
        assert total(await seeds.run(trend(series(kind=kind), display=display))) == 0


@pytest.mark.parametrize(
    ("math", "expected"),
    [(TrendMath.DAU, (1, 1, 2, 2)), (TrendMath.TOTAL, (1, 1, 3, 3)), (TrendMath.UNIQUE_SESSION, (1, 1, 2, 2))],
)
async def test_cumulative_counts_a_person_once(
    seeds: EventSeeds, math: TrendMath, expected: tuple[float, ...]
) -> None:
    await _two_people(seeds)
    found = only(await seeds.run(trend(series(kind=math), display=CUMULATIVE)))
    assert (found.data, found.count) == (expected, expected[-1])


async def test_cumulative_counts_a_group_once(seeds: EventSeeds) -> None:
    days = {"2020-01-09": "a", "2020-01-11": "a", "2020-01-12": "b", "2020-01-10": None}
    await seeds.add_events([Event("sign up", day, 1, {"$group_0": key}) for day, key in days.items()])
    asked = EventSeries("sign up", Math(TrendMath.UNIQUE_GROUP, group_type_index=0))
    assert data_of(await seeds.run(trend(asked, display=CUMULATIVE))) == (1, 1, 1, 2)


async def test_cumulative_dau_counts_a_merged_person_once(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    await seeds.merge({2: 1})
    assert data_of(await seeds.run(trend(series(kind=TrendMath.DAU), display=CUMULATIVE))) == (1, 1, 1, 1)


async def test_cumulative_dau_counts_a_person_once_per_breakdown_value(seeds: EventSeeds) -> None:
    values = {"2020-01-09": "a", "2020-01-10": "b", "2020-01-11": "a"}
    await seeds.add_events([Event("sign up", day, 1, {"x": value}) for day, value in values.items()])
    asked = trend(series(kind=TrendMath.DAU), display=CUMULATIVE, breakdowns=(Breakdown("x"),))
    result = await seeds.run(asked)
    assert {found.label: found.data for found in result.series} == {"a": (1, 1, 1, 1), "b": (0, 1, 1, 1)}


async def test_cumulative_hides_negative_running_sums(seeds: EventSeeds) -> None:
    for day, price in {"2020-01-09": 5, "2020-01-11": -7, "2020-01-12": 1}.items():
        await seeds.add_events([Event("paid", day, 1, {"price": price})])
    asked = trend(series("paid", TrendMath.SUM, "price"), display=CUMULATIVE)
    found = only(await seeds.run(asked))
    assert (found.data, found.count) == ((5, 5, 5, 5), 5)


async def test_cumulative_adds_up_averages(seeds: EventSeeds) -> None:
    for day, price in (("2020-01-09", 10), ("2020-01-09", 20), ("2020-01-11", 5)):
        await seeds.add_events([Event("paid", day, 1, {"price": price})])
    asked = trend(series("paid", TrendMath.AVG, "price"), display=CUMULATIVE)
    assert data_of(await seeds.run(asked)) == (15, 15, 20, 20)


async def test_cumulative_leading_zeros_stay(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-11")])
    assert data_of(await seeds.run(trend(display=CUMULATIVE))) == (0, 0, 1, 1)


async def test_smoothing_floors_the_mean_of_the_last_values(seeds: EventSeeds) -> None:
    counts = {"2020-01-09": 4, "2020-01-11": 6, "2020-01-12": 3}
    await seeds.add_events([Event("sign up", day) for day, count in counts.items() for _ in range(count)])
    assert data_of(await seeds.run(trend())) == (4, 0, 6, 3)
    assert data_of(await seeds.run(trend(smoothing_intervals=3))) == (4, 2, 3, 3)
    assert data_of(await seeds.run(trend(smoothing_intervals=2))) == (4, 2, 3, 4)
    smoothed = trend(smoothing_intervals=2, display=CUMULATIVE)
    assert data_of(await seeds.run(smoothed)) == (4, 4, 7, 11)


async def test_bold_number_has_the_exact_range(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", at) for at in ("2020-01-14 13:05:00", "2020-01-14 13:05:01", "2020-01-15 13:05:01")]
        + [Event("sign up", "2020-01-15 13:05:02")]
    )
    relative = {"date_from": "-1d", "date_to": None}
    assert total(await seeds.run(trend(display=TrendDisplay.BOLD_NUMBER, **relative))) == 2
    assert total(await seeds.run(trend(display=TrendDisplay.ACTIONS_PIE, **relative))) == 4


async def test_total_has_whole_days_except_by_hour_and_minute(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-12 23:59:59"), Event("sign up", "2020-01-12 23:59:59.5")])
    for interval in (TrendInterval.DAY, TrendInterval.WEEK, TrendInterval.MONTH):
        asked = trend(display=TrendDisplay.ACTIONS_TABLE, interval=interval)
        assert total(await seeds.run(asked)) == 1, "the last fraction of the last second is not read"
    by_hour = trend(display=TrendDisplay.ACTIONS_TABLE, interval=TrendInterval.HOUR)
    assert total(await seeds.run(by_hour)) == 0, "as in a chart, an absolute end is taken as it is"


async def test_compare_repeats_every_series_for_the_days_before(seeds: EventSeeds) -> None:
    days = ("2020-01-05", "2020-01-05", "2020-01-08", "2020-01-09")
    await seeds.add_events([Event("a", day) for day in days])
    result = await seeds.run(trend(series("a"), series("b"), compare=True))
    assert [(found.label, found.compare_label, found.data) for found in result.series] == [
        ("a", CompareLabel.CURRENT, (1, 0, 0, 0)),
        ("b", CompareLabel.CURRENT, (0, 0, 0, 0)),
        ("a", CompareLabel.PREVIOUS, (2, 0, 0, 1)),
        ("b", CompareLabel.PREVIOUS, (0, 0, 0, 0)),
    ]
    assert result.series[2].days == ("2020-01-05", "2020-01-06", "2020-01-07", "2020-01-08")


async def test_formula_over_time_and_of_totals(seeds: EventSeeds) -> None:
    counts = {("a", "2020-01-09"): 4, ("a", "2020-01-11"): 6, ("b", "2020-01-09"): 2, ("b", "2020-01-11"): 3}
    await seeds.add_events([Event(name, day) for (name, day), count in counts.items() for _ in range(count)])
    of = (series("a"), series("b"))
    result = await seeds.run(trend(*of, formulas=(Formula("A/B"), Formula("a + 2*b", "sum"))))
    assert [(found.label, found.data, found.count) for found in result.series] == [
        ("Formula (A/B)", (2, 0, 2, 0), 4),
        ("sum", (8, 0, 12, 0), 20),
    ]
    once = await seeds.run(trend(*of, formulas=(Formula("A/B"),), display=TrendDisplay.ACTIONS_PIE))
    assert total(once) == 2


async def test_statistics_and_sql_describe_the_query(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    result = await seeds.run(trend(series(), series("b"), compare=True, breakdowns=(Breakdown("x"),)))
    assert result.statistics.queries == 4
    assert result.statistics.rows_read > 0
    assert result.sql.count("-- p0 ") == 4
