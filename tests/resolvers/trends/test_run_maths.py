"""What each math counts, over time and as one total."""

from dataclasses import replace

import pytest

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput
from resolvers.trends.query import (
    EventSeries,
    Math,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.events import Event, EventSeeds, data_of, only, series, total, trend

PRICES: tuple[dict[str, str | int | bool | None], ...] = (
    {"price": 10},
    {"price": "20"},
    {"price": "x"},
    {"price": None},
    {},
    {"price": True},
)


def _paid(math: TrendMath, of: PropertyType = PropertyType.EVENT) -> EventSeries:
    return EventSeries("paid", Math(math, property="price", property_type=of))


@pytest.mark.parametrize(
    ("math", "expected"),
    [
        (TrendMath.TOTAL, 6),
        (TrendMath.SUM, 30),
        (TrendMath.AVG, 15),
        (TrendMath.MIN, 10),
        (TrendMath.MAX, 20),
        (TrendMath.MEDIAN, 15),
        (TrendMath.P75, 17.5),
    ],
)
async def test_property_math_of_mixed_values_skips_other_types(
    seeds: EventSeeds, math: TrendMath, expected: float
) -> None:
    await seeds.add_events([Event("paid", "2020-01-10 10:00", n, price) for n, price in enumerate(PRICES)])
    over_time = await seeds.run(trend(_paid(math)))
    once = await seeds.run(trend(_paid(math), display=TrendDisplay.ACTIONS_TABLE))
    assert data_of(over_time) == (0, expected, 0, 0)
    assert total(once) == expected


async def test_quantiles_of_five_values_are_linear_between_ranks(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("paid", "2020-01-10", 1, {"price": price}) for price in (1, 2, 3, 4, 10)])
    maths = (TrendMath.MEDIAN, TrendMath.P75, TrendMath.P90, TrendMath.P95, TrendMath.P99)
    result = await seeds.run(trend(*map(_paid, maths), display=TrendDisplay.BOLD_NUMBER))
    found = [found.aggregated_value for found in result.series]
    assert found == pytest.approx([3, 4, 7.6, 8.8, 9.76])


async def test_quantile_of_many_values_is_exact(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("paid", "2020-01-10", 1, {"price": price}) for price in range(20_001)])
    result = await seeds.run(trend(_paid(TrendMath.P99), display=TrendDisplay.BOLD_NUMBER))
    assert total(result) == pytest.approx(19_800)


@pytest.mark.parametrize(
    "math", [TrendMath.SUM, TrendMath.AVG, TrendMath.MIN, TrendMath.MAX, TrendMath.MEDIAN, TrendMath.P99]
)
async def test_property_math_without_a_number_is_zero(seeds: EventSeeds, math: TrendMath) -> None:
    await seeds.add_events([Event("paid", "2020-01-10", 1, {"price": "none"})])
    assert data_of(await seeds.run(trend(_paid(math)))) == (0, 0, 0, 0)
    once = trend(_paid(math), display=TrendDisplay.ACTIONS_PIE)
    assert total(await seeds.run(once)) == 0
    empty = trend(EventSeries("unknown", _paid(math).math), display=TrendDisplay.ACTIONS_PIE)
    assert total(await seeds.run(empty)) == 0


async def test_negative_prices_keep_their_sign(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("paid", "2020-01-10", 1, {"price": price}) for price in (-5, "-2.5", -1e3)])
    result = await seeds.run(trend(*map(_paid, (TrendMath.SUM, TrendMath.MAX, TrendMath.MIN))))
    assert [found.data[1] for found in result.series] == [-1007.5, -2.5, -1000]


async def test_sum_over_persons_reads_the_persons_property(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("paid", "2020-01-10", person) for person in (1, 1, 2, 3)])
    await seeds.add_persons({1: {"price": 2}, 2: {"price": "5"}})
    assert data_of(await seeds.run(trend(_paid(TrendMath.SUM, PropertyType.PERSON)))) == (0, 9, 0, 0)


async def test_sum_over_groups_reads_the_groups_property(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("paid", "2020-01-10", 1, {"$group_2": key}) for key in ("acme", "acme", "gone")]
        + [Event("paid", "2020-01-10")]
    )
    await seeds.add_groups(2, {"acme": {"price": 7}})
    await seeds.add_groups(0, {"acme": {"price": 1000}})
    asked = EventSeries("paid", Math(TrendMath.SUM, "price", PropertyType.GROUP, group_type_index=2))
    assert data_of(await seeds.run(trend(asked))) == (0, 14, 0, 0)


async def test_property_math_without_a_property_is_rejected(seeds: EventSeeds) -> None:
    with pytest.raises(BadUserInput, match="needs math_property"):
        await seeds.run(trend(EventSeries("paid", Math(TrendMath.SUM))))


@pytest.mark.parametrize(
    ("math", "expected"),
    [
        (TrendMath.AVG_COUNT_PER_ACTOR, 2),
        (TrendMath.MIN_COUNT_PER_ACTOR, 1),
        (TrendMath.MAX_COUNT_PER_ACTOR, 3),
        (TrendMath.MEDIAN_COUNT_PER_ACTOR, 2),
        (TrendMath.P75_COUNT_PER_ACTOR, 2.5),
    ],
)
async def test_count_per_actor_of_three_and_one(seeds: EventSeeds, math: TrendMath, expected: float) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 1, 1, 2)])
    assert data_of(await seeds.run(trend(series(kind=math)))) == (0, expected, 0, 0)
    once = await seeds.run(trend(series(kind=math), display=TrendDisplay.ACTIONS_TABLE))
    assert total(once) == expected


async def test_count_per_actor_counts_a_merged_person_once(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10", person) for person in (1, 2, 2)])
    await seeds.merge({1: 2})
    assert data_of(await seeds.run(trend(series(kind=TrendMath.MAX_COUNT_PER_ACTOR)))) == (0, 3, 0, 0)


async def test_count_per_actor_over_the_whole_range_as_a_total(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", f"2020-01-{day}", 1) for day in ("09", "10", "11")])
    await seeds.add_events([Event("sign up", "2020-01-10", 2)])
    asked = series(kind=TrendMath.AVG_COUNT_PER_ACTOR)
    assert total(await seeds.run(trend(asked, display=TrendDisplay.ACTIONS_PIE))) == 2
    assert data_of(await seeds.run(trend(asked))) == (1, 1, 1, 0)


async def test_average_count_per_actor_without_actors_is_not_a_number(seeds: EventSeeds) -> None:
    asked = trend(series(kind=TrendMath.AVG_COUNT_PER_ACTOR), display=TrendDisplay.BOLD_NUMBER)
    assert total(await seeds.run(asked)) is None


@pytest.mark.parametrize("name", ["MIN", "MAX", "MEDIAN", "P75", "P90", "P95", "P99"])
async def test_count_per_actor_without_actors_is_zero(seeds: EventSeeds, name: str) -> None:
    asked = trend(series(kind=TrendMath(f"{name}_COUNT_PER_ACTOR")), display=TrendDisplay.BOLD_NUMBER)
    assert total(await seeds.run(asked)) == 0


@pytest.mark.parametrize(
    ("math", "expected"), [(TrendMath.TOTAL, (0, 2, 0, 0)), (TrendMath.MAX_COUNT_PER_ACTOR, (0, 1, 0, 0))]
)
async def test_count_per_actor_does_not_widen_the_start_to_its_day(
    seeds: EventSeeds, math: TrendMath, expected: tuple[float, ...]
) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10 08:00"), Event("sign up", "2020-01-10 13:00")])
    asked = trend(series(kind=math), date_from="2020-01-10T12:00:00", date_to="2020-01-12")
    assert data_of(await seeds.run(asked)) == expected[1:]


async def test_unique_sessions_count_no_session_as_one(seeds: EventSeeds) -> None:
    sessions: tuple[str | None, ...] = ("s1", "s1", "s2", None, None)
    await seeds.add_events([Event("sign up", "2020-01-10", n, {"$session_id": s}) for n, s in enumerate(sessions)])
    assert data_of(await seeds.run(trend(series(kind=TrendMath.UNIQUE_SESSION)))) == (0, 3, 0, 0)


@pytest.mark.parametrize("math", [TrendMath.UNIQUE_GROUP, TrendMath.DAU])
async def test_unique_groups_skip_events_without_one(seeds: EventSeeds, math: TrendMath) -> None:
    keys: tuple[str | None, ...] = ("a", "a", "b", None, "")
    await seeds.add_events([Event("sign up", "2020-01-10", n, {"$group_1": key}) for n, key in enumerate(keys)])
    asked = EventSeries("sign up", Math(math, group_type_index=1))
    assert data_of(await seeds.run(trend(asked))) == (0, 2, 0, 0)


async def test_unique_group_without_an_index_is_rejected(seeds: EventSeeds) -> None:
    with pytest.raises(BadUserInput) as caught:
        await seeds.run(trend(EventSeries("sign up", Math(TrendMath.UNIQUE_GROUP), path=("query", "events", 0))))
    assert caught.value.path == ("query", "events", 0, "math_group_type_index")


async def test_dau_of_a_total_counts_a_person_once_in_the_range(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", f"2020-01-{day}", 1) for day in ("09", "10", "11")])
    await seeds.add_events([Event("sign up", "2020-01-10", 2)])
    asked = series(kind=TrendMath.DAU)
    result = only(await seeds.run(trend(asked)))
    assert (result.data, result.count) == ((1, 2, 1, 0), 4)
    assert total(await seeds.run(trend(asked, display=TrendDisplay.ACTIONS_PIE))) == 2


async def test_average_as_a_total_is_over_all_events_not_over_the_days(seeds: EventSeeds) -> None:
    prices = {"2020-01-09": (10, 20, 30), "2020-01-10": (100,)}
    await seeds.add_events(
        [Event("paid", day, 1, {"price": price}) for day, of_day in prices.items() for price in of_day]
    )
    assert total(await seeds.run(trend(_paid(TrendMath.AVG), display=TrendDisplay.ACTIONS_TABLE))) == 40
    found = only(await seeds.run(trend(_paid(TrendMath.AVG))))
    assert (found.data, found.count) == ((20, 100, 0, 0), 120)


async def test_unknown_event_gives_a_row_of_zeros(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10")])
    found = only(await seeds.run(trend(series("sign out"))))
    assert (found.label, found.data, found.count) == ("sign out", (0, 0, 0, 0), 0)


@pytest.mark.parametrize("kind", [TrendMath.TOTAL, TrendMath.DAU])
async def test_series_without_an_event_counts_every_event(seeds: EventSeeds, kind: TrendMath) -> None:
    await seeds.add_events([Event("a", "2020-01-10"), Event("b", "2020-01-10", 2), Event("", "2020-01-11")])
    found = only(await seeds.run(trend(series(None, kind))))
    assert (found.label, found.data) == ("All events", (0, 2, 1, 0))
    assert data_of(await seeds.run(trend(series("", kind)))) == (0, 0, 1, 0)


async def test_series_keep_their_order_and_do_not_leak_filters(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("a", "2020-01-10"), Event("b", "2020-01-10"), Event("b", "2020-01-11")])
    result = await seeds.run(trend(series("b"), series("a"), series("b", TrendMath.DAU)))
    assert [(found.label, found.order, found.data) for found in result.series] == [
        ("b", 0, (0, 1, 1, 0)),
        ("a", 1, (0, 1, 0, 0)),
        ("b", 2, (0, 1, 1, 0)),
    ]


async def test_month_interval_counts_the_whole_first_month(seeds: EventSeeds) -> None:
    days = ("2019-11-30", "2019-12-01", "2019-12-20", "2020-01-31 23:59:58", "2020-02-01")
    await seeds.add_events([Event("sign up", day) for day in days])
    asked = trend(interval=TrendInterval.MONTH, date_from="2019-12-15", date_to="2020-01-31")
    result = await seeds.run(asked)
    assert (data_of(result), result.days) == ((2, 1), ("2019-12-01", "2020-01-01"))


@pytest.mark.parametrize(
    ("interval", "data", "days", "labels"),
    [
        (
            TrendInterval.QUARTER,
            (2, 2, 0, 1),
            ("2019-04-01", "2019-07-01", "2019-10-01", "2020-01-01"),
            ("Q2 2019", "Q3 2019", "Q4 2019", "Q1 2020"),
        ),
        (TrendInterval.YEAR, (6, 1), ("2019-01-01", "2020-01-01"), ("2019", "2020")),
    ],
)
async def test_quarter_and_year_count_the_whole_first_bucket_and_end_with_the_range(
    seeds: EventSeeds,
    interval: TrendInterval,
    data: tuple[float, ...],
    days: tuple[str, ...],
    labels: tuple[str, ...],
) -> None:
    moments = ("2018-12-31 23:59:59", "2019-01-01", "2019-03-31 23:59:59", "2019-04-01", "2019-06-30 23:59:59")
    later = ("2019-07-01", "2019-09-30 23:59:59", "2020-02-29 23:59:59", "2020-03-01")
    await seeds.add_events([Event("sign up", moment) for moment in (*moments, *later)])
    result = await seeds.run(trend(interval=interval, date_from="2019-05-15", date_to="2020-02-29"))
    assert (data_of(result), result.days, only(result).labels) == (data, days, labels)


async def test_five_minutes_of_a_zone_with_an_odd_offset(new_seeds: NewSeeds) -> None:
    seeds = new_seeds("Asia/Kathmandu")  # 5:45 ahead: 18:20 in UTC is 00:05
    moments = ("18:19:59", "18:20", "18:24:59", "18:25", "18:30")
    await seeds.add_events([Event("sign up", f"2020-01-09 {moment}") for moment in moments])
    dates = {"date_from": "2020-01-10 00:07", "date_to": "2020-01-10 00:14:59"}
    result = await seeds.run(trend(interval=TrendInterval.FIVE_MINUTES, **dates))
    assert data_of(result) == (2, 1)
    assert result.days == ("2020-01-10 00:05:00", "2020-01-10 00:10:00")


@pytest.mark.parametrize(
    ("week_start", "data", "days"),
    [
        (WeekStartDay.WEDNESDAY, (1, 2), ("2020-01-08", "2020-01-15")),
        (WeekStartDay.SATURDAY, (1, 1, 1), ("2020-01-04", "2020-01-11", "2020-01-18")),
    ],
)
async def test_weeks_begin_on_the_day_of_the_project(
    seeds: EventSeeds, week_start: WeekStartDay, data: tuple[float, ...], days: tuple[str, ...]
) -> None:
    # Tuesday, Friday, Wednesday and Saturday: the first lies before the range.
    moments = ("2020-01-07 23:59:59", "2020-01-10", "2020-01-15", "2020-01-18 12:00")
    await seeds.add_events([Event("sign up", moment) for moment in moments])
    its = replace(seeds, project=replace(seeds.project, week_start=week_start))
    result = await its.run(trend(interval=TrendInterval.WEEK, date_from="2020-01-08", date_to="2020-01-18"))
    assert (data_of(result), result.days) == (data, days)


async def test_week_interval_reads_from_the_first_day_only(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", day) for day in ("2020-01-08", "2020-01-09", "2020-01-12")])
    result = await seeds.run(trend(interval=TrendInterval.WEEK, date_to="2020-01-13"))
    assert (data_of(result), result.days) == ((1, 1), ("2020-01-05", "2020-01-12"))
