from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from datasource.metadata.records import WeekStartDay
from datasource.sql.render import render
from datasource.sql.tree import Column, Derived, Named, Number, Order, Param, Select, call
from errors import BadUserInput
from resolvers.trends.buckets import MAX_BUCKETS, Buckets, bucket_start, read_starts
from resolvers.trends.dates import DateRange, read_range
from resolvers.trends.query import TrendInterval, TrendQuery
from tests.support.clock import TREND, UTC_ZONE, local_now

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH
QUARTER, YEAR = TrendInterval.QUARTER, TrendInterval.YEAR
FIVE, FIFTEEN, THIRTY = TrendInterval.FIVE_MINUTES, TrendInterval.FIFTEEN_MINUTES, TrendInterval.THIRTY_MINUTES
SECONDS = {MINUTE: 60, FIVE: 300, FIFTEEN: 900, THIRTY: 1800, HOUR: 3600}
SUNDAY, MONDAY = WeekStartDay.SUNDAY, WeekStartDay.MONDAY
WEDNESDAY, SATURDAY = WeekStartDay.WEDNESDAY, WeekStartDay.SATURDAY

CLOCK_CHANGES = {
    "America/Sao_Paulo": (date(2017, 2, 18), date(2017, 10, 15)),
    "America/Havana": (date(2021, 3, 14), date(2021, 11, 7)),
    "America/Nuuk": (date(2024, 3, 30), date(2024, 10, 26)),
    "America/St_Johns": (date(2021, 3, 14), date(2021, 11, 7)),
    "America/New_York": (date(2021, 3, 14), date(2021, 11, 7)),
    "Asia/Beirut": (date(2021, 3, 28), date(2021, 10, 30)),
    "Asia/Kolkata": (date(2021, 3, 28),),
    "Asia/Kathmandu": (date(2021, 3, 28),),
    "Asia/Pyongyang": (date(2015, 8, 15), date(2018, 5, 4)),
    "Africa/Cairo": (date(2024, 4, 26), date(2024, 10, 31)),
    "Australia/Lord_Howe": (date(2021, 4, 4), date(2021, 10, 3)),
    "Europe/Berlin": (date(2021, 3, 28), date(2021, 10, 31)),
    "Pacific/Apia": (date(2011, 12, 31),),
    "Pacific/Chatham": (date(2021, 4, 4), date(2021, 9, 26)),
}
SKIPPED_DAY = "Pacific/Apia"
ZONES = sorted(
    zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
)


def buckets_of(query: TrendQuery, zone: str = "UTC", week_start: WeekStartDay = SUNDAY) -> Buckets:
    """The buckets of a query on a Wednesday, 2020-01-15 13:05:01 UTC."""
    return Buckets.of(read_range(query, local_now(ZoneInfo(zone))), ZoneInfo(zone), week_start)


def days_of(buckets: Buckets) -> tuple[str, ...]:
    return buckets.axis(read_range(TREND, local_now())).days


def between(first: str, last: str, interval: TrendInterval, zone: str = "UTC") -> DateRange:
    """The range of two date texts."""
    query = replace(TREND, date_from=first, date_to=last, interval=interval)
    return read_range(query, datetime(2030, 1, 1, tzinfo=ZoneInfo(zone)))


@pytest.mark.parametrize(
    ("interval", "date_from", "count", "first", "last"),
    [
        (DAY, None, 8, "2020-01-08", "2020-01-15"),
        (DAY, "-7d", 8, "2020-01-08", "2020-01-15"),
        (DAY, "-24h", 2, "2020-01-14", "2020-01-15"),
        (DAY, "today", 1, "2020-01-15", "2020-01-15"),
        (HOUR, "-24h", 25, "2020-01-14 13:00:00", "2020-01-15 13:00:00"),
        (HOUR, "-1d", 38, "2020-01-14 00:00:00", "2020-01-15 13:00:00"),
        (HOUR, "-30M", 14, "2020-01-15 00:00:00", "2020-01-15 13:00:00"),
        (MINUTE, "-30M", 31, "2020-01-15 12:35:00", "2020-01-15 13:05:00"),
        (WEEK, "-7d", 2, "2020-01-05", "2020-01-12"),
        (MONTH, "-2m", 3, "2019-11-01", "2020-01-01"),
        (MONTH, "2019-11-30", 3, "2019-11-01", "2020-01-01"),
        (FIVE, "-30M", 7, "2020-01-15 12:35:00", "2020-01-15 13:05:00"),
        (FIVE, "-33M", 8, "2020-01-15 12:30:00", "2020-01-15 13:05:00"),
        (FIFTEEN, "-1h", 5, "2020-01-15 12:00:00", "2020-01-15 13:00:00"),
        (FIFTEEN, "-21M", 3, "2020-01-15 12:30:00", "2020-01-15 13:00:00"),
        (THIRTY, "-24h", 49, "2020-01-14 13:00:00", "2020-01-15 13:00:00"),
        (THIRTY, "dStart", 27, "2020-01-15 00:00:00", "2020-01-15 13:00:00"),
        (QUARTER, "-7d", 1, "2020-01-01", "2020-01-01"),
        (QUARTER, "-1y", 5, "2019-01-01", "2020-01-01"),
        (QUARTER, "2019-03-31", 5, "2019-01-01", "2020-01-01"),
        (QUARTER, "2019-04-01", 4, "2019-04-01", "2020-01-01"),
        (QUARTER, "2018-12-31", 6, "2018-10-01", "2020-01-01"),
        (YEAR, "-1y", 2, "2019-01-01", "2020-01-01"),
        (YEAR, "2016-12-31", 5, "2016-01-01", "2020-01-01"),
        (YEAR, "2020-01-01", 1, "2020-01-01", "2020-01-01"),
    ],
)
def test_days_of_a_range_up_to_now(
    interval: TrendInterval, date_from: str | None, count: int, first: str, last: str
) -> None:
    days = days_of(buckets_of(replace(TREND, interval=interval, date_from=date_from)))
    assert (len(days), days[0], days[-1]) == (count, first, last)


def test_absolute_end_of_hours_gives_the_bucket_of_that_instant_alone() -> None:
    buckets = Buckets.of(between("2020-01-09", "2020-01-09", HOUR), UTC_ZONE, SUNDAY)
    assert days_of(buckets) == ("2020-01-09 00:00:00",)


@pytest.mark.parametrize(
    ("interval", "first", "last", "days", "labels"),
    [
        (
            HOUR,
            "2020-01-09 13",
            "2020-01-09 14",
            "2020-01-09 13:00:00|2020-01-09 14:00:00",
            "9-Jan 13:00|9-Jan 14:00",
        ),
        (MINUTE, "2020-01-09 13:07", "2020-01-09 13:07", "2020-01-09 13:07:00", "9-Jan 13:07"),
        (DAY, "2020-01-09", "2020-01-10", "2020-01-09|2020-01-10", "9-Jan-2020|10-Jan-2020"),
        (MONTH, "2020-01-09", "2020-02-01", "2020-01-01|2020-02-01", "Jan 2020|Feb 2020"),
        (
            FIVE,
            "2020-01-09 13:07",
            "2020-01-09 13:10",
            "2020-01-09 13:05:00|2020-01-09 13:10:00",
            "9-Jan 13:05|9-Jan 13:10",
        ),
        (
            THIRTY,
            "2020-02-28 23:59",
            "2020-02-29 00:00",
            "2020-02-28 23:30:00|2020-02-29 00:00:00",
            "28-Feb 23:30|29-Feb 00:00",
        ),
        (
            QUARTER,
            "2023-11-09",
            "2024-12-31",
            "2023-10-01|2024-01-01|2024-04-01|2024-07-01|2024-10-01",
            "Q4 2023|Q1 2024|Q2 2024|Q3 2024|Q4 2024",
        ),
        (YEAR, "2023-11-09", "2024-01-01", "2023-01-01|2024-01-01", "2023|2024"),
    ],
)
def test_labels_of_buckets(interval: TrendInterval, first: str, last: str, days: str, labels: str) -> None:
    range_ = between(first, last, interval)
    buckets = Buckets.of(range_, UTC_ZONE, SUNDAY)
    assert days_of(buckets) == tuple(days.split("|"))
    assert buckets.axis(range_).labels == tuple(labels.split("|"))


@pytest.mark.parametrize(
    ("week_start", "first", "last", "days", "labels"),
    [
        (SUNDAY, "2025-06-10", "2025-06-12", ["2025-06-08"], ["10\N{EN DASH}12 Jun"]),
        (SUNDAY, "2025-06-11", "2025-06-11", ["2025-06-08"], ["11-Jun-2025"]),
        (SUNDAY, "2025-06-08", "2025-06-14", ["2025-06-08"], ["8\N{EN DASH}14 Jun"]),
        (SUNDAY, "2025-04-27", "2025-05-03", ["2025-04-27"], ["27-Apr \N{EN DASH} 3-May"]),
        (SUNDAY, "2024-12-29", "2025-01-04", ["2024-12-29"], ["29-Dec-2024 \N{EN DASH} 4-Jan-2025"]),
        (
            SUNDAY,
            "2025-06-14",
            "2025-06-22",
            ["2025-06-08", "2025-06-15", "2025-06-22"],
            ["14-Jun-2025", "15\N{EN DASH}21 Jun", "22-Jun-2025"],
        ),
        (
            MONDAY,
            "2025-06-14",
            "2025-06-22",
            ["2025-06-09", "2025-06-16"],
            ["14\N{EN DASH}15 Jun", "16\N{EN DASH}22 Jun"],
        ),
        (MONDAY, "2025-06-15", "2025-06-15", ["2025-06-09"], ["15-Jun-2025"]),
        (
            WEDNESDAY,
            "2025-06-10",
            "2025-06-19",
            ["2025-06-04", "2025-06-11", "2025-06-18"],
            ["10-Jun-2025", "11\N{EN DASH}17 Jun", "18\N{EN DASH}19 Jun"],
        ),
        (WEDNESDAY, "2025-06-11", "2025-06-17", ["2025-06-11"], ["11\N{EN DASH}17 Jun"]),
        (
            SATURDAY,
            "2024-12-27",
            "2025-01-03",
            ["2024-12-21", "2024-12-28"],
            ["27-Dec-2024", "28-Dec-2024 \N{EN DASH} 3-Jan-2025"],
        ),
        (SATURDAY, "2024-02-29", "2024-03-01", ["2024-02-24"], ["29-Feb \N{EN DASH} 1-Mar"]),
        (SUNDAY, "2025-06-15", "2025-06-15", ["2025-06-15"], ["15-Jun-2025"]),
    ],
)
def test_weeks_start_on_the_projects_day_and_labels_are_clipped_to_the_range(
    week_start: WeekStartDay, first: str, last: str, days: list[str], labels: list[str]
) -> None:
    range_ = between(first, last, WEEK)
    buckets = Buckets.of(range_, UTC_ZONE, week_start)
    assert list(days_of(buckets)) == days
    assert list(buckets.axis(range_).labels) == labels


@pytest.mark.parametrize(
    ("zone", "day", "count", "repeated", "missing"),
    [
        ("Europe/Berlin", "2021-03-28", 23, None, "02"),
        ("Europe/Berlin", "2021-10-31", 25, "02", None),
        ("America/Sao_Paulo", "2017-10-15", 23, None, "00"),
        ("America/Sao_Paulo", "2017-02-18", 25, "23", None),
        ("Asia/Beirut", "2021-03-28", 23, None, "00"),
        ("Asia/Beirut", "2021-10-30", 25, "23", None),
        ("Africa/Cairo", "2024-04-26", 23, None, "00"),
        ("Africa/Cairo", "2024-10-31", 25, "23", None),
        ("America/Havana", "2021-11-07", 25, "00", None),
        ("America/St_Johns", "2021-03-14", 23, None, "02"),
        ("America/St_Johns", "2021-11-07", 25, "01", None),
        ("Asia/Kolkata", "2021-03-28", 24, None, None),
    ],
)
def test_hours_of_a_day_of_a_clock_change(
    zone: str, day: str, count: int, repeated: str | None, missing: str | None
) -> None:
    query = replace(TREND, interval=HOUR, date_from=day, date_to=f"{day} 23:00")
    range_ = read_range(query, datetime(2025, 1, 1, tzinfo=ZoneInfo(zone)))
    # An absolute end is taken as it is; the day's last hour is the later one where it comes twice.
    end = range_.end.replace(minute=59, fold=1)
    days = days_of(Buckets.of(replace(range_, end=end), ZoneInfo(zone), SUNDAY))
    assert len(days) == count
    texts = [text[11:13] for text in days]
    assert set(texts) == {f"{hour:02}" for hour in range(24)} - {missing}
    assert {text for text in texts if texts.count(text) > 1} == ({repeated} if repeated else set())


@pytest.mark.parametrize(
    ("day", "end", "texts"),
    [
        ("2021-04-04", "2021-04-04T05:59:59", "00:00 01:00 01:30 02:30 03:30 04:30 05:30"),
        ("2021-10-03", "2021-10-03T05:59:59", "00:00 01:00 02:30 03:30 04:30 05:30"),
    ],
)
def test_hours_elapse_where_clocks_change_by_half_an_hour(day: str, end: str, texts: str) -> None:
    zone = "Australia/Lord_Howe"
    buckets = Buckets.of(between(day, end, HOUR, zone), ZoneInfo(zone), SUNDAY)
    assert [text[11:16] for text in days_of(buckets)] == texts.split()


LORD_HOWE = "Australia/Lord_Howe"
REPEATED = "01:00 01:15 01:30 01:45 01:30 01:45 02:00 02:15"
REPEATED_IN_FIVES = "01:45 01:50 01:55 01:30 01:35 01:40 01:45 01:50 01:55 02:00 02:05"


@pytest.mark.parametrize(
    ("zone", "interval", "first", "last", "texts"),
    [
        # Clocks go back from 02:00 to 01:30 in April, and from 02:00 on to 02:30 in October.
        (LORD_HOWE, THIRTY, "2021-04-04T01:00:00", "2021-04-04T02:29:59", "01:00 01:30 01:30 02:00"),
        (LORD_HOWE, FIFTEEN, "2021-04-04T01:00:00", "2021-04-04T02:29:59", REPEATED),
        (LORD_HOWE, FIVE, "2021-04-04T01:45:00", "2021-04-04T02:09:59", REPEATED_IN_FIVES),
        (LORD_HOWE, THIRTY, "2021-10-03T01:00:00", "2021-10-03T03:29:59", "01:00 01:30 02:30 03:00"),
        (LORD_HOWE, FIVE, "2021-10-03T01:52:00", "2021-10-03T02:34:59", "01:50 01:55 02:30"),
        ("Europe/Berlin", THIRTY, "2021-03-28T01:30:00", "2021-03-28T03:29:59", "01:30 03:00"),
        ("Asia/Kathmandu", THIRTY, "2021-03-27T18:20:00+00:00", "2021-03-27T19:14:59+00:00", "00:00 00:30"),
        ("Asia/Kathmandu", FIFTEEN, "2021-03-27T18:20:00+00:00", "2021-03-27T18:59:59+00:00", "00:00 00:15 00:30"),
        ("Asia/Kathmandu", FIVE, "2021-03-27T18:24:59+00:00", "2021-03-27T18:25:00+00:00", "00:05 00:10"),
    ],
)
def test_parts_of_hours_begin_at_multiples_on_the_wall_clock(
    zone: str, interval: TrendInterval, first: str, last: str, texts: str
) -> None:
    buckets = Buckets.of(between(first, last, interval, zone), ZoneInfo(zone), SUNDAY)
    assert [text[11:16] for text in days_of(buckets)] == texts.split()


@pytest.mark.parametrize(
    ("zone", "interval", "first", "last"),
    [
        (LORD_HOWE, HOUR, "2021-04-03T20:00:00", "2021-04-04T05:59:59"),
        (LORD_HOWE, FIFTEEN, "2021-04-04T00:00:00", "2021-04-04T05:59:59"),
        # The first begins in the second pass of the hour from 02:00, the second has two autumns.
        ("Europe/Berlin", FIVE, "2021-10-31T01:00:00+00:00", "2021-10-31T03:00:00+00:00"),
        ("Europe/Berlin", THIRTY, "2020-10-24T00:00:00", "2021-11-01T00:00:00"),
        ("Asia/Kathmandu", THIRTY, "2021-10-24T00:00:00", "2021-10-25T00:00:00"),
        ("Europe/Berlin", DAY, "2021-10-30", "2021-11-01"),
        ("Europe/Berlin", QUARTER, "2021-10-30", "2022-11-01"),
    ],
)
def test_starts_are_read_back_over_clock_changes(
    zone: str, interval: TrendInterval, first: str, last: str
) -> None:
    buckets = Buckets.of(between(first, last, interval, zone), ZoneInfo(zone), SUNDAY)
    found = read_starts(days_of(buckets), ZoneInfo(zone), interval)
    assert [start.timestamp() for start in found] == [start.timestamp() for start in buckets.starts()]


def test_day_that_a_zone_skipped_has_no_bucket() -> None:
    zone = SKIPPED_DAY  # went from 29 to 31 December 2011
    days = Buckets.of(between("2011-12-29", "2011-12-31", DAY, zone), ZoneInfo(zone), SUNDAY)
    hours = Buckets.of(between("2011-12-29", "2011-12-31", HOUR, zone), ZoneInfo(zone), SUNDAY)
    assert days_of(days) == ("2011-12-29", "2011-12-31")
    assert {text[:10] for text in days_of(hours)} == {"2011-12-29", "2011-12-31"}
    assert len(hours.starts()) == 25


def test_only_more_buckets_than_allowed_are_rejected() -> None:
    last = datetime(2020, 1, 1, tzinfo=UTC_ZONE) + timedelta(minutes=MAX_BUCKETS - 1)
    allowed = DateRange(datetime(2020, 1, 1, tzinfo=UTC_ZONE), last, datetime(2020, 1, 1, tzinfo=UTC_ZONE), MINUTE)
    assert MAX_BUCKETS == 20_000
    assert len(Buckets.of(allowed, UTC_ZONE, SUNDAY).starts()) == MAX_BUCKETS
    with pytest.raises(BadUserInput, match="more than 20,000 buckets of one minute") as refusal:
        Buckets.of(replace(allowed, end=last + timedelta(minutes=1)), UTC_ZONE, SUNDAY)
    assert refusal.value.path == ("query", "interval")
    assert refusal.value.hint


@pytest.mark.parametrize(
    ("interval", "days", "message"),
    [
        (FIVE, "2020-03-10", "more than 20,000 buckets of 5 minutes"),
        (FIFTEEN, "2020-07-28", "more than 20,000 buckets of 15 minutes"),
    ],
)
def test_limit_of_buckets_says_their_length(interval: TrendInterval, days: str, message: str) -> None:
    with pytest.raises(BadUserInput, match=message):
        Buckets.of(between("2020-01-01", f"{days}T23:59", interval), UTC_ZONE, SUNDAY)
    within = between("2020-01-01", f"{date.fromisoformat(days) - timedelta(days=1)}T00:00", interval)
    assert Buckets.of(within, UTC_ZONE, SUNDAY).count <= MAX_BUCKETS


@pytest.mark.parametrize("interval", [DAY, WEEK, MONTH, QUARTER, YEAR])
def test_latest_and_earliest_possible_dates_have_buckets(interval: TrendInterval) -> None:
    for zone in map(ZoneInfo, ("Asia/Tokyo", "America/New_York", "UTC")):
        for first, last in (("1970-01-03", "1970-01-31"), ("2105-12-01", "2105-12-29")):
            query = replace(TREND, date_from=first, date_to=last, interval=interval)
            starts = Buckets.of(read_range(query, local_now(zone)), zone, SUNDAY).starts()
            assert bucket_start(starts[-1], interval, SUNDAY) == starts[-1]
            assert len(starts) == {DAY: 29, WEEK: 5}.get(interval, 1)


@pytest.mark.parametrize(
    ("zone", "interval", "first", "last", "whole"),
    [
        ("UTC", DAY, "2020-01-01", "2020-01-05", True),
        ("Europe/Berlin", DAY, "2021-03-20", "2021-04-05", True),
        ("Asia/Kolkata", DAY, "2020-01-01", "2020-01-05", False),
        ("Asia/Kolkata", HOUR, "2020-01-01", "2020-01-02", False),
        ("Asia/Kolkata", DAY, "2020-01-01", "2020-01-01", True),
        ("Asia/Kathmandu", MONTH, "2020-01-01", "2020-05-02", False),
        ("America/St_Johns", DAY, "2020-01-01", "2020-01-05", False),
        ("Australia/Lord_Howe", DAY, "2021-01-02", "2021-01-05", True),
        ("Australia/Lord_Howe", DAY, "2021-04-01", "2021-04-08", False),
        ("UTC", HOUR, "2020-01-01", "2020-01-02", True),
        ("UTC", MINUTE, "2020-01-01 00:00", "2020-01-01 00:00", False),
        ("UTC", MONTH, "2020-01-01", "2020-05-02", True),
        ("UTC", THIRTY, "2020-01-01 00:00", "2020-01-01 05:00", False),
        ("UTC", QUARTER, "2020-01-01", "2020-05-02", True),
        ("Europe/Berlin", YEAR, "2019-01-01", "2020-05-02", True),
        ("Asia/Kathmandu", YEAR, "2019-01-01", "2020-05-02", False),
    ],
)
def test_buckets_know_whether_they_meet_at_whole_hours(
    zone: str, interval: TrendInterval, first: str, last: str, whole: bool
) -> None:
    buckets = Buckets.of(between(first, last, interval, zone), ZoneInfo(zone), SUNDAY)
    assert buckets.are_whole_hours() is whole


def _week_of(day: date, week_start: WeekStartDay) -> date:
    while f"{day:%A}".upper() != week_start:
        day -= timedelta(days=1)
    return day


def calendar_key(interval: TrendInterval, week_start: WeekStartDay) -> Callable[[datetime], object]:
    """What moments of one bucket have in common on the calendar, found without the code under test."""
    keys: dict[TrendInterval, Callable[[datetime], object]] = {
        DAY: lambda moment: moment.date(),
        WEEK: lambda moment: _week_of(moment.date(), week_start),
        MONTH: lambda moment: (moment.year, moment.month),
        QUARTER: lambda moment: (moment.year, (moment.month - 1) // 3),
        YEAR: lambda moment: moment.year,
    }
    return keys[interval]


@st.composite
def ranges(draw: st.DrawFn) -> tuple[DateRange, ZoneInfo]:
    """Some days, hours ... of any zone, half of the time around a clock change."""
    interval = draw(st.sampled_from([FIVE, FIFTEEN, THIRTY, HOUR, DAY, WEEK, MONTH, QUARTER, YEAR]))
    if draw(st.booleans()):
        zone = draw(st.sampled_from(sorted(CLOCK_CHANGES.keys() - {SKIPPED_DAY})))
        first = draw(st.sampled_from(CLOCK_CHANGES[zone])) - timedelta(days=draw(st.integers(0, 3)))
    else:
        zone = draw(st.sampled_from(ZONES))
        first = draw(st.dates(date(2012, 1, 1), date(2030, 1, 1)))
    longest = {DAY: 40, WEEK: 100, MONTH: 700, QUARTER: 1400, YEAR: 3000}.get(interval, 4)
    last = first + timedelta(days=draw(st.integers(0, longest)))
    start = datetime.combine(first, draw(st.times()).replace(microsecond=0), ZoneInfo(zone))
    assume(start == start.astimezone(UTC))  # the clocks did show that time
    query = replace(TREND, interval=interval, date_from=f"{start:%Y-%m-%dT%H:%M:%S}", date_to=f"{last}T23:59:59")
    return read_range(query, datetime(2031, 1, 1, tzinfo=ZoneInfo(zone))), ZoneInfo(zone)


@given(ranges(), st.sampled_from(WeekStartDay))
@settings(max_examples=300, deadline=None)
def test_buckets_ascend_without_a_gap_and_cover_the_range(
    pair: tuple[DateRange, ZoneInfo], week_start: WeekStartDay
) -> None:
    range_, zone = pair
    starts = Buckets.of(range_, zone, week_start).starts()
    instants = [start.timestamp() for start in starts]
    assert all(earlier < later for earlier, later in pairwise(instants))
    assert instants[0] <= range_.read_from.timestamp()
    assert instants[-1] <= range_.end.timestamp()
    seconds = SECONDS.get(range_.interval)
    if seconds is not None:
        assert {later - earlier for earlier, later in pairwise(instants)} <= {seconds}
        assert range_.end.timestamp() < instants[-1] + seconds
        return
    days = [start.date() for start in starts]
    key = calendar_key(range_.interval, week_start)
    covered = (days[0] + timedelta(days=n) for n in range((range_.end.date() - days[0]).days + 1))
    assert [key(start) for start in starts] == list(
        dict.fromkeys(key(datetime.combine(day, datetime.min.time())) for day in covered)
    )
    assert all(start.time() == datetime.min.time() for start in starts)


@given(ranges(), st.sampled_from(WeekStartDay), st.floats(0, 1))
@example(
    (between("2017-02-18", "2017-02-18", DAY, "America/Sao_Paulo"), ZoneInfo("America/Sao_Paulo")), SUNDAY, 1.0
)
@settings(max_examples=300, deadline=None)
def test_any_moment_of_the_range_falls_into_exactly_one_bucket(
    pair: tuple[DateRange, ZoneInfo], week_start: WeekStartDay, share: float
) -> None:
    range_, zone = pair
    read_from, read_to = range_.read_from.timestamp(), range_.read_to.timestamp()
    moment = datetime.fromtimestamp(int(read_from + share * (read_to - read_from)), zone)
    starts = Buckets.of(range_, zone, week_start).starts()
    seconds = SECONDS.get(range_.interval)
    if seconds is not None:
        instants = [start.timestamp() for start in starts]
        holding = instants[bisect_right(instants, moment.timestamp()) - 1]
        assert 0 <= moment.timestamp() - holding < seconds
        return
    key = calendar_key(range_.interval, week_start)
    assert [key(start) for start in starts].count(key(moment)) == 1
    assert bucket_start(moment, range_.interval, week_start) in starts


@pytest.mark.parametrize("interval", list(TrendInterval))
@pytest.mark.parametrize("zone", sorted(CLOCK_CHANGES))
async def test_clickhouse_numbers_moments_by_the_same_calendar(
    engine: Engine, zone: str, interval: TrendInterval
) -> None:
    span = {MINUTE: 0, DAY: 20, WEEK: 60, MONTH: 400, QUARTER: 800, YEAR: 1500}.get(interval, 1)
    step = {DAY: 1799, WEEK: 7201, MONTH: 36001, QUARTER: 40001, YEAR: 90001}.get(interval)
    step = step or SECONDS[interval] // 6 + 7
    for change in CLOCK_CHANGES[zone]:
        first, last = change - timedelta(days=span), change + timedelta(days=span)
        range_ = between(f"{first}", f"{last}T23:59:59", interval, zone)
        for week_start in (SUNDAY, MONDAY, WEDNESDAY, SATURDAY) if interval is WEEK else (SUNDAY,):
            buckets = Buckets.of(range_, ZoneInfo(zone), week_start)
            lowest, highest = int(range_.read_from.timestamp()), int(range_.read_to.timestamp())
            moments = [*range(lowest, highest, step), highest]
            assert await _numbers(engine, buckets, moments) == _expected(buckets, moments, week_start)


async def _numbers(engine: Engine, buckets: Buckets, moments: list[int]) -> list[object]:
    moment = call("toDateTime64", Column("second"), Number(6), Param("UTC", "String"))
    seconds = Select((Named(call("arrayJoin", Param(moments, "Array(Int64)")), "second"),))
    query = Select(
        (Named(Column("second"), "second"), Named(buckets.index(moment), "bucket")),
        Derived(seconds, "seconds"),
        order_by=(Order(Column("second")),),
    )
    statement = render(query)
    result = await engine.query(statement.text, statement.params)
    return result.columns[1]


def _expected(buckets: Buckets, moments: list[int], week_start: WeekStartDay) -> list[int]:
    if buckets.interval in SECONDS:
        instants = [start.timestamp() for start in buckets.starts()]
        return [bisect_right(instants, moment) - 1 for moment in moments]
    key = calendar_key(buckets.interval, week_start)
    places = {key(start): place for place, start in enumerate(buckets.starts())}
    return [places[key(datetime.fromtimestamp(moment, buckets.timezone))] for moment in moments]


def test_first_moment_of_the_first_bucket_is_number_zero_in_every_zone() -> None:
    for zone in ZONES:
        range_ = between("2020-01-09", "2020-01-10", DAY, zone)
        starts = Buckets.of(range_, ZoneInfo(zone), SUNDAY).starts()
        assert [f"{start:%Y-%m-%d %H:%M}" for start in starts] == ["2020-01-09 00:00", "2020-01-10 00:00"]
        assert starts[0].astimezone(UTC) == range_.read_from.astimezone(UTC)
