from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput
from resolvers.trends.buckets import Buckets
from resolvers.trends.compare import COMPARE_TO, previous_range
from resolvers.trends.dates import DateRange, read_range
from resolvers.trends.query import TrendDisplay, TrendInterval, TrendQuery
from tests.support.clock import TREND, UTC_ZONE, local_now

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH
COMPARED = replace(TREND, compare=True)


def periods(query: TrendQuery, now: datetime | None = None) -> tuple[DateRange, DateRange]:
    """The current and the previous range on Wednesday, 2020-01-15 13:05:01."""
    now = now or local_now()
    current = read_range(query, now)
    return current, previous_range(query, current, now)


def whole_seconds(range_: DateRange) -> tuple[str, str]:
    """The wall times between which the range lies."""
    return f"{range_.start:%Y-%m-%d %H:%M:%S}", f"{range_.end:%Y-%m-%d %H:%M:%S}"


def days_of(range_: DateRange) -> tuple[str, ...]:
    """The days of the range's buckets."""
    return Buckets.of(range_, UTC_ZONE, WeekStartDay.SUNDAY).axis(range_).days


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "current", "previous"),
    [
        (None, None, DAY, "2020-01-08 2020-01-15", "2020-01-01 2020-01-08"),
        ("-7d", None, DAY, "2020-01-08 2020-01-15", "2020-01-01 2020-01-08"),
        ("-14d", None, DAY, "2020-01-01 2020-01-15", "2019-12-18 2020-01-01"),
        ("-30d", None, DAY, "2019-12-16 2020-01-15", "2019-11-15 2019-12-15"),
        ("-7d", None, WEEK, "2020-01-08 2020-01-15", "2019-12-31 2020-01-07"),
        ("-7d", "-1d", DAY, "2020-01-08 2020-01-14", "2020-01-01 2020-01-07"),
        ("-7d", "2020-01-14", DAY, "2020-01-08 2020-01-14", "2020-01-02 2020-01-08"),
        ("-1w", None, DAY, "2020-01-08 2020-01-15", "2019-12-31 2020-01-07"),
        ("2020-01-08", None, DAY, "2020-01-08 2020-01-15", "2019-12-31 2020-01-07"),
        ("mStart", None, DAY, "2020-01-01 2020-01-15", "2019-12-17 2019-12-31"),
        ("-1dStart", None, DAY, "2020-01-14 2020-01-15", "2020-01-12 2020-01-13"),
        ("today", None, DAY, "2020-01-15 2020-01-15", "2020-01-14 2020-01-14"),
        ("2020-01-15", "2020-01-19", DAY, "2020-01-15 2020-01-19", "2020-01-10 2020-01-14"),
        ("2020-03-01", "2020-03-31", DAY, "2020-03-01 2020-03-31", "2020-01-30 2020-02-29"),
        ("2020-03-01", "2020-03-31", MONTH, "2020-03-01 2020-03-31", "2020-01-30 2020-02-29"),
    ],
)
def test_previous_period_of_days(
    date_from: str | None, date_to: str | None, interval: TrendInterval, current: str, previous: str
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval)
    found = [[moment.split() for moment in whole_seconds(range_)] for range_ in periods(query)]
    assert [[day for day, _ in moments] for moments in found] == [current.split(), previous.split()]
    assert {tuple(clock for _, clock in moments) for moments in found} == {("00:00:00", "23:59:59")}


def test_days_of_the_last_week_and_of_the_one_before_share_a_day() -> None:
    current, previous = periods(replace(COMPARED, date_from="-7d"))
    assert (len(days_of(current)), len(days_of(previous))) == (8, 8)
    assert days_of(previous)[-1] == days_of(current)[0] == "2020-01-08"


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "previous"),
    [
        ("-24h", None, HOUR, ("2020-01-13 13:00:00", "2020-01-14 13:59:59")),
        ("-7d", None, HOUR, ("2019-12-31 00:00:00", "2020-01-07 13:59:59")),
        ("2020-01-09 06:00", "2020-01-09 17:20:30", HOUR, ("2020-01-08 06:00:00", "2020-01-08 17:20:30")),
        ("-30M", None, MINUTE, ("2020-01-15 12:04:02", "2020-01-15 12:35:01")),
        ("2020-01-09 06:00", "2020-01-09 06:10", MINUTE, ("2020-01-09 05:50:00", "2020-01-09 06:00:00")),
    ],
)
def test_previous_period_of_hours_and_minutes(
    date_from: str, date_to: str | None, interval: TrendInterval, previous: tuple[str, str]
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval)
    assert whole_seconds(periods(query)[1]) == previous


@pytest.mark.parametrize(
    ("compare_to", "previous"),
    [
        ("-1w", ("2020-02-23 00:00:00", "2020-03-24 23:59:59")),
        ("-1m", ("2020-02-01 00:00:00", "2020-03-02 23:59:59")),
        ("-1y", ("2019-03-01 00:00:00", "2019-03-31 23:59:59")),
        ("-3d", ("2020-02-27 00:00:00", "2020-03-28 23:59:59")),
        ("2y", ("2018-03-01 00:00:00", "2018-03-31 23:59:59")),
    ],
)
def test_earlier_period_has_the_same_length(compare_to: str, previous: tuple[str, str]) -> None:
    query = replace(COMPARED, date_from="2020-03-01", date_to="2020-03-31", compare_to=compare_to)
    assert whole_seconds(periods(query)[1]) == previous


def test_earlier_period_keeps_the_time_of_day_of_an_exact_start() -> None:
    query = replace(COMPARED, date_from="2020-03-01 06:30", date_to="2020-03-02 07:00", explicit_date=True)
    _, previous = periods(replace(query, compare_to="-1w"))
    assert whole_seconds(previous) == ("2020-02-23 06:30:00", "2020-02-24 07:00:00")


@pytest.mark.parametrize("compare_to", ["2019-01-01", "soon", "", "-1w ago", "-200y"])
def test_compare_to_that_is_not_relative_is_an_error(compare_to: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        periods(replace(COMPARED, compare_to=compare_to))
    assert caught.value.path == COMPARE_TO == ("query", "compare_to")
    assert repr(compare_to) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("interval", "date_from", "date_to", "read_from"),
    [
        (HOUR, "-24h", None, "2020-01-13 13:00:00"),
        (HOUR, "2020-01-09 06:30:15", "2020-01-09 17:00", "2020-01-08 06:00:00"),
        (DAY, "-24h", None, "2020-01-13 13:00:00"),
        (DAY, "2020-01-09 06:30:15", "2020-01-10", "2020-01-07 00:00:00"),
        (WEEK, "-7d", None, "2019-12-31 00:00:00"),
        (WEEK, "-24h", None, "2020-01-13 00:00:00"),
        (MONTH, "-7d", None, "2019-12-01 00:00:00"),
        (MONTH, "2020-01-09 06:30:15", "2020-01-10", "2020-01-01 00:00:00"),
        (MINUTE, "-30M", None, "2020-01-15 12:04:02"),
    ],
)
def test_events_of_the_previous_period_are_read_from(
    interval: TrendInterval, date_from: str, date_to: str | None, read_from: str
) -> None:
    _, previous = periods(replace(COMPARED, interval=interval, date_from=date_from, date_to=date_to))
    assert f"{previous.read_from:%Y-%m-%d %H:%M:%S}" == read_from


@pytest.mark.parametrize("display", [TrendDisplay.BOLD_NUMBER, TrendDisplay.ACTIONS_LINE_GRAPH])
def test_exact_previous_period_is_exact_too(display: TrendDisplay) -> None:
    bold = display is TrendDisplay.BOLD_NUMBER
    current, previous = periods(replace(COMPARED, display=display, date_from="-3d", explicit_date=not bold))
    assert whole_seconds(current) == ("2020-01-12 13:05:01", "2020-01-15 13:05:01")
    assert whole_seconds(previous) == ("2020-01-09 13:05:01", "2020-01-12 13:05:01")
    assert previous.read_from == previous.start


def test_totals_of_the_previous_period_have_the_querys_own_interval() -> None:
    query = replace(COMPARED, display=TrendDisplay.ACTIONS_PIE, interval=HOUR, date_from="2020-01-09 06:30:15")
    current, previous = periods(replace(query, date_to="2020-01-10 12:00"))
    assert (current.interval, previous.interval) == (DAY, HOUR)
    assert f"{current.read_from:%H:%M:%S} {current.read_to:%H:%M:%S}" == "00:00:00 23:59:59"
    assert f"{previous.read_from:%H:%M:%S} {previous.read_to:%H:%M:%S}" == "06:00:00 23:59:59"


def test_longest_possible_period_can_be_compared() -> None:
    _, previous = periods(replace(COMPARED, interval=MONTH, date_from="1900-01-01", date_to="2299-12-31"))
    assert previous.start.year == 1500


@given(
    st.sampled_from(["America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.sampled_from([DAY, WEEK, MONTH]),
    st.dates(date(2012, 1, 1), date(2025, 1, 1)),
    st.integers(0, 60),
)
@settings(max_examples=200, deadline=None)
def test_previous_period_of_absolute_days_has_as_many_days_and_ends_the_day_before(
    zone: str, interval: TrendInterval, last: date, length: int
) -> None:
    first = last - timedelta(days=length)
    query = replace(COMPARED, date_from=f"{first}", date_to=f"{last}", interval=interval)
    current, previous = periods(query, datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)))
    assert previous.end.date() == current.start.date() - timedelta(days=1)
    assert (previous.end.date() - previous.start.date()).days == length
