from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from resolvers.trends.query import TrendInterval
from tests.resolvers.trends.compared import COMPARED, at, axis_of, periods, ranges

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE


@pytest.mark.parametrize(
    ("now", "interval", "dates", "current", "previous"),
    [
        # 01:00 comes twice: its second pass is compared with its first.
        (
            at("2025-12-01 12:00", "America/New_York"),
            HOUR,
            ("2025-11-02T06:00:00Z", "2025-11-02T06:59:59Z"),
            ["2025-11-02 01:00:00"],
            ["2025-11-02 01:00:00"],
        ),
        (
            at("2025-12-01 12:00", "America/New_York"),
            HOUR,
            ("2025-11-02 00:00", "2025-11-02 03:59:59"),
            [f"2025-11-02 0{hour}:00:00" for hour in (0, 1, 1, 2, 3)],
            [f"2025-11-01 {hour}:00:00" for hour in (19, 20, 21, 22, 23)],
        ),
        (
            at("2025-03-10 04:30", "America/New_York"),
            HOUR,
            ("dStart", None),
            [f"2025-03-10 0{hour}:00:00" for hour in (0, 1, 2, 3, 4)],
            [f"2025-03-09 0{hour}:00:00" for hour in (0, 1, 3, 4, 5)],
        ),
        (
            at("2012-02-01 12:00", "Pacific/Apia"),
            HOUR,
            ("2011-12-31", "2011-12-31 02:59:59"),
            [f"2011-12-31 0{hour}:00:00" for hour in (0, 1, 2)],
            [f"2011-12-29 0{hour}:00:00" for hour in (0, 1, 2)],
        ),
        (
            at("2012-02-01 12:00", "Pacific/Apia"),
            DAY,
            ("2011-12-31", "2011-12-31"),
            ["2011-12-31"],
            ["2011-12-29"],
        ),
        (
            at("2012-02-01 12:00", "Pacific/Apia"),
            DAY,
            ("2012-01-01", "2012-01-03"),
            ["2012-01-01", "2012-01-02", "2012-01-03"],
            ["2011-12-28", "2011-12-29", "2011-12-31"],
        ),
        (
            at("2012-02-01 12:00", "Pacific/Apia"),
            DAY,
            ("2011-12-29", "2011-12-31"),
            ["2011-12-29", "2011-12-31"],
            ["2011-12-27", "2011-12-28"],
        ),
        # Midnight does not exist on 26 April 2024, and 23:00 comes twice on 31 October.
        (
            at("2024-12-01 12:00", "Africa/Cairo"),
            DAY,
            ("2024-04-27", "2024-04-27"),
            ["2024-04-27"],
            ["2024-04-26"],
        ),
        (
            at("2024-12-01 12:00", "Africa/Cairo"),
            HOUR,
            ("2024-04-27", "2024-04-27 01:59:59"),
            ["2024-04-27 00:00:00", "2024-04-27 01:00:00"],
            ["2024-04-26 01:00:00", "2024-04-26 02:00:00"],
        ),
        (
            at("2024-12-01 12:00", "Africa/Cairo"),
            HOUR,
            ("2024-11-01 00:00", "2024-11-01 01:59:59"),
            ["2024-11-01 00:00:00", "2024-11-01 01:00:00"],
            ["2024-10-31 23:00:00", "2024-10-31 23:00:00"],
        ),
        (
            at("2021-05-01 12:00", "Australia/Lord_Howe"),
            HOUR,
            ("2021-04-04 03:00", "2021-04-04 04:59:59"),
            ["2021-04-04 03:00:00", "2021-04-04 04:00:00"],
            ["2021-04-04 01:30:00", "2021-04-04 02:00:00"],
        ),
    ],
)
def test_clock_changes_leave_as_many_buckets(
    now: datetime, interval: TrendInterval, dates: tuple[str, str | None], current: list[str], previous: list[str]
) -> None:
    date_from, date_to = dates
    query = replace(COMPARED, date_from=date_from, date_to=date_to, interval=interval)
    found = periods(query, now)
    assert [list(axis_of(period).days) for period in found] == [current, previous]


def test_first_pass_of_a_repeated_hour_is_an_hour_before_the_second() -> None:
    query = replace(COMPARED, date_from="2025-11-02T06:00:00Z", date_to="2025-11-02T06:59:59Z", interval=HOUR)
    _, previous = ranges(query, at("2025-12-01 12:00", "America/New_York"))
    assert previous.read_from.astimezone(UTC) == at("2025-11-02 05:00:00")
    assert previous.read_to.astimezone(UTC) == at("2025-11-02 05:59:59")


@pytest.mark.parametrize("zone", ["America/New_York", "Africa/Cairo", "Australia/Lord_Howe", "Europe/London"])
@pytest.mark.parametrize(
    "change", ["2024-03-10T07:00Z", "2024-11-03T06:00Z", "2024-10-26T23:30Z", "2024-04-25T22:00Z"]
)
def test_last_minutes_are_compared_with_as_many_before_at_any_time(zone: str, change: str) -> None:
    around = datetime.fromisoformat(change)
    for minutes in range(-90, 91, 7):
        now = (around + timedelta(minutes=minutes)).astimezone(ZoneInfo(zone))
        current, previous = periods(replace(COMPARED, date_from="-30M", interval=MINUTE), now)
        assert len(axis_of(current).days) == len(axis_of(previous).days) == 31
        step = current.range.start.astimezone(UTC) - previous.range.start.astimezone(UTC)
        assert step == timedelta(minutes=31)


@given(
    st.sampled_from(["America/Sao_Paulo", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.dates(date(2012, 1, 1), date(2025, 1, 1)),
    st.integers(0, 60),
)
@settings(max_examples=200, deadline=None)
def test_previous_period_of_absolute_days_has_as_many_days_and_ends_the_day_before(
    zone: str, last: date, length: int
) -> None:
    first = last - timedelta(days=length)
    query = replace(COMPARED, date_from=f"{first}", date_to=f"{last}")
    current, previous = ranges(query, datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)))
    assert previous.end.date() == current.start.date() - timedelta(days=1)
    assert (previous.end.date() - previous.start.date()).days == length
    gap = current.read_from.astimezone(UTC) - previous.read_to.astimezone(UTC)
    assert gap == timedelta(seconds=1), "no hour is lost where clocks repeat one"
