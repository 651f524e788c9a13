from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from resolvers.trends.query import TrendDisplay, TrendInterval, TrendProject
from resolvers.trends.resolve import resolve
from tests.resolvers.trends.compared import COMPARED, at, axis_of, periods, ranges, whole_seconds
from tests.support.clock import local_now

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH
QUARTER, YEAR = TrendInterval.QUARTER, TrendInterval.YEAR
FIVE, FIFTEEN = TrendInterval.FIVE_MINUTES, TrendInterval.FIFTEEN_MINUTES


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "current", "previous"),
    [
        (None, None, DAY, "2020-01-08 2020-01-15", "2020-01-01 2020-01-08"),
        ("-7d", None, DAY, "2020-01-08 2020-01-15", "2020-01-01 2020-01-08"),
        ("-14d", None, DAY, "2020-01-01 2020-01-15", "2019-12-18 2020-01-01"),
        ("-30d", None, DAY, "2019-12-16 2020-01-15", "2019-11-15 2019-12-15"),
        ("-7d", "-1d", DAY, "2020-01-08 2020-01-14", "2020-01-01 2020-01-07"),
        ("-7d", "2020-01-14", DAY, "2020-01-08 2020-01-14", "2020-01-02 2020-01-08"),
        ("-7d", "2020-01-08", DAY, "2020-01-08 2020-01-08", "2020-01-07 2020-01-07"),
        ("-7d", "yesterday", DAY, "2020-01-08 2020-01-14", "2020-01-01 2020-01-07"),
        ("-1w", None, DAY, "2020-01-08 2020-01-15", "2020-01-01 2020-01-08"),
        ("-1wStart", None, DAY, "2020-01-05 2020-01-15", "2019-12-25 2020-01-04"),
        ("2020-01-08", None, DAY, "2020-01-08 2020-01-15", "2019-12-31 2020-01-07"),
        ("mStart", None, DAY, "2020-01-01 2020-01-15", "2019-12-17 2019-12-31"),
        ("-1dStart", None, DAY, "2020-01-14 2020-01-15", "2020-01-12 2020-01-13"),
        ("today", None, DAY, "2020-01-15 2020-01-15", "2020-01-14 2020-01-14"),
        ("yesterday", "yesterday", DAY, "2020-01-14 2020-01-14", "2020-01-13 2020-01-13"),
        ("2020-01-15", "2020-01-19", DAY, "2020-01-15 2020-01-19", "2020-01-10 2020-01-14"),
        ("2020-03-01", "2020-03-31", DAY, "2020-03-01 2020-03-31", "2020-01-30 2020-02-29"),
        ("-7d", None, WEEK, "2020-01-08 2020-01-15", "2019-12-25 2020-01-01"),
        ("2020-01-05", "2020-01-18", WEEK, "2020-01-05 2020-01-18", "2019-12-22 2020-01-04"),
        ("2020-01-10", "2020-01-13", WEEK, "2020-01-10 2020-01-13", "2020-01-03 2020-01-06"),
        ("2020-01-10", "2020-01-17", WEEK, "2020-01-10 2020-01-17", "2019-12-27 2020-01-03"),
        ("2020-03-01", "2020-03-31", MONTH, "2020-03-01 2020-03-31", "2020-02-01 2020-02-29"),
        ("2024-01-01", "2024-12-31", MONTH, "2024-01-01 2024-12-31", "2023-01-01 2023-12-31"),
        ("2023-01-01", "2023-12-31", MONTH, "2023-01-01 2023-12-31", "2022-01-01 2022-12-31"),
        ("2024-01-15", "2024-03-10", MONTH, "2024-01-15 2024-03-10", "2023-10-15 2023-12-10"),
        ("2024-03-30", "2024-03-30", MONTH, "2024-03-30 2024-03-30", "2024-02-29 2024-02-29"),
        ("2024-02-29", "2024-03-30", MONTH, "2024-02-29 2024-03-30", "2023-12-31 2024-01-30"),
        ("mStart", None, MONTH, "2020-01-01 2020-01-15", "2019-12-01 2019-12-15"),
        ("-1m", None, MONTH, "2019-12-15 2020-01-15", "2019-10-15 2019-11-15"),
        ("-1mStart", "-1mEnd", MONTH, "2019-12-01 2019-12-31", "2019-11-01 2019-11-30"),
        ("yStart", "yEnd", MONTH, "2020-01-01 2020-12-31", "2019-01-01 2019-12-31"),
        ("2024-01-01", "2024-03-31", QUARTER, "2024-01-01 2024-03-31", "2023-10-01 2023-12-31"),
        ("2024-04-01", "2025-03-31", QUARTER, "2024-04-01 2025-03-31", "2023-04-01 2024-03-31"),
        ("2024-02-15", "2024-05-10", QUARTER, "2024-02-15 2024-05-10", "2023-08-15 2023-11-10"),
        ("2024-05-31", "2024-05-31", QUARTER, "2024-05-31 2024-05-31", "2024-02-29 2024-02-29"),
        ("qStart", None, QUARTER, "2020-01-01 2020-01-15", "2019-10-01 2019-10-15"),
        ("2024-01-01", "2024-12-31", YEAR, "2024-01-01 2024-12-31", "2023-01-01 2023-12-31"),
        ("2024-02-29", "2024-02-29", YEAR, "2024-02-29 2024-02-29", "2023-02-28 2023-02-28"),
        ("2025-02-28", "2025-03-01", YEAR, "2025-02-28 2025-03-01", "2024-02-29 2024-03-01"),
        ("2023-11-05", "2024-02-10", YEAR, "2023-11-05 2024-02-10", "2021-11-05 2022-02-10"),
        ("yStart", None, YEAR, "2020-01-01 2020-01-15", "2019-01-01 2019-01-15"),
    ],
)
def test_previous_period_of_days(
    date_from: str | None, date_to: str | None, interval: TrendInterval, current: str, previous: str
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval)
    found = [[moment.split() for moment in whole_seconds(range_)] for range_ in ranges(query)]
    assert [[day for day, _ in moments] for moments in found] == [current.split(), previous.split()]
    assert {tuple(clock for _, clock in moments) for moments in found} == {("00:00:00", "23:59:59")}


def test_days_of_the_last_week_and_of_the_one_before_share_a_day() -> None:
    current, previous = periods(replace(COMPARED, date_from="-7d"))
    assert (len(axis_of(current).days), len(axis_of(previous).days)) == (8, 8)
    assert axis_of(previous).days[-1] == axis_of(current).days[0] == "2020-01-08"


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "current", "previous"),
    [
        # The same hours of earlier days.
        ("dStart", None, HOUR, "01-15 00:00:00 01-15 13:59:59", "01-14 00:00:00 01-14 13:59:59"),
        ("today", None, HOUR, "01-15 00:00:00 01-15 13:59:59", "01-14 00:00:00 01-14 13:59:59"),
        ("yesterday", "yesterday", HOUR, "01-14 00:00:00 01-14 23:59:59", "01-13 00:00:00 01-13 23:59:59"),
        ("-1d", None, HOUR, "01-14 00:00:00 01-15 13:59:59", "01-12 00:00:00 01-13 13:59:59"),
        ("-7d", None, HOUR, "01-08 00:00:00 01-15 13:59:59", "12-31 00:00:00 01-07 13:59:59"),
        ("-24h", None, HOUR, "01-14 13:00:00 01-15 13:59:59", "01-13 13:00:00 01-14 13:59:59"),
        ("-48h", None, HOUR, "01-13 13:00:00 01-15 13:59:59", "01-11 13:00:00 01-13 13:59:59"),
        ("-24h", None, MINUTE, "01-14 13:05:01 01-15 13:05:59", "01-13 13:05:01 01-14 13:05:59"),
        (
            "2020-01-09",
            "2020-01-09 05:59:59",
            HOUR,
            "01-09 00:00:00 01-09 05:59:59",
            "01-08 00:00:00 01-08 05:59:59",
        ),
        # The hours and minutes directly before.
        ("-24h", "-1h", HOUR, "01-14 13:00:00 01-15 12:59:59", "01-13 13:00:00 01-14 12:59:59"),
        ("-24h", "-2h", HOUR, "01-14 13:00:00 01-15 11:59:59", "01-13 14:00:00 01-14 12:59:59"),
        ("-3h", None, HOUR, "01-15 10:00:00 01-15 13:59:59", "01-15 06:00:00 01-15 09:59:59"),
        ("-6h", None, HOUR, "01-15 07:00:00 01-15 13:59:59", "01-15 00:00:00 01-15 06:59:59"),
        ("-12h", None, HOUR, "01-15 01:00:00 01-15 13:59:59", "01-14 12:00:00 01-15 00:59:59"),
        ("-25h", None, HOUR, "01-14 12:00:00 01-15 13:59:59", "01-13 10:00:00 01-14 11:59:59"),
        ("-30M", None, MINUTE, "01-15 12:35:01 01-15 13:05:59", "01-15 12:04:01 01-15 12:34:59"),
        ("-90s", None, MINUTE, "01-15 13:03:31 01-15 13:05:59", "01-15 13:00:31 01-15 13:02:59"),
        (
            "2020-01-09 12:00:00",
            "2020-01-09 12:59:59",
            HOUR,
            "01-09 12:00:00 01-09 12:59:59",
            "01-09 11:00:00 01-09 11:59:59",
        ),
        (
            "2020-01-09 00:00:00",
            "2020-01-09 02:59:59",
            HOUR,
            "01-09 00:00:00 01-09 02:59:59",
            "01-08 21:00:00 01-08 23:59:59",
        ),
        (
            "2020-01-09 06:00",
            "2020-01-09 17:20:30",
            HOUR,
            "01-09 06:00:00 01-09 17:20:30",
            "01-08 18:00:00 01-09 05:20:30",
        ),
        (
            "2020-01-09 06:00",
            "2020-01-09 06:10",
            MINUTE,
            "01-09 06:00:00 01-09 06:10:00",
            "01-09 05:49:00 01-09 05:59:00",
        ),
        ("-24h", None, DAY, "01-14 13:00:00 01-15 23:59:59", "01-12 13:00:00 01-13 23:59:59"),
        # Seven buckets, from 12:35 to 13:09.
        ("-30M", None, FIVE, "01-15 12:35:01 01-15 13:09:59", "01-15 12:00:01 01-15 12:34:59"),
        ("-24h", None, FIFTEEN, "01-14 13:05:01 01-15 13:14:59", "01-13 13:05:01 01-14 13:14:59"),
        ("dStart", None, FIFTEEN, "01-15 00:00:00 01-15 13:14:59", "01-14 00:00:00 01-14 13:14:59"),
    ],
)
def test_previous_period_of_hours_and_minutes(
    date_from: str, date_to: str | None, interval: TrendInterval, current: str, previous: str
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval)
    assert [" ".join(moment[5:] for moment in whole_seconds(found)) for found in ranges(query)] == [
        current,
        previous,
    ]


@pytest.mark.parametrize("now", ["2020-01-15 00:00:00", "2020-01-15 00:30:00", "2020-01-15 00:59:59"])
def test_last_day_of_hours_is_compared_with_the_one_before_also_after_midnight(now: str) -> None:
    current, previous = ranges(replace(COMPARED, date_from="-24h", interval=HOUR), at(now))
    assert whole_seconds(current) == ("2020-01-14 00:00:00", "2020-01-15 00:59:59")
    assert whole_seconds(previous) == ("2020-01-13 00:00:00", "2020-01-14 00:59:59")


def test_labels_of_previous_weeks_are_clipped_to_their_own_period() -> None:
    query = replace(COMPARED, interval=WEEK, date_from="2020-01-15", date_to="2020-01-28")
    _, previous = periods(query)
    assert axis_of(previous).days == ("2019-12-29", "2020-01-05", "2020-01-12")
    assert axis_of(previous).labels == ("1\N{EN DASH}4 Jan", "5\N{EN DASH}11 Jan", "12\N{EN DASH}14 Jan")


@pytest.mark.parametrize(
    ("interval", "date_from", "date_to", "read_from"),
    [
        (HOUR, "-24h", None, "2020-01-13 13:00:00"),
        (HOUR, "2020-01-09 06:30:15", "2020-01-09 17:00", "2020-01-08 18:00:00"),
        (DAY, "-24h", None, "2020-01-12 13:00:00"),
        (DAY, "2020-01-09 06:30:15", "2020-01-10", "2020-01-07 00:00:00"),
        (WEEK, "-7d", None, "2019-12-25 00:00:00"),
        (WEEK, "-24h", None, "2020-01-07 00:00:00"),
        (MONTH, "-7d", None, "2019-12-01 00:00:00"),
        (MONTH, "2020-01-09 06:30:15", "2020-01-10", "2019-12-01 00:00:00"),
        (QUARTER, "-7d", None, "2019-10-01 00:00:00"),
        (QUARTER, "2020-02-09 06:30:15", "2020-05-10", "2019-07-01 00:00:00"),
        (YEAR, "2020-02-09 06:30:15", "2020-05-10", "2019-01-01 00:00:00"),
        (FIVE, "2020-01-09 06:33:15", "2020-01-09 06:44:59", "2020-01-09 06:15:00"),
        (MINUTE, "-30M", None, "2020-01-15 12:04:01"),
        (MINUTE, "2020-01-09 06:30:15", "2020-01-09 06:31", "2020-01-09 06:28:00"),
    ],
)
def test_events_of_the_previous_period_are_read_from(
    interval: TrendInterval, date_from: str, date_to: str | None, read_from: str
) -> None:
    _, previous = ranges(replace(COMPARED, interval=interval, date_from=date_from, date_to=date_to))
    assert f"{previous.read_from:%Y-%m-%d %H:%M:%S}" == read_from


@pytest.mark.parametrize(
    ("interval", "dates", "current", "previous"),
    [
        (HOUR, ("-3h", None), "01-15 10:00:00 01-15 13:59:59", "01-15 06:00:00 01-15 09:59:59"),
        (HOUR, ("dStart", None), "01-15 00:00:00 01-15 13:59:59", "01-14 00:00:00 01-14 13:59:59"),
        (
            HOUR,
            ("2020-01-09 06:30:15", "2020-01-10 12:00"),
            "01-09 06:00:00 01-10 12:00:00",
            "01-07 23:00:00 01-09 05:00:00",
        ),
        (MINUTE, ("-30M", None), "01-15 12:35:01 01-15 13:05:59", "01-15 12:04:01 01-15 12:34:59"),
        (DAY, ("-7d", None), "01-08 00:00:00 01-15 23:59:59", "01-01 00:00:00 01-08 23:59:59"),
        (DAY, ("-24h", None), "01-14 13:00:00 01-15 23:59:59", "01-12 13:00:00 01-13 23:59:59"),
        (WEEK, ("-7d", None), "01-08 00:00:00 01-15 23:59:59", "12-25 00:00:00 01-01 23:59:59"),
        (MONTH, ("2024-01-15", "2024-03-10"), "01-15 00:00:00 03-10 23:59:59", "10-15 00:00:00 12-10 23:59:59"),
        (MONTH, ("2024-03-01", "2024-03-31"), "03-01 00:00:00 03-31 23:59:59", "02-01 00:00:00 02-29 23:59:59"),
    ],
)
def test_totals_are_compared_like_the_chart(
    interval: TrendInterval, dates: tuple[str, str | None], current: str, previous: str
) -> None:
    date_from, date_to = dates
    query = replace(
        COMPARED, display=TrendDisplay.ACTIONS_PIE, interval=interval, date_from=date_from, date_to=date_to
    )
    read = [f"{found.read_from:%m-%d %H:%M:%S} {found.read_to:%m-%d %H:%M:%S}" for found in ranges(query)]
    assert read == [current, previous]
    alone = resolve(replace(query, compare=False), TrendProject(1, ZoneInfo("UTC")), local_now())
    assert alone.ranges == ranges(query)[:1]


def test_longest_possible_period_can_be_compared() -> None:
    _, previous = ranges(replace(COMPARED, interval=MONTH, date_from="1970-01-02", date_to="2105-12-31"))
    assert f"{previous.start:%Y-%m-%d}" == "1834-01-02"
