"""Which breakdown values keep their name, and what the others add up to, with formulas and smoothing too."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.query import Breakdown, EventSeries, Formula, Math, TrendDisplay, TrendMath, TrendQuery
from resolvers.trends.results import CompareLabel, TrendResult
from tests.support.seeds.events import Event, EventSeeds, Value, by_value, series, totals_by_value, trend

LINE, PIE, MAP = TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE, TrendDisplay.WORLD_MAP
CUMULATIVE = TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
BY_X = (Breakdown("x"),)
Counts = Mapping[str, Mapping[str, int] | Mapping[str | None, int]]
VIEWED = {"DE": 4, "FR": 2, "US": 1}
BOUGHT = {"US": 3, "DE": 2, "IT": 1}


async def _count(seeds: EventSeeds, counts: Counts, day: str = "2020-01-10") -> None:
    """Store so many events of each name and value."""
    await seeds.add_events(
        [
            Event(name, day, n, {} if value is None else {"x": value})
            for name, of_values in counts.items()
            for value, count in of_values.items()
            for n in range(count)
        ]
    )


async def _sums(seeds: EventSeeds, lines: Mapping[str, Sequence[float]], name: str = "e") -> None:
    """Store an event with a number for each value and day, from 9 January on; 0 is no event."""
    await seeds.add_events(
        [
            Event(name, f"2020-01-{9 + day:02}", 1, {"x": value, "n": number})
            for value, numbers in lines.items()
            for day, number in enumerate(numbers)
            if number
        ]
    )


def _ratio(*formulas: str, **parts: object) -> TrendQuery:
    shown = tuple(map(Formula, formulas or ("B/A",)))
    return trend(series("viewed"), series("bought"), breakdowns=BY_X, formulas=shown, **parts)


def _sum(**parts: object) -> TrendQuery:
    return trend(EventSeries("e", Math(TrendMath.SUM, "n")), breakdowns=BY_X, **parts)


def _of(result: TrendResult, formula: str) -> dict[str, float | None]:
    lines = [line for line in result.series if line.formula == formula]
    return {line.breakdown_value[0]: line.aggregated_value for line in lines if line.breakdown_value}


async def test_formula_over_a_limited_breakdown_names_the_same_values_in_all_series(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": VIEWED, "bought": BOUGHT})
    totals = await seeds.run(_ratio("B/A", "A", "B", breakdown_limit=1, display=PIE))
    assert _of(totals, "B/A") == {"DE": 2 / 4, OTHER_VALUES: 4 / 3}
    assert _of(totals, "A") == {"DE": 4, OTHER_VALUES: 3}
    assert _of(totals, "B") == {"DE": 2, OTHER_VALUES: 4}
    assert totals.has_more
    over_time = await seeds.run(_ratio(breakdown_limit=1))
    assert by_value(over_time) == {"DE": (0, 0.5, 0, 0), OTHER_VALUES: (0, 4 / 3, 0, 0)}


async def test_values_of_formulas_are_ranked_by_the_sum_of_all_series(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": VIEWED, "bought": BOUGHT})
    found = await seeds.run(_ratio("A", "B", breakdown_limit=2, display=PIE))
    assert _of(found, "A") == {"DE": 4, "US": 1, OTHER_VALUES: 2}
    assert _of(found, "B") == {"US": 3, "DE": 2, OTHER_VALUES: 1}


@pytest.mark.parametrize("display", [LINE, PIE])
async def test_series_that_no_formula_names_take_part_in_the_ranking(
    seeds: EventSeeds, display: TrendDisplay
) -> None:
    await _count(seeds, {"viewed": {"a": 3, "b": 1}, "bought": {"b": 9}})
    found = await seeds.run(_ratio("A", breakdown_limit=1, display=display))
    assert {line.breakdown_value: line.aggregated_value or line.count for line in found.series} == {
        ("b",): 1,
        (OTHER_VALUES,): 3,
    }


async def test_series_without_other_values_has_zero_there(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": {"a": 5}, "bought": {"a": 1, "b": 2}})
    found = await seeds.run(_ratio("A", "B", breakdown_limit=1, display=PIE))
    assert _of(found, "A") == {"a": 5, OTHER_VALUES: 0}
    assert _of(found, "B") == {"a": 1, OTHER_VALUES: 2}


async def test_values_of_formulas_are_chosen_for_each_period(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": {"a": 3, "b": 1}})
    await _count(seeds, {"viewed": {"a": 1}, "bought": {"b": 4}}, day="2020-01-06")
    found = await seeds.run(_ratio("A", breakdown_limit=1, compare=True, date_from="2020-01-09"))
    assert {
        (line.compare_label, line.breakdown_value and line.breakdown_value[0]): line.count for line in found.series
    } == {
        (CompareLabel.CURRENT, "a"): 3,
        (CompareLabel.CURRENT, OTHER_VALUES): 1,
        (CompareLabel.PREVIOUS, "b"): 0,
        (CompareLabel.PREVIOUS, OTHER_VALUES): 1,
    }


async def test_no_value_ranks_last_over_time_and_by_size_in_totals_of_formulas_too(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": {None: 9, "a": 1}, "bought": {None: 9, "b": 2}})
    over_time = await seeds.run(_ratio("A + B", breakdown_limit=2))
    assert {value: data[1] for value, data in by_value(over_time).items()} == {"b": 2, "a": 1, OTHER_VALUES: 18}
    totals = await seeds.run(_ratio("A + B", breakdown_limit=2, display=PIE))
    assert totals_by_value(totals) == {"b": 2, NO_VALUE: 18, OTHER_VALUES: 1}


async def test_other_values_of_each_series_of_a_formula_are_merged_by_its_math(seeds: EventSeeds) -> None:
    await _sums(seeds, {"a": (50, 50), "b": (1, 5), "c": (3, 3), "d": (0, 9)})
    maths = (TrendMath.TOTAL, TrendMath.SUM, TrendMath.MIN, TrendMath.MAX, TrendMath.AVG)
    asked = trend(
        *(EventSeries("e", Math(kind, "n")) for kind in maths),
        breakdowns=BY_X,
        breakdown_limit=1,
        formulas=(Formula("A"), Formula("B"), Formula("C"), Formula("D"), Formula("E")),
    )
    over_time = await seeds.run(asked)
    others = [line.data[:2] for line in over_time.series if line.breakdown_value == (OTHER_VALUES,)]
    assert others == [(2, 3), (4, 17), (1, 3), (3, 9), (4, 17)]
    totals = await seeds.run(replace(asked, display=PIE))
    other = [line.aggregated_value for line in totals.series if line.breakdown_value == (OTHER_VALUES,)]
    assert other == [5, 21, 1, 9, (3 + 3 + 9) / 3]


async def test_formula_over_two_breakdowns_is_limited_by_their_pairs(seeds: EventSeeds) -> None:
    for name, pairs in {
        "viewed": [("a", "x"), ("a", "x"), ("a", "y")],
        "bought": [("a", "y")] * 3 + [("b", "x")],
    }.items():
        await seeds.add_events([Event(name, "2020-01-10", n, {"x": x, "y": y}) for n, (x, y) in enumerate(pairs)])
    asked = trend(
        series("viewed"),
        series("bought"),
        breakdowns=(Breakdown("x"), Breakdown("y")),
        breakdown_limit=1,
        formulas=(Formula("A + 10 * B"),),
        display=PIE,
    )
    assert [(line.breakdown_value, line.aggregated_value) for line in (await seeds.run(asked)).series] == [
        (("a", "y"), 31),
        ((OTHER_VALUES, OTHER_VALUES), 12),
    ]


async def test_map_of_a_formula_keeps_its_own_limit(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": {f"v{n:03}": 1 for n in range(252)}, "bought": {"v251": 1}})
    found = totals_by_value(await seeds.run(_ratio("A", breakdown_limit=1, display=MAP)))
    assert (len(found), found["v251"], found[OTHER_VALUES]) == (251, 1, 2)


async def test_hidden_other_values_of_a_formula_still_say_there_is_more(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": VIEWED, "bought": BOUGHT})
    found = await seeds.run(_ratio(breakdown_limit=1, breakdown_hide_other=True, display=PIE))
    assert totals_by_value(found) == {"DE": 0.5}
    assert found.has_more


async def test_formula_of_a_limited_breakdown_needs_one_statement_for_each_period(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": VIEWED, "bought": BOUGHT})
    assert (await seeds.run(_ratio(compare=True))).statistics.queries == 2


async def test_without_a_formula_each_series_has_values_of_its_own(seeds: EventSeeds) -> None:
    await _count(seeds, {"viewed": VIEWED, "bought": BOUGHT})
    asked = trend(series("viewed"), series("bought"), breakdowns=BY_X, breakdown_limit=1, display=PIE)
    assert [(line.label, line.aggregated_value) for line in (await seeds.run(asked)).series] == [
        ("viewed - DE", 4),
        (f"viewed - {OTHER_VALUES}", 3),
        ("bought - US", 3),
        (f"bought - {OTHER_VALUES}", 3),
    ]


async def test_other_values_are_added_up_after_smoothing(seeds: EventSeeds) -> None:
    await _sums(seeds, {"big": (9, 9, 9, 9), "b": (1, 0, 1, 0), "c": (0, 1, 0, 1)})
    assert by_value(await seeds.run(_sum(breakdown_limit=1, smoothing_intervals=2))) == {
        "big": (9, 9, 9, 9),
        OTHER_VALUES: (1, 0, 0, 0),
    }


async def test_values_are_ranked_after_smoothing(seeds: EventSeeds) -> None:
    await _sums(seeds, {"late": (0, 0, 0, 3), "early": (1, 1, 0, 0)})
    assert by_value(await seeds.run(_sum(breakdown_limit=1, smoothing_intervals=4))) == {
        "early": (1, 1, 0, 0),
        OTHER_VALUES: (0, 0, 0, 0),
    }
    assert list(by_value(await seeds.run(_sum(smoothing_intervals=4)))) == ["early", "late"]


@pytest.mark.parametrize("intervals", [2, 3, 4, 5, 100])
async def test_smoothed_other_value_equals_its_smoothed_line(seeds: EventSeeds, intervals: int) -> None:
    await _sums(seeds, {"big": (9e6, 9e6, 9e6, 9e6), "b": (0.7, 1.2, 1.1, -4.6)})
    limited = by_value(await seeds.run(_sum(breakdown_limit=1, smoothing_intervals=intervals)))
    named = by_value(await seeds.run(_sum(breakdown_limit=2, smoothing_intervals=intervals)))
    assert limited[OTHER_VALUES] == named["b"]


async def test_other_values_are_added_up_after_running_sums(seeds: EventSeeds) -> None:
    # A running sum that is not above zero repeats the one before. That of both values would be 8, 4, 4, 4.
    await _sums(seeds, {"big": (99,), "b": (5, -7), "c": (3, 3)})
    found = by_value(await seeds.run(_sum(breakdown_limit=1, display=CUMULATIVE)))
    assert found == {"big": (99, 99, 99, 99), OTHER_VALUES: (8, 11, 11, 11)}


async def test_other_values_are_smoothed_after_running_sums(seeds: EventSeeds) -> None:
    await _sums(seeds, {"big": (99,), "b": (1, 0, 1, 0), "c": (0, 1, 0, 0)})
    found = by_value(await seeds.run(_sum(breakdown_limit=1, display=CUMULATIVE, smoothing_intervals=2)))
    # b runs 1 1 2 2 and becomes 1 1 1 2; c runs 0 1 1 1 and becomes 0 0 1 1.
    assert found == {"big": (99, 99, 99, 99), OTHER_VALUES: (1, 1, 2, 3)}


async def test_formula_uses_smoothed_and_accumulated_lines(seeds: EventSeeds) -> None:
    await _sums(seeds, {"big": (9, 9, 9, 9), "b": (1, 0, 1, 0), "c": (0, 1, 0, 1)}, "viewed")
    await _sums(seeds, {"big": (2, 2, 2, 2), "c": (5, 0, 0, 0)}, "bought")
    smoothed = await seeds.run(_ratio("A + 10 * B", breakdown_limit=1, smoothing_intervals=2))
    assert by_value(smoothed) == {"big": (11, 11, 11, 11), OTHER_VALUES: (11, 0, 0, 0)}
    running = await seeds.run(_ratio("A + 10 * B", breakdown_limit=1, display=CUMULATIVE))
    assert by_value(running) == {"big": (11, 22, 33, 44), OTHER_VALUES: (11, 12, 13, 14)}


async def test_limit_of_a_thousand_values_over_time_is_exact(seeds: EventSeeds) -> None:
    values: list[Value] = [f"v{n:04}" for n in range(1000)]
    await seeds.add_events([Event("e", "2020-01-10", n, {"x": value, "n": n}) for n, value in enumerate(values)])
    found = by_value(await seeds.run(_sum(breakdown_limit=2, smoothing_intervals=2)))
    assert found == {
        "v0999": (0, 499, 499, 0),
        "v0998": (0, 499, 499, 0),
        OTHER_VALUES: (0, *(sum(n // 2 for n in range(998)),) * 2, 0),
    }
