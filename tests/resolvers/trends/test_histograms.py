"""Bins of numbers: they reach over the events that enter a figure."""

import pytest

from resolvers.trends.breakdowns import NO_VALUE
from resolvers.trends.query import (
    Breakdown,
    EventSeries,
    FilterGroup,
    Formula,
    Math,
    PropertyFilter,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from resolvers.trends.results import CompareLabel
from tests.support.seeds.events import Event, EventSeeds, Value, by_value, series, totals_by_value, trend

LINE, PIE = TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE
KEY = "$group_0"
GROUPS = (Math(TrendMath.UNIQUE_GROUP, group_type_index=0), Math(TrendMath.DAU, group_type_index=0))


def _bins(*of: EventSeries, bins: int = 2, **parts: object) -> TrendQuery:
    return trend(*of, breakdowns=(Breakdown("x", histogram_bin_count=bins),), **parts)


async def _add(seeds: EventSeeds, *events: tuple[str, int, Value], name: str = "sign up", **more: Value) -> None:
    """Store events: at a time of January 2020, of a person, with a value."""
    await seeds.add_events([Event(name, f"2020-01-{at}", who, {"x": value, **more}) for at, who, value in events])


@pytest.mark.parametrize(
    ("values", "bins", "expected"),
    [
        ((10, 20, 30, 40), 4, {"[10,17.5]": 1, "[17.5,25]": 1, "[25,32.5]": 1, "[32.5,40.01]": 1}),
        ((7, 7, "x", None), 2, {"[7,7.01]": 2, NO_VALUE: 2}),
        ((-1, "0.5", 2), 2, {"[-1,0.5]": 1, "[0.5,2.01]": 2}),
        (("x", None), 3, {NO_VALUE: 2}),
    ],
)
@pytest.mark.parametrize("kind", [TrendMath.TOTAL, TrendMath.DAU, TrendMath.MAX_COUNT_PER_ACTOR])
async def test_bins_reach_from_the_smallest_to_the_largest(
    seeds: EventSeeds, kind: TrendMath, values: tuple[Value, ...], bins: int, expected: dict[str, int]
) -> None:
    await _add(seeds, *(("10", who, value) for who, value in enumerate(values)))
    found = by_value(await seeds.run(_bins(series(kind=kind), bins=bins)))
    persons = dict.fromkeys(expected, 1) if kind is TrendMath.MAX_COUNT_PER_ACTOR else expected
    assert {value: data[1] for value, data in found.items()} == persons


@pytest.mark.parametrize("math", GROUPS)
@pytest.mark.parametrize("display", [LINE, PIE, TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE])
async def test_bins_of_group_maths_leave_out_events_without_a_group(
    seeds: EventSeeds, math: Math, display: TrendDisplay
) -> None:
    await _add(seeds, ("10", 1, 10), ("10", 2, 20), **{KEY: "acme"})
    await _add(seeds, ("10", 1, 0), ("10", 1, 1000))
    found = await seeds.run(_bins(EventSeries("sign up", math), display=display))
    assert {line.label: line.aggregated_value or line.data[1] for line in found.series} == {
        "[10,15]": 1,
        "[15,20.01]": 1,
    }


async def test_bins_of_active_users_reach_over_the_windows_also_before_the_range(seeds: EventSeeds) -> None:
    # The window of 9 January begins with 3 January.
    await _add(seeds, ("02 23:59", 1, -100), ("03 00:00", 2, 0), ("12", 3, 10), ("13", 4, 500))
    weekly = await seeds.run(_bins(series(kind=TrendMath.WEEKLY_ACTIVE)))
    assert by_value(weekly) == {"[0,5]": (1, 0, 0, 0), "[5,10.01]": (0, 0, 0, 1)}


async def test_bins_of_active_users_by_hour_reach_over_the_windows(seeds: EventSeeds) -> None:
    await _add(seeds, ("02 09:59", 1, -100), ("02 12:00", 2, 0), ("09 10:30", 3, 10), ("09 11:00", 4, 500))
    asked = _bins(
        series(kind=TrendMath.WEEKLY_ACTIVE),
        interval=TrendInterval.HOUR,
        date_from="2020-01-09T10:00:00",
        date_to="2020-01-09T10:59:59",
    )
    assert by_value(await seeds.run(asked)) == {"[0,5]": (1,), "[5,10.01]": (1,)}


async def test_bins_of_active_users_by_week_end_with_the_first_day_of_the_last_week(seeds: EventSeeds) -> None:
    # The last week begins on 12 January. Events after it are in no window.
    await _add(seeds, ("05", 1, 0), ("12 23:00", 2, 10), ("13", 3, 500))
    asked = _bins(
        series(kind=TrendMath.MONTHLY_ACTIVE),
        interval=TrendInterval.WEEK,
        date_from="2020-01-05",
        date_to="2020-01-15",
    )
    assert by_value(await seeds.run(asked)) == {"[0,5]": (1, 1), "[5,10.01]": (0, 1)}


async def test_bins_of_active_users_in_total_reach_over_the_last_window(seeds: EventSeeds) -> None:
    await _add(seeds, ("05", 1, -100), ("06", 2, 0), ("12", 3, 10))
    asked = _bins(series(kind=TrendMath.WEEKLY_ACTIVE), date_from="2020-01-01", display=PIE)
    assert totals_by_value(await seeds.run(asked)) == {"[0,5]": 1, "[5,10.01]": 1}


@pytest.mark.parametrize("kind", [TrendMath.FIRST_TIME_FOR_USER, TrendMath.FIRST_MATCHING_EVENT_FOR_USER])
@pytest.mark.parametrize("display", [LINE, PIE])
async def test_bins_of_first_times_are_made_of_one_event_for_each_person(
    seeds: EventSeeds, kind: TrendMath, display: TrendDisplay
) -> None:
    await _add(seeds, ("01", 1, -100), ("10", 1, 5000))  # the first time was before the range
    await _add(seeds, ("09", 2, 10), ("10", 2, 1000), ("11", 3, 20), ("11 01:00", 3, -1000))
    await _add(seeds, ("09", 4, None), ("10", 4, 7000))  # the first time is without a number
    found = await seeds.run(_bins(series(kind=kind), display=display))
    assert {line.label: line.aggregated_value or line.count for line in found.series} == {
        "[10,15]": 1,
        "[15,20.01]": 1,
        NO_VALUE: 1,
    }


async def test_bins_of_counts_per_person_begin_with_the_range_itself(seeds: EventSeeds) -> None:
    await _add(seeds, ("09 11:00", 1, 0), ("09 13:00", 1, 10), ("10", 1, 20))
    per_person = _bins(series(kind=TrendMath.AVG_COUNT_PER_ACTOR), date_from="2020-01-09T12:00:00")
    assert list(by_value(await seeds.run(per_person))) == ["[10,15]", "[15,20.01]"]
    total = _bins(series(), date_from="2020-01-09T12:00:00")
    assert list(by_value(await seeds.run(total))) == ["[10,20.01]", "[0,10]"]


@pytest.mark.parametrize(
    "math",
    [
        Math(TrendMath.SUM, "n"),
        Math(TrendMath.MEDIAN, "n"),
        Math(TrendMath.MAX, "$session_duration", PropertyType.SESSION),
        Math(TrendMath.HOGQL, expression="sum(properties.n)"),
        Math(TrendMath.UNIQUE_SESSION),
    ],
)
async def test_bins_of_property_maths_include_events_without_the_property(seeds: EventSeeds, math: Math) -> None:
    await _add(seeds, ("10", 1, 0))
    await _add(seeds, ("10", 1, 10), n=7)
    found = by_value(await seeds.run(_bins(EventSeries("sign up", math))))
    assert sorted(found) == ["[0,5]", "[5,10.01]"]


async def test_bins_of_a_cumulative_line_include_events_that_do_not_count_again(seeds: EventSeeds) -> None:
    await _add(seeds, ("09", 1, 10), ("10", 1, 0), ("11", 1, 10))
    asked = _bins(series(kind=TrendMath.DAU), display=TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE)
    assert by_value(await seeds.run(asked)) == {"[5,10.01]": (1, 1, 1, 1), "[0,5]": (0, 1, 1, 1)}


async def test_bins_of_a_formula_are_made_from_all_series(seeds: EventSeeds) -> None:
    await _add(seeds, ("10", 1, 0), ("10", 2, 10), name="viewed")
    await _add(seeds, ("10", 1, 20), ("10", 2, 40), name="bought")
    both = (series("viewed"), series("bought"))
    formulas = (Formula("A"), Formula("B"))
    found = await seeds.run(_bins(*both, bins=2, formulas=formulas, display=PIE))
    assert [(line.formula, line.breakdown_value, line.aggregated_value) for line in found.series] == [
        ("A", ("[0,20]",), 2),
        ("A", ("[20,40.01]",), 0),
        ("B", ("[20,40.01]",), 2),
        ("B", ("[0,20]",), 0),
    ]
    alone = await seeds.run(_bins(*both, display=PIE))
    assert [line.breakdown_value for line in alone.series] == [
        ("[0,5]",),
        ("[5,10.01]",),
        ("[20,30]",),
        ("[30,40.01]",),
    ]


async def test_bins_of_a_formula_are_those_of_each_series_math(seeds: EventSeeds) -> None:
    await _add(seeds, ("01", 1, -100), ("10", 1, 0), ("10", 2, 10), ("11", 2, 1000), name="viewed")
    await _add(seeds, ("10", 1, 20), name="bought")
    asked = _bins(
        series("viewed", TrendMath.FIRST_TIME_FOR_USER),
        series("bought"),
        formulas=(Formula("A + B"),),
        display=PIE,
    )
    assert totals_by_value(await seeds.run(asked)) == {"[15,20.01]": 1, "[10,15]": 1}


async def test_bins_of_a_formula_over_the_most_series_are_made(seeds: EventSeeds) -> None:
    await seeds.add_events([Event(f"e{n}", "2020-01-10", 1, {"x": n, "plan": "a"}) for n in range(26)])
    of_plan = FilterGroup(children=(PropertyFilter("plan", ("a", "b")),))
    of_each = (EventSeries(f"e{n}", Math(TrendMath.DAU), of_plan) for n in range(26))
    asked = _bins(*of_each, formulas=(Formula("A + Z"), Formula("C")), display=PIE)
    found = [(line.breakdown_value, line.aggregated_value) for line in (await seeds.run(asked)).series]
    assert sorted(found) == [
        (("[0,12.5]",), 1),
        (("[0,12.5]",), 1),
        (("[12.5,25.01]",), 0),
        (("[12.5,25.01]",), 1),
    ]


async def test_bins_of_two_breakdowns_are_their_own(seeds: EventSeeds) -> None:
    events = [Event("sign up", "2020-01-10", n, {"x": n, "y": 10 * n}) for n in (1, 2, 3)]
    await seeds.add_events(events)
    asked = trend(
        breakdowns=(Breakdown("x", histogram_bin_count=2), Breakdown("y", histogram_bin_count=1)), display=PIE
    )
    assert {line.breakdown_value: line.aggregated_value for line in (await seeds.run(asked)).series} == {
        ("[2,3.01]", "[10,30.01]"): 2,
        ("[1,2]", "[10,30.01]"): 1,
    }


async def test_bins_of_each_period_are_its_own(seeds: EventSeeds) -> None:
    await _add(seeds, ("06", 1, 100), ("06", 2, 200), ("10", 1, 1), ("10", 2, 2))
    found = await seeds.run(_bins(compare=True))
    assert [(line.compare_label, line.label) for line in found.series] == [
        (CompareLabel.CURRENT, "[1,1.5]"),
        (CompareLabel.CURRENT, "[1.5,2.01]"),
        (CompareLabel.PREVIOUS, "[100,150]"),
        (CompareLabel.PREVIOUS, "[150,200.01]"),
    ]
