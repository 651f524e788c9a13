"""Compared periods over stored events: which events each has, and in which bucket."""

from datetime import UTC, datetime

import pytest

from resolvers.trends.query import TrendDisplay, TrendInterval, TrendMath, TrendQuery
from resolvers.trends.results import CompareLabel, TrendResult
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.events import NOW, Event, EventSeeds, series, trend

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
MONTH, WEEK = TrendInterval.MONTH, TrendInterval.WEEK
BOLD, PIE = TrendDisplay.BOLD_NUMBER, TrendDisplay.ACTIONS_PIE

Found = tuple[float | None, ...]


def compared(**parts: object) -> TrendQuery:
    return trend(**{"compare": True, **parts})


def both(result: TrendResult) -> tuple[Found, Found]:
    """The data of the current and the previous period, or their totals."""
    found = {each.compare_label: each.data or (each.aggregated_value,) for each in result.series}
    return found[CompareLabel.CURRENT], found[CompareLabel.PREVIOUS]


def previous_days(result: TrendResult) -> tuple[str, ...]:
    return result.series[-1].days


@pytest.fixture
async def noon(seeds: EventSeeds) -> EventSeeds:
    """Two events from 11:00 on and one at 12:00."""
    await seeds.add_events([Event("sign up", f"2020-01-15 {at}") for at in ("11:00", "11:59:59", "12:00")])
    return seeds


async def test_hour_is_compared_with_the_hour_before(noon: EventSeeds) -> None:
    dates = {"date_from": "2020-01-15 12:00:00", "date_to": "2020-01-15 12:59:59"}
    result = await noon.run(compared(interval=HOUR, **dates))
    assert both(result) == ((1,), (2,))
    assert (result.days, previous_days(result)) == (("2020-01-15 12:00:00",), ("2020-01-15 11:00:00",))


@pytest.mark.parametrize("interval", list(TrendInterval))
@pytest.mark.parametrize("display", [BOLD, PIE])
async def test_total_of_an_exact_hour_is_compared_with_the_hour_before(
    noon: EventSeeds, display: TrendDisplay, interval: TrendInterval
) -> None:
    dates = {"date_from": "2020-01-15 12:00:00", "date_to": "2020-01-15 12:59:59", "explicit_date": True}
    assert both(await noon.run(compared(display=display, interval=interval, **dates))) == ((1,), (2,))


@pytest.mark.parametrize("interval", [DAY, WEEK, MONTH])
async def test_exact_hour_has_one_bucket_at_any_interval(noon: EventSeeds, interval: TrendInterval) -> None:
    dates = {"date_from": "2020-01-15 12:00:00", "date_to": "2020-01-15 12:59:59", "explicit_date": True}
    result = await noon.run(compared(interval=interval, **dates))
    assert both(result) == ((1,), (2,))
    assert len(previous_days(result)) == 1


async def test_exact_night_is_compared_with_the_evening_before_in_as_many_days(seeds: EventSeeds) -> None:
    moments = ("08 12:30", "08 13:00", "08 16:29:59", "08 16:30", "08 20:00", "09 00:00", "09 03:30")
    await seeds.add_events([Event("sign up", f"2020-01-{at}") for at in moments])
    dates = {"date_from": "2020-01-08 20:00", "date_to": "2020-01-09 03:30", "explicit_date": True}
    result = await seeds.run(compared(**dates))
    # 20:00 to midnight with 12:30 to 16:30, and the rest with the rest.
    assert both(result) == ((1, 2), (3, 1))
    assert previous_days(result) == ("2020-01-08", "2020-01-08")


@pytest.mark.parametrize(
    ("date_from", "current", "previous"),
    [
        ("-3h", (0, 1, 0, 1), (1, 0, 0, 1)),
        ("-1h", (0, 1), (0, 1)),
    ],
)
async def test_last_hours_are_compared_with_as_many_before(
    seeds: EventSeeds, date_from: str, current: Found, previous: Found
) -> None:
    # Now is 13:05:01.
    moments = ("06:10", "09:59:59", "11:30", "13:00")
    await seeds.add_events([Event("sign up", f"2020-01-15 {at}") for at in moments])
    result = await seeds.run(compared(date_from=date_from, date_to=None, interval=HOUR))
    assert both(result) == (current, previous)


@pytest.mark.parametrize(("date_from", "expected"), [("-3h", (2, 3)), ("-6h", (5, 4)), ("-12h", (9, 3))])
async def test_number_of_the_last_hours_is_compared_with_as_many_before(
    seeds: EventSeeds, date_from: str, expected: Found
) -> None:
    # Now is 13:05:01: an event at 10:05:01 is of the last three hours alone.
    moments = ("15 10:05:01", "15 13:05:01", "15 10:05:00", "15 10:05:00.5", "15 07:05:01", "15 07:05", "15 03:00")
    more = ("15 02:00", "15 01:05:01", "15 01:05:00", "14 14:00", "14 13:05:01", "14 13:05")
    await seeds.add_events([Event("sign up", f"2020-01-{at}") for at in (*moments, *more)])
    found = both(await seeds.run(compared(date_from=date_from, date_to=None, display=BOLD)))
    assert (*found[0], *found[1]) == expected


async def test_last_day_of_hours_shares_its_first_hour_with_the_day_before(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", at) for at in ("2020-01-14 00:20", "2020-01-13 00:10")])
    now = datetime(2020, 1, 15, 0, 30, tzinfo=UTC)
    result = await seeds.run(compared(date_from="-24h", date_to=None, interval=HOUR), now=now)
    current, previous = both(result)
    assert (current, previous) == ((1, *[0] * 24), (1, *[0] * 23, 1))
    assert previous_days(result)[0] == "2020-01-13 00:00:00"


@pytest.mark.parametrize(
    ("zone", "dates", "expected", "days"),
    [
        (
            "America/New_York",
            ("2025-11-02T06:00:00Z", "2025-11-02T06:59:59Z"),
            ((1,), (2,)),
            ("2025-11-02 01:00:00",),
        ),
        ("Pacific/Apia", ("2011-12-31", "2011-12-31 00:59:59"), ((1,), (2,)), ("2011-12-29 00:00:00",)),
        ("Africa/Cairo", ("2024-11-01 00:00", "2024-11-01 00:59:59"), ((1,), (2,)), ("2024-10-31 23:00:00",)),
    ],
)
async def test_hour_after_a_clock_change_is_compared(
    new_seeds: NewSeeds,
    zone: str,
    dates: tuple[str, str],
    expected: tuple[Found, Found],
    days: tuple[str, ...],
) -> None:
    seeds = new_seeds(zone)
    # The last whole hour before the change in each zone twice, and the first after it once; in Samoa a day before.
    before = {
        "America/New_York": "2025-11-02 05",
        "Pacific/Apia": "2011-12-29 10",
        "Africa/Cairo": "2024-10-31 21",
    }
    after = {"America/New_York": "2025-11-02 06", "Pacific/Apia": "2011-12-30 10", "Africa/Cairo": "2024-10-31 22"}
    moments = (f"{before[zone]}:00", f"{before[zone]}:59:59", f"{after[zone]}:00")
    await seeds.add_events([Event("sign up", at) for at in moments])
    date_from, date_to = dates
    now = datetime(2026, 1, 1, tzinfo=UTC)
    result = await seeds.run(compared(interval=HOUR, date_from=date_from, date_to=date_to), now=now)
    assert both(result) == expected
    assert previous_days(result) == days


async def test_minutes_around_a_clock_change_are_compared(new_seeds: NewSeeds) -> None:
    seeds = new_seeds("America/New_York")
    await seeds.add_events([Event("sign up", f"2025-11-02 {at}") for at in ("05:20", "05:45", "06:10")])
    now = datetime(2025, 11, 2, 6, 10, 30, tzinfo=UTC)
    result = await seeds.run(compared(interval=MINUTE, date_from="-30M", date_to=None), now=now)
    current, previous = both(result)
    assert (len(current), sum(value or 0 for value in current)) == (31, 2)
    assert (len(previous), sum(value or 0 for value in previous)) == (31, 1)


@pytest.mark.parametrize("interval", [DAY, WEEK, MONTH])
async def test_moment_of_the_next_day_before_clocks_go_back_across_midnight_counts(
    new_seeds: NewSeeds, interval: TrendInterval
) -> None:
    # At 00:01 on 7 November 2010 clocks in Newfoundland went back to 23:01: 00:00:30 was shown twice.
    seeds = new_seeds("America/St_Johns")
    await seeds.add_events([Event("sign up", "2010-11-07 02:30:30"), Event("sign up", "2010-11-07 03:00:00")])
    now = datetime(2011, 1, 1, tzinfo=UTC)
    found = both(
        await seeds.run(compared(interval=interval, date_from="2010-11-06", date_to="2010-11-06"), now=now)
    )
    assert found == ((2,), (0,))
    days = both(await seeds.run(compared(date_from="2010-11-07", date_to="2010-11-07"), now=now))
    assert days == ((0,), (2,))


async def test_day_that_a_zone_skipped_has_no_bucket(new_seeds: NewSeeds) -> None:
    seeds = new_seeds("Pacific/Apia")  # -10 until 29 December 2011, then +14
    await seeds.add_events([Event("sign up", f"2011-12-{at}") for at in ("29 10:00", "30 09:59:59", "30 10:00")])
    now = datetime(2012, 3, 1, tzinfo=UTC)
    result = await seeds.run(compared(date_from="2011-12-29", date_to="2012-01-01"), now=now)
    assert result.days == ("2011-12-29", "2011-12-31", "2012-01-01")
    assert both(result) == ((2, 1, 0), (0, 0, 0))
    for kind in (TrendMath.WEEKLY_ACTIVE, TrendMath.MONTHLY_ACTIVE):
        active = await seeds.run(trend(series(kind=kind), date_from="2011-12-29", date_to="2012-01-07"), now=now)
        days = (1,) * 9 if kind is TrendMath.MONTHLY_ACTIVE else (1,) * 8 + (0,)
        assert active.series[0].data == days


async def test_months_are_compared_with_as_many_months(seeds: EventSeeds) -> None:
    days = ("2022-12-31", "2023-01-01", "2023-12-31 23:00", "2024-01-01", "2024-12-31")
    await seeds.add_events([Event("sign up", day) for day in days])
    now = datetime(2025, 2, 1, tzinfo=UTC)
    result = await seeds.run(compared(interval=MONTH, date_from="2024-01-01", date_to="2024-12-31"), now=now)
    assert both(result) == ((1, *[0] * 10, 1), (1, *[0] * 10, 1))
    assert previous_days(result)[0] == "2023-01-01"


async def test_march_is_compared_with_february(seeds: EventSeeds) -> None:
    days = ("2024-01-31", "2024-02-01", "2024-02-29", "2024-03-01", "2024-03-03")
    await seeds.add_events([Event("sign up", day) for day in days])
    now = datetime(2024, 5, 1, tzinfo=UTC)
    march = {"date_from": "2024-03-01", "date_to": "2024-03-31", "interval": MONTH}
    for compare_to in (None, "-1m"):
        result = await seeds.run(compared(compare_to=compare_to, **march), now=now)
        assert both(result) == ((2,), (2,))
        assert previous_days(result) == ("2024-02-01",)
        totals = await seeds.run(compared(compare_to=compare_to, display=PIE, **march), now=now)
        assert both(totals) == ((2,), (2,))


@pytest.mark.parametrize(
    ("interval", "date_from", "expected"),
    [
        # Now is 13:05:01 on the 15th; the chart's hours are 10:00 to 13:59, before them 06:00 to 09:59.
        (HOUR, "-3h", (1, 2)),
        (HOUR, "dStart", (3, 1)),
        (MINUTE, "-30M", (1, 0)),
        # By day, the range of the current period does not depend on the comparison.
        (DAY, "-3h", (2, 1)),
        (DAY, "dStart", (4, 2)),
    ],
)
async def test_total_by_hour_has_the_range_of_the_chart(
    seeds: EventSeeds, interval: TrendInterval, date_from: str, expected: Found
) -> None:
    moments = ("14 09:00", "14 14:00", "15 06:00", "15 09:59:59", "15 13:00", "15 18:00")
    await seeds.add_events([Event("sign up", f"2020-01-{at}") for at in moments])
    parts = {"interval": interval, "date_from": date_from, "date_to": None, "display": PIE}
    assert tuple(total for found in both(await seeds.run(compared(**parts))) for total in found) == expected
    alone = await seeds.run(trend(**parts))
    assert alone.series[0].aggregated_value == expected[0]
    if interval is HOUR:
        chart = both(await seeds.run(compared(**{**parts, "display": TrendDisplay.ACTIONS_LINE_GRAPH})))
        assert tuple(sum(value or 0 for value in found) for found in chart) == expected


async def test_yesterday_is_yesterday(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("sign up", f"2020-01-{at}") for at in ("13 12:00", "14 00:00", "14 23:59:59", "15")]
    )
    for interval, count in ((DAY, 1), (HOUR, 24)):
        result = await seeds.run(compared(date_from="yesterday", date_to="yesterday", interval=interval), now=NOW)
        current, previous = both(result)
        assert (len(current), sum(value or 0 for value in current)) == (count, 2)
        assert (len(previous), sum(value or 0 for value in previous)) == (count, 1)


@pytest.mark.parametrize("display", [TrendDisplay.ACTIONS_LINE_GRAPH, PIE, BOLD])
async def test_period_before_all_events_is_empty(seeds: EventSeeds, display: TrendDisplay) -> None:
    await seeds.add_events([Event("sign up", "1970-01-02"), Event("sign up", "2105-12-31")])
    dates = {"date_from": "1970-01-02", "date_to": "2105-12-31", "interval": MONTH}
    for math in (series(), series(kind=TrendMath.DAU), series(kind=TrendMath.FIRST_TIME_FOR_USER)):
        query = trend(math, display=display, compare=True, **dates)
        current, previous = both(await seeds.run(query))
        assert sum(value or 0 for value in current) >= 1
        assert set(previous) == {0}
        assert len(current) == len(previous)
