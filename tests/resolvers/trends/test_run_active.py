"""Sliding windows of active users, first times, and dates far away."""

import pytest

from resolvers.trends.query import (
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.events import Event, EventSeeds, data_of, series, total, trend

WAU = series(kind=TrendMath.WEEKLY_ACTIVE)
MAU = series(kind=TrendMath.MONTHLY_ACTIVE)


async def _two_people(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-01 10:00", 1), Event("sign up", "2020-01-03 10:00", 2)])


async def test_weekly_active_slides_over_seven_days(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    asked = trend(WAU, date_from="2020-01-01", date_to="2020-01-10")
    assert data_of(await seeds.run(asked)) == (1, 1, 2, 2, 2, 2, 2, 1, 1, 0)


async def test_monthly_active_reads_thirty_days_before_the_range(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", f"2019-12-{day}", int(day)) for day in ("09", "10", "11")])
    asked = trend(MAU, date_from="2020-01-07", date_to="2020-01-10")
    assert data_of(await seeds.run(asked)) == (3, 2, 1, 0)


@pytest.mark.parametrize(
    "date_from", ["2020-01-08 10:00", "2020-01-08 09:00", "2020-01-07 10:00", "2020-01-08 10:40"]
)
async def test_active_users_by_hour_do_not_depend_on_where_the_chart_begins(
    seeds: EventSeeds, date_from: str
) -> None:
    # The 168 hours that end with 10:00 on the 8th begin at 11:00 on the 1st.
    await seeds.add_events([Event("sign up", f"2020-01-01 {at}", n) for n, at in enumerate(("10:30", "11:00"), 1)])
    asked = trend(WAU, date_from=date_from, date_to="2020-01-08 11:59:59", interval=TrendInterval.HOUR)
    result = await seeds.run(asked)
    found = dict(zip(result.days, data_of(result), strict=True))
    assert found["2020-01-08 10:00:00"] == 1
    assert found["2020-01-08 11:00:00"] == 0


async def test_active_users_by_minute_do_not_depend_on_where_the_chart_begins(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", f"2020-01-01 10:{at}", n) for n, at in enumerate(("29:59", "30:30", "31:00"), 1)]
    )
    for date_from in ("2020-01-08 10:30", "2020-01-08 10:28", "2020-01-08 10:30:40"):
        asked = trend(WAU, date_from=date_from, date_to="2020-01-08 10:31", interval=TrendInterval.MINUTE)
        assert data_of(await seeds.run(asked))[-2:] == (1, 0)


async def test_active_users_by_half_hours_are_those_of_the_half_hours_of_a_week(seeds: EventSeeds) -> None:
    # The 336 half hours that end with 10:30 on the 8th begin at 11:00 on the 1st.
    await seeds.add_events(
        [Event("sign up", f"2020-01-01 {at}", n) for n, at in enumerate(("10:59:59", "11:00", "11:30"), 1)]
    )
    half_hours = TrendInterval.THIRTY_MINUTES
    for date_from in ("2020-01-08 10:30", "2020-01-08 10:00", "2020-01-08 10:40"):
        asked = trend(WAU, date_from=date_from, date_to="2020-01-08 11:29:59", interval=half_hours)
        assert data_of(await seeds.run(asked))[-2:] == (2, 1)


@pytest.mark.parametrize("kind", [TrendMath.WEEKLY_ACTIVE, TrendMath.MONTHLY_ACTIVE])
async def test_active_users_by_quarter_and_year_are_those_of_the_bucket(
    seeds: EventSeeds, kind: TrendMath
) -> None:
    days = {1: "2019-10-01", 2: "2019-12-31", 3: "2020-01-01", 4: "2020-03-31"}
    await seeds.add_events([Event("sign up", day, person) for person, day in days.items()])
    await seeds.add_events([Event("sign up", "2020-01-02", 3)])
    for interval, expected in ((TrendInterval.QUARTER, (2, 2)), (TrendInterval.YEAR, (2, 2))):
        asked = trend(series(kind=kind), date_from="2019-11-15", date_to="2020-06-30", interval=interval)
        assert data_of(await seeds.run(asked))[:2] == expected


async def test_hours_of_a_window_elapse_over_a_clock_change(new_seeds: NewSeeds) -> None:
    # Berlin skips an hour on 29 March 2020: 168 hours that end with 10:00 on the 31st begin at 10:00 on the 24th.
    seeds = new_seeds("Europe/Berlin")
    await seeds.add_events(
        [Event("sign up", f"2020-03-24 {at}", n) for n, at in enumerate(("08:59", "09:00", "09:10"), 1)]
    )
    asked = trend(WAU, date_from="2020-03-31 10:45", date_to="2020-03-31 11:59:59", interval=TrendInterval.HOUR)
    assert data_of(await seeds.run(asked)) == (2, 0)


async def test_weekly_active_as_a_total_ignores_the_start(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    for date_from in ("2019-12-01", "2020-01-09"):
        asked = trend(WAU, date_from=date_from, date_to="2020-01-09", display=TrendDisplay.BOLD_NUMBER)
        assert total(await seeds.run(asked)) == 1


async def test_weekly_active_by_week_is_users_of_the_week(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    parts = {"date_from": "2019-12-29", "date_to": "2020-01-11", "interval": TrendInterval.WEEK}
    assert data_of(await seeds.run(trend(WAU, **parts))) == (2, 0)


async def test_weekly_active_counts_a_merged_person_once(seeds: EventSeeds) -> None:
    await _two_people(seeds)
    await seeds.merge({2: 1})
    asked = trend(WAU, date_from="2020-01-03", date_to="2020-01-04")
    assert data_of(await seeds.run(asked)) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "date_from", "expected"),
    [
        (TrendMath.FIRST_TIME_FOR_USER, "2020-01-03", (0, 0, 0, 0, 0)),
        (TrendMath.FIRST_MATCHING_EVENT_FOR_USER, "2020-01-03", (0, 0, 1, 0, 0)),
        (TrendMath.FIRST_TIME_FOR_USER, "2020-01-01", (0, 0, 0, 0, 0, 0, 0)),
        (TrendMath.FIRST_MATCHING_EVENT_FOR_USER, "2020-01-01", (0, 0, 0, 0, 1, 0, 0)),
    ],
)
async def test_first_time_needs_the_very_first_event_to_match(
    seeds: EventSeeds, kind: TrendMath, date_from: str, expected: tuple[float, ...]
) -> None:
    await seeds.add_events(
        [Event("buy", "2020-01-01", 1, {"plan": "a"}), Event("buy", "2020-01-05", 1, {"plan": "b"})]
    )
    asked = EventSeries("buy", Math(kind), FilterGroup(children=(PropertyFilter("plan", "b"),)))
    assert data_of(await seeds.run(trend(asked, date_from=date_from, date_to="2020-01-07"))) == expected


async def test_first_time_of_a_merged_person_is_the_earlier_one(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-01", 1), Event("sign up", "2020-01-10", 2)])
    asked = trend(series(kind=TrendMath.FIRST_TIME_FOR_USER))
    assert data_of(await seeds.run(asked)) == (0, 1, 0, 0)
    await seeds.merge({1: 2})
    assert data_of(await seeds.run(asked)) == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", [TrendMath.TOTAL, TrendMath.DAU, TrendMath.UNIQUE_SESSION])
@pytest.mark.parametrize("display", [TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.BOLD_NUMBER])
@pytest.mark.parametrize(
    ("date_from", "date_to"),
    [("1970-01-02", "2020-02-01"), ("2020-01-01", "2105-12-31"), ("1970-01-02", "2105-12-31")],
)
async def test_range_beyond_every_event_counts_them_in_their_own_bucket(
    seeds: EventSeeds, kind: TrendMath, display: TrendDisplay, date_from: str, date_to: str
) -> None:
    await seeds.add_events([Event("sign up", "2020-01-10 10:00")])
    asked = trend(
        series(kind=kind), date_from=date_from, date_to=date_to, display=display, interval=TrendInterval.MONTH
    )
    result = await seeds.run(asked)
    if display.is_total:
        assert total(result) == 1
    else:
        found = dict(zip(result.days, data_of(result), strict=True))
        assert {day for day, figure in found.items() if figure} == {"2020-01-01"}
