from dataclasses import replace

import pytest

from errors import BadUserInput
from resolvers.trends.compare_step import COMPARE_TO
from resolvers.trends.query import TrendInterval
from tests.resolvers.trends.compared import COMPARED, at, axis_of, periods, ranges, whole_seconds

DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH
QUARTER, YEAR = TrendInterval.QUARTER, TrendInterval.YEAR
FIVE = TrendInterval.FIVE_MINUTES


def test_exact_period_may_overlap_an_earlier_one_that_the_client_asks_for() -> None:
    query = replace(COMPARED, date_from="2020-01-09 12:00", date_to="2020-01-09 15:00", explicit_date=True)
    _, previous = ranges(replace(query, compare_to="-1h"))
    assert whole_seconds(previous) == ("2020-01-09 11:00:00", "2020-01-09 14:00:00")
    assert previous.read_to == at("2020-01-09 14:00:00")


@pytest.mark.parametrize(
    ("compare_to", "previous"),
    [
        ("-1w", ("2020-02-23 00:00:00", "2020-03-24 23:59:59")),
        ("-1m", ("2020-02-01 00:00:00", "2020-03-02 23:59:59")),
        ("-1y", ("2019-03-01 00:00:00", "2019-03-31 23:59:59")),
        ("-3d", ("2020-02-27 00:00:00", "2020-03-28 23:59:59")),
        ("-72h", ("2020-02-27 00:00:00", "2020-03-28 23:59:59")),
        ("-1q", ("2019-12-01 00:00:00", "2019-12-31 23:59:59")),
        ("2y", ("2018-03-01 00:00:00", "2018-03-31 23:59:59")),
    ],
)
def test_earlier_period_has_as_many_days(compare_to: str, previous: tuple[str, str]) -> None:
    query = replace(COMPARED, date_from="2020-03-01", date_to="2020-03-31", compare_to=compare_to)
    assert whole_seconds(ranges(query)[1]) == previous


@pytest.mark.parametrize(
    ("dates", "compare_to", "previous"),
    [
        ("2020-03-01 2020-03-31", "-1m", "2020-02-01 2020-02-29"),
        ("2020-03-01 2020-03-31", "-1q", "2019-12-01 2019-12-31"),
        ("2020-03-01 2020-03-31", "-1y", "2019-03-01 2019-03-31"),
        ("2020-02-01 2020-02-29", "-1y", "2019-02-01 2019-02-28"),
        ("2019-02-01 2019-02-28", "3y", "2016-02-01 2016-02-29"),
        ("2020-01-15 2020-03-10", "-2m", "2019-11-15 2020-01-10"),
    ],
)
def test_months_are_compared_with_whole_months(dates: str, compare_to: str, previous: str) -> None:
    first, last = dates.split()
    query = replace(COMPARED, date_from=first, date_to=last, interval=MONTH, compare_to=compare_to)
    current, found = periods(query)
    assert whole_seconds(found.range) == tuple(
        f"{day} {clock}" for day, clock in zip(previous.split(), ("00:00:00", "23:59:59"), strict=True)
    )
    assert len(axis_of(found).days) == len(axis_of(current).days)


@pytest.mark.parametrize(
    ("interval", "dates", "compare_to", "previous", "days"),
    [
        (QUARTER, "2024-01-01 2024-03-31", "-1y", "2023-01-01 2023-03-31", "2023-01-01"),
        (QUARTER, "2024-01-01 2024-03-31", "-1q", "2023-10-01 2023-12-31", "2023-10-01"),
        (QUARTER, "2024-01-01 2024-06-30", "-6m", "2023-07-01 2023-12-31", "2023-07-01 2023-10-01"),
        (YEAR, "2024-02-29 2024-12-31", "-1y", "2023-02-28 2023-12-31", "2023-01-01"),
        (YEAR, "2024-02-29 2024-12-31", "4y", "2020-02-29 2020-12-31", "2020-01-01"),
        (YEAR, "2024-02-29 2024-12-31", "8q", "2022-02-28 2022-12-31", "2022-01-01"),
    ],
)
def test_quarters_and_years_are_compared_with_whole_ones(
    interval: TrendInterval, dates: str, compare_to: str, previous: str, days: str
) -> None:
    first, last = dates.split()
    query = replace(COMPARED, date_from=first, date_to=last, interval=interval, compare_to=compare_to)
    _, found = periods(query)
    assert [moment[:10] for moment in whole_seconds(found.range)] == previous.split()
    assert axis_of(found).days == tuple(days.split())


@pytest.mark.parametrize(
    ("interval", "compare_to", "units", "hint"),
    [
        (MONTH, "-1w", "one month .* whole months, quarters or years", "-1m"),
        (QUARTER, "-1m", "one quarter .* whole quarters or years", "-1q"),
        (QUARTER, "-4m", "one quarter .* whole quarters or years", "-1q"),
        (QUARTER, "-13w", "one quarter .* whole quarters or years", "-1q"),
        (YEAR, "-6m", "one year .* whole years", "-1y"),
        (YEAR, "-1q", "one year .* whole years", "-1y"),
        (YEAR, "-365d", "one year .* whole years", "-1y"),
    ],
)
def test_step_that_moves_buckets_onto_parts_of_others_is_refused(
    interval: TrendInterval, compare_to: str, units: str, hint: str
) -> None:
    with pytest.raises(BadUserInput, match=units) as caught:
        periods(replace(COMPARED, compare_to=compare_to, interval=interval))
    assert caught.value.path == COMPARE_TO
    assert hint in str(caught.value.hint)


@pytest.mark.parametrize(
    ("interval", "compare_to", "previous"),
    [
        (HOUR, "-1h", ("2020-01-15 09:00:00", "2020-01-15 12:59:59")),
        (HOUR, "-1d", ("2020-01-14 10:00:00", "2020-01-14 13:59:59")),
        (HOUR, "-1w", ("2020-01-08 10:00:00", "2020-01-08 13:59:59")),
        (HOUR, "-1m", ("2019-12-15 10:00:00", "2019-12-15 13:59:59")),
        (MINUTE, "-30M", ("2020-01-15 09:35:01", "2020-01-15 12:35:59")),
        (MINUTE, "-90s", ("2020-01-15 10:03:31", "2020-01-15 13:04:29")),
        (FIVE, "-1h", ("2020-01-15 09:05:01", "2020-01-15 12:09:59")),
        (FIVE, "-1w", ("2020-01-08 10:05:01", "2020-01-08 13:09:59")),
    ],
)
def test_earlier_period_of_hours_has_as_many(
    interval: TrendInterval, compare_to: str, previous: tuple[str, str]
) -> None:
    current, found = periods(replace(COMPARED, date_from="-3h", interval=interval, compare_to=compare_to))
    assert whole_seconds(found.range) == previous
    assert len(axis_of(found).days) == len(axis_of(current).days)


@pytest.mark.parametrize(
    ("first", "last", "previous", "weeks"),
    [
        # From a Sunday to a Saturday: whole weeks, of which the first one a month ago began on a Saturday.
        ("2020-03-01", "2020-03-28", "2020-02-01 2020-02-22", "01-26 02-02 02-09 02-16"),
        # As long as now, in as many weeks, of which the last one may have no day.
        ("2020-01-15", "2020-01-28", "2019-12-15 2019-12-28", "12-15 12-22 12-29"),
    ],
)
def test_weeks_a_month_ago_are_as_many(first: str, last: str, previous: str, weeks: str) -> None:
    query = replace(COMPARED, interval=WEEK, date_from=first, date_to=last, compare_to="-1m")
    current, found = periods(query)
    assert " ".join(moment[:10] for moment in whole_seconds(found.range)) == previous
    assert " ".join(day[5:] for day in axis_of(found).days) == weeks
    assert len(axis_of(current).days) == len(weeks.split())


def test_earlier_period_keeps_the_time_of_day_of_an_exact_start() -> None:
    query = replace(COMPARED, date_from="2020-03-01 06:30", date_to="2020-03-02 07:00", explicit_date=True)
    _, previous = ranges(replace(query, compare_to="-1w"))
    assert whole_seconds(previous) == ("2020-02-23 06:30:00", "2020-02-24 07:00:00")


@pytest.mark.parametrize(
    "compare_to",
    [
        *("2019-01-01", "soon", "", "-1w ago", "-200y", "-999999d", "0d", "-0w", "d", "-", "7", "dStart"),
        *("-1mStart", "today", "yesterday", "all", "-1W", "-1D", "-1Q", "-1Y", "-24H", "-1M", "-5h", "-90s"),
    ],
)
def test_compare_to_that_is_no_step_is_an_error(compare_to: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        periods(replace(COMPARED, compare_to=compare_to))
    assert caught.value.path == COMPARE_TO == ("query", "compare_to")
    assert repr(compare_to) in caught.value.message
    assert caught.value.hint


@pytest.mark.parametrize(
    ("compare_to", "interval", "hint"),
    [
        ("-1W", DAY, "-1w"),
        ("-24H", HOUR, "-24h"),
        ("-1M", DAY, "-1m"),
        ("-1M", WEEK, "-1m"),
        ("-1M", MONTH, "-1m"),
        ("-1w", MONTH, "-1m"),
        ("-30d", MONTH, "-1m"),
        ("-24h", MONTH, "-1m"),
    ],
)
def test_compare_to_of_the_wrong_unit_is_refused_with_the_right_one(
    compare_to: str, interval: TrendInterval, hint: str
) -> None:
    with pytest.raises(BadUserInput) as caught:
        periods(replace(COMPARED, compare_to=compare_to, interval=interval))
    assert hint in str(caught.value.hint)
