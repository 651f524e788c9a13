"""Split series: values, labels, limits and the order of the lines."""

import pytest

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    Math,
    TrendDisplay,
    TrendMath,
    TrendQuery,
)
from tests.resolvers.trends.test_run_filters import HOSTILE
from tests.support.seeds.events import (
    Event,
    EventSeeds,
    Value,
    by_value,
    data_of,
    only,
    series,
    totals_by_value,
    trend,
)

ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def _by(
    *keys: str, of: BreakdownType = BreakdownType.EVENT, index: int | None = None, **parts: object
) -> TrendQuery:
    return trend(breakdowns=tuple(Breakdown(key, of, index) for key in keys), **parts)


async def _add(seeds: EventSeeds, counts: dict[Value, int], day: str = "2020-01-10") -> None:
    events = [Event("sign up", day, n, {"x": value}) for value, count in counts.items() for n in range(count)]
    await seeds.add_events(events)


async def test_values_are_strings_and_none_is_merged_with_empty(seeds: EventSeeds) -> None:
    await _add(seeds, {"Chrome": 9, 1: 1, "1": 1, 1.5: 2, "": 1, None: 2})
    await seeds.add_events([Event("sign up", "2020-01-11", 1, {"x": True}), Event("sign up", "2020-01-11")])
    assert by_value(await seeds.run(_by("x"))) == {
        "Chrome": (0, 9, 0, 0),
        "1": (0, 2, 0, 0),
        "1.5": (0, 2, 0, 0),
        "true": (0, 0, 1, 0),
        NO_VALUE: (0, 3, 1, 0),
    }


async def test_limit_over_time_lets_other_swallow_none(seeds: EventSeeds) -> None:
    await _add(seeds, {"a": 10, "b": 7, "c": 5, "d": 1, None: 20})
    result = await seeds.run(_by("x", breakdown_limit=2))
    assert list(by_value(result).items()) == [
        ("a", (0, 10, 0, 0)),
        ("b", (0, 7, 0, 0)),
        (OTHER_VALUES, (0, 26, 0, 0)),
    ]
    assert result.has_more


async def test_limit_of_totals_lets_none_compete_by_size(seeds: EventSeeds) -> None:
    await _add(seeds, {"a": 10, "b": 7, "c": 5, "d": 1, None: 20})
    result = await seeds.run(_by("x", breakdown_limit=2, display=TrendDisplay.ACTIONS_TABLE))
    assert list(totals_by_value(result).items()) == [("a", 10), (NO_VALUE, 20), (OTHER_VALUES, 13)]
    assert result.has_more


async def test_none_keeps_its_name_below_the_limit(seeds: EventSeeds) -> None:
    await _add(seeds, {"a": 1, None: 20})
    result = await seeds.run(_by("x", breakdown_limit=2))
    assert list(by_value(result)) == ["a", NO_VALUE]
    assert not result.has_more


@pytest.mark.parametrize("display", [TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE])
async def test_hidden_other_still_says_there_is_more(seeds: EventSeeds, display: TrendDisplay) -> None:
    await _add(seeds, {"a": 3, "b": 2, "c": 1})
    result = await seeds.run(_by("x", breakdown_limit=1, breakdown_hide_other=True, display=display))
    assert [found.label for found in result.series] == ["a"]
    assert result.has_more


async def test_other_is_added_up_bucket_by_bucket(seeds: EventSeeds) -> None:
    await _add(seeds, {"a": 5, "b": 2, "c": 1})
    await _add(seeds, {"b": 1, "d": 2}, day="2020-01-12")
    await _add(seeds, {"c": 1}, day="2020-01-09")
    assert by_value(await seeds.run(_by("x", breakdown_limit=1))) == {
        "a": (0, 5, 0, 0),
        OTHER_VALUES: (1, 3, 0, 3),
    }


async def test_default_limit_is_twenty_five_and_of_a_map_two_hundred_and_fifty(seeds: EventSeeds) -> None:
    await _add(seeds, {f"v{n:03}": 1 for n in range(252)})
    values = by_value(await seeds.run(_by("x")))
    assert list(values) == [*(f"v{n:03}" for n in range(25)), OTHER_VALUES]
    assert values[OTHER_VALUES] == (0, 227, 0, 0)
    on_map = totals_by_value(await seeds.run(_by("x", display=TrendDisplay.WORLD_MAP)))
    assert (len(on_map), on_map[OTHER_VALUES]) == (251, 2)


async def test_series_rows_are_ordered_by_size_then_value(seeds: EventSeeds) -> None:
    await _add(seeds, {"b": 2, "a": 2, "z": 3, "c": 1})
    for display in (TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_TABLE):
        result = await seeds.run(_by("x", display=display))
        assert [found.label for found in result.series] == ["z", "a", "b", "c"]


@pytest.mark.parametrize("display", [TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE])
async def test_breakdown_without_events_has_no_series_rows(seeds: EventSeeds, display: TrendDisplay) -> None:
    assert (await seeds.run(_by("x", display=display))).series == ()


async def test_trailing_marks_of_urls_are_cut(seeds: EventSeeds) -> None:
    urls = ("http://x/first", "http://x/first/", "http://x/first/?#", "http://x/?a=1", "/", "//", "", None)
    await seeds.add_events([Event("sign up", "2020-01-10", 1, {"x": url}) for url in urls])
    asked = trend(breakdowns=(Breakdown("x", normalize_url=True),))
    assert {value: data[1] for value, data in by_value(await seeds.run(asked)).items()} == {
        "http://x/first": 3,
        "/": 3,
        "http://x/?a=1": 1,
        NO_VALUE: 1,
    }


async def test_long_values_are_cut_to_400_characters(seeds: EventSeeds) -> None:
    await _add(seeds, {"é" * 400: 1, "é" * 400 + "a": 1})
    assert by_value(await seeds.run(_by("x"))) == {"é" * 400: (0, 2, 0, 0)}


async def test_two_breakdowns_split_by_pairs(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", "2020-01-10", n, {"b": "Chrome", "os": "Mac"}) for n in range(3)]
        + [Event("sign up", "2020-01-10", 1, {"b": "Chrome"}), Event("sign up", "2020-01-10", 1, {"os": "Mac"})]
        + [Event("sign up", "2020-01-10", n, {"b": "Edge", "os": "Mac"}) for n in range(2)]
    )
    result = await seeds.run(_by("b", "os"))
    assert [(found.breakdown_value, found.label, found.data[1]) for found in result.series] == [
        (("Chrome", "Mac"), "Chrome::Mac", 3),
        (("Edge", "Mac"), "Edge::Mac", 2),
        ((NO_VALUE, "Mac"), f"{NO_VALUE}::Mac", 1),
        (("Chrome", NO_VALUE), f"Chrome::{NO_VALUE}", 1),
    ]


async def test_cut_pairs_are_other_in_every_part(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", n, {"x": x, "y": "z"}) for n, x in enumerate("aabcd")])
    for display in (TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_TABLE):
        result = await seeds.run(_by("x", "y", breakdown_limit=1, display=display))
        assert [found.breakdown_value for found in result.series] == [("a", "z"), (OTHER_VALUES, OTHER_VALUES)]


async def test_three_breakdowns_of_three_kinds(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", 1, {"x": "e", "$group_3": "acme"})])
    await seeds.add_persons({1: {"x": "p"}})
    await seeds.add_groups(3, {"acme": {"x": "g"}})
    asked = trend(
        breakdowns=(
            Breakdown("x"),
            Breakdown("x", BreakdownType.PERSON),
            Breakdown("x", BreakdownType.GROUP, group_type_index=3),
        )
    )
    assert only(await seeds.run(asked)).breakdown_value == ("e", "p", "g")


async def test_labels_of_several_series_name_their_series(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("a", "2020-01-10", 1, {"x": "v"}), Event("b", "2020-01-10", 1, {"x": "w"})])
    result = await seeds.run(trend(series("a"), series("b"), breakdowns=(Breakdown("x"),)))
    assert [(found.label, found.order) for found in result.series] == [("a - v", 0), ("b - w", 1)]
    alone = await seeds.run(trend(series("a"), breakdowns=(Breakdown("x"),), compare=True))
    assert [found.label for found in alone.series] == ["v"]


async def test_person_counts_once_in_each_of_their_values(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", 1, {"x": value}) for value in ("a", "a", "b")])
    await seeds.add_events([Event("sign up", "2020-01-10", 2, {"x": "a"})])
    found = by_value(await seeds.run(trend(series(kind=TrendMath.DAU), breakdowns=(Breakdown("x"),))))
    assert found == {"a": (0, 2, 0, 0), "b": (0, 1, 0, 0)}
    assert data_of(await seeds.run(trend(series(kind=TrendMath.DAU)))) == (0, 2, 0, 0)


async def test_breakdown_by_a_persons_property_reads_it_as_of_now(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 1, 2, 3)])
    await seeds.add_persons({1: {"plan": "old"}, 2: {"plan": "free"}})
    await seeds.add_persons({1: {"plan": "pro"}}, version=2)
    assert by_value(await seeds.run(_by("plan", of=BreakdownType.PERSON))) == {
        "pro": (0, 2, 0, 0),
        "free": (0, 1, 0, 0),
        NO_VALUE: (0, 1, 0, 0),
    }


async def test_breakdown_by_metadata_reads_the_column(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [
            Event("a", "2020-01-10", 1, {"$group_0": "acme"}, "ann"),
            Event("b", "2020-01-10 09:30:01.5", 2, {}, "bob"),
        ]
    )
    for key, values in {
        "event": ["a", "b"],
        "distinct_id": ["ann", "bob"],
        "$group_0": ["acme", NO_VALUE],
        "timestamp": ["2020-01-10 00:00:00.000000", "2020-01-10 09:30:01.500000"],
    }.items():
        asked = trend(series(None), breakdowns=(Breakdown(key, BreakdownType.EVENT_METADATA),))
        assert list(by_value(await seeds.run(asked))) == values


async def test_cumulative_breakdown_ranks_by_the_sum_of_running_sums(seeds: EventSeeds) -> None:
    await _add(seeds, {"early": 3}, day="2020-01-09")
    await _add(seeds, {"late": 5}, day="2020-01-12")
    display = TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
    result = await seeds.run(_by("x", display=display, breakdown_limit=1))
    assert by_value(result) == {"early": (3, 3, 3, 3), OTHER_VALUES: (0, 0, 0, 5)}
    assert [found.count for found in result.series] == [3, 5]


@pytest.mark.parametrize(
    ("math", "over_time", "once"),
    [
        (TrendMath.SUM, 9, 9),
        (TrendMath.MIN, 1, 1),
        (TrendMath.MAX, 5, 5),
        (TrendMath.AVG, 7, 3.5),
    ],
)
async def test_rest_is_merged_by_its_math(
    seeds: EventSeeds, math: TrendMath, over_time: float, once: float
) -> None:
    prices = {"big": (100,), "b": (5,), "c": (1, 3)}
    await seeds.add_events(
        [Event("paid", "2020-01-10", 1, {"x": x, "price": price}) for x, of in prices.items() for price in of]
    )
    asked = EventSeries("paid", Math(math, "price"))
    parts = {"breakdowns": (Breakdown("x"),), "breakdown_limit": 1}
    assert by_value(await seeds.run(trend(asked, **parts)))[OTHER_VALUES] == (0, over_time, 0, 0)
    pie = trend(asked, display=TrendDisplay.ACTIONS_PIE, **parts)
    assert totals_by_value(await seeds.run(pie))[OTHER_VALUES] == once


@pytest.mark.parametrize("hostile", HOSTILE)
async def test_hostile_key_and_value_are_only_strings(seeds: EventSeeds, hostile: str) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", 1, {hostile: hostile}), Event("sign up", "2020-01-10")])
    await seeds.add_persons({1: {hostile: hostile}})
    for of in (BreakdownType.EVENT, BreakdownType.PERSON):
        values = by_value(await seeds.run(_by(hostile, of=of)))
        assert values[hostile] == ((0, 1, 0, 0) if of is BreakdownType.EVENT else (0, 2, 0, 0))
    normalized = trend(breakdowns=(Breakdown(hostile, normalize_url=True),))
    assert (hostile.rstrip("?#/") or "/") in by_value(await seeds.run(normalized))


async def test_value_that_looks_like_a_code_joins_it(seeds: EventSeeds) -> None:
    await _add(seeds, {NO_VALUE: 1, None: 2})
    assert by_value(await seeds.run(_by("x"))) == {NO_VALUE: (0, 3, 0, 0)}
