from dataclasses import replace
from datetime import UTC

import pytest

from resolvers.trends.query import TrendDisplay, TrendInterval
from tests.resolvers.trends.compared import COMPARED, at, axis_of, periods, ranges, whole_seconds

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH


@pytest.mark.parametrize(
    ("date_from", "date_to", "interval", "previous"),
    [
        # Less than a day: the same length before, at any interval.
        ("2020-01-09 12:00:00", "2020-01-09 12:59:59", DAY, "2020-01-09 11:00:00 2020-01-09 11:59:59"),
        ("2020-01-09 12:00:00", "2020-01-09 12:59:59", HOUR, "2020-01-09 11:00:00 2020-01-09 11:59:59"),
        ("2020-01-09 12:00:00", "2020-01-09 12:59:59", MONTH, "2020-01-09 11:00:00 2020-01-09 11:59:59"),
        ("2020-01-09 12:00:00", "2020-01-09 13:00:00", WEEK, "2020-01-09 11:00:00 2020-01-09 12:00:00"),
        ("2020-01-09 02:00", "2020-01-09 09:30", DAY, "2020-01-08 18:30:00 2020-01-09 02:00:00"),
        ("2020-01-09 12:00", "2020-01-09 12:00", DAY, "2020-01-09 11:59:59 2020-01-09 11:59:59"),
        ("-3h", None, DAY, "2020-01-15 07:05:01 2020-01-15 10:05:01"),
        ("-3h", None, HOUR, "2020-01-15 07:05:01 2020-01-15 10:05:01"),
        ("-30M", None, DAY, "2020-01-15 12:05:01 2020-01-15 12:35:01"),
        ("hStart", None, DAY, "2020-01-15 12:54:59 2020-01-15 13:00:00"),
        # Whole days.
        ("-24h", None, DAY, "2020-01-13 13:05:01 2020-01-14 13:05:01"),
        ("-1d", None, DAY, "2020-01-13 13:05:01 2020-01-14 13:05:01"),
        ("-3d", None, DAY, "2020-01-09 13:05:01 2020-01-12 13:05:01"),
        ("-7d", None, DAY, "2020-01-01 13:05:01 2020-01-08 13:05:01"),
        ("-7d", None, WEEK, "2020-01-01 13:05:01 2020-01-08 13:05:01"),
        ("dStart", None, DAY, "2020-01-14 00:00:00 2020-01-14 13:05:01"),
        ("2020-01-01 06:00", "2020-01-02 12:00", DAY, "2019-12-30 06:00:00 2019-12-31 12:00:00"),
        ("2020-01-03 00:00:00", "2020-01-04 23:59:59", DAY, "2020-01-01 00:00:00 2020-01-02 23:59:59"),
        # The fewest whole hours and minutes.
        ("2020-01-01 06:00", "2020-01-02 12:30", HOUR, "2019-12-30 23:00:00 2020-01-01 05:30:00"),
        ("2020-01-01 06:00", "2020-01-02 06:10:20", MINUTE, "2019-12-31 05:49:00 2020-01-01 05:59:20"),
        # As many months as there are buckets.
        ("-1m", None, MONTH, "2019-10-15 13:05:01 2019-11-15 13:05:01"),
    ],
)
def test_previous_period_of_an_exact_range(
    date_from: str, date_to: str | None, interval: TrendInterval, previous: str
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval, explicit_date=True)
    current, found = ranges(query)
    assert " ".join(whole_seconds(found)) == previous
    assert found.read_from == found.start
    assert found.read_to < current.read_from


def test_event_at_the_start_of_an_exact_range_is_of_the_current_period_alone() -> None:
    current, previous = ranges(replace(COMPARED, display=TrendDisplay.BOLD_NUMBER, date_from="-7d"))
    assert current.read_from == previous.end == at("2020-01-08 13:05:01")
    assert previous.read_to == at("2020-01-08 13:05:00.999999")


@pytest.mark.parametrize(
    ("interval", "date_from", "date_to", "days"),
    [
        (HOUR, "2020-01-09 06:30", "2020-01-09 08:00", ["2020-01-09 04:30:00", "2020-01-09 05:30:00"]),
        # The evening and the night are compared with the afternoon before, whose days are of one date.
        (DAY, "2020-01-09 20:00", "2020-01-10 03:30", ["2020-01-09", "2020-01-09"]),
        (DAY, "2020-01-09 12:00", "2020-01-09 12:59:59", ["2020-01-09"]),
        (DAY, "2020-01-09 05:00", "2020-01-09 22:00", ["2020-01-08"]),
    ],
)
def test_buckets_of_an_exact_period_are_moved_with_it(
    interval: TrendInterval, date_from: str, date_to: str, days: list[str]
) -> None:
    query = replace(COMPARED, date_from=date_from, date_to=date_to, explicit_date=True, interval=interval)
    _, previous = periods(query)
    assert list(axis_of(previous).days)[:2] == days


@pytest.mark.parametrize(
    ("start", "read"),
    [
        # Clocks went back from 24:00 to 23:00, and forward from 00:00 to 01:00.
        ("2024-10-31T21:00:00+00:00", ("2024-10-31T20:59:50+00:00", "2024-10-31T20:59:59.999999+00:00")),
        ("2024-04-25T22:00:00+00:00", ("2024-04-25T21:59:50+00:00", "2024-04-25T21:59:59.999999+00:00")),
    ],
)
def test_period_before_a_clock_change_ends_at_the_moment_before(start: str, read: tuple[str, str]) -> None:
    query = replace(COMPARED, date_from=start, date_to=start.replace("00+", "10+"), explicit_date=True)
    _, previous = ranges(query, at("2024-12-01 12:00", "Africa/Cairo"))
    assert tuple(moment.astimezone(UTC).isoformat() for moment in (previous.read_from, previous.read_to)) == read
