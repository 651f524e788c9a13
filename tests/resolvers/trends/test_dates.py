from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput, ErrorCode
from resolvers.trends.date_text import read_date
from resolvers.trends.dates import DATE_FROM, DATE_TO, read_end, read_range, read_start
from resolvers.trends.query import TrendDisplay, TrendInterval, TrendQuery
from tests.support.clock import TREND, local_now

NOW = local_now()
PATH = ("query", "somewhere")
DAY, HOUR, MINUTE = TrendInterval.DAY, TrendInterval.HOUR, TrendInterval.MINUTE
WEEK, MONTH = TrendInterval.WEEK, TrendInterval.MONTH
TOTAL, BOLD = TrendDisplay.ACTIONS_PIE, TrendDisplay.BOLD_NUMBER


def shown(moment: datetime) -> str:
    """The wall time, without a fraction of zero."""
    return moment.replace(tzinfo=None).isoformat(" ")


@pytest.mark.parametrize(
    ("text", "start"),
    [
        (None, "2020-01-08 00:00:00"),
        ("-7d", "2020-01-08 00:00:00"),
        ("7d", "2020-01-08 00:00:00"),
        ("-24h", "2020-01-14 13:00:00"),
        ("-1h", "2020-01-15 12:00:00"),
        ("-1hStart", "2020-01-15 12:00:00"),
        ("-1hEnd", "2020-01-15 12:00:00"),
        ("-1dStart", "2020-01-14 00:00:00"),
        ("-1dEnd", "2020-01-14 00:00:00"),
        ("dStart", "2020-01-15 00:00:00"),
        ("wStart", "2020-01-12 00:00:00"),
        ("-1wStart", "2020-01-05 00:00:00"),
        ("-1wEnd", "2020-01-11 00:00:00"),
        ("qStart", "2020-01-01 00:00:00"),
        ("-1qStart", "2019-10-01 00:00:00"),
        ("-2qEnd", "2019-09-30 00:00:00"),
        ("today", "2020-01-15 00:00:00"),
        ("yesterday", "2020-01-14 00:00:00"),
        ("hStart", "2020-01-15 00:00:00"),
        ("-1w", "2020-01-08 00:00:00"),
        ("-1q", "2019-10-16 00:00:00"),
        ("mStart", "2020-01-01 00:00:00"),
        ("-1mStart", "2019-12-01 00:00:00"),
        ("-1m", "2019-12-15 00:00:00"),
        ("-3m", "2019-10-15 00:00:00"),
        ("mEnd", "2020-01-31 00:00:00"),
        ("-1mEnd", "2019-12-31 00:00:00"),
        ("-2mEnd", "2019-11-30 00:00:00"),
        ("yStart", "2020-01-01 00:00:00"),
        ("-1yStart", "2019-01-01 00:00:00"),
        ("-1yEnd", "2019-12-31 00:00:00"),
        ("yEnd", "2020-12-31 00:00:00"),
        ("-1y", "2019-01-15 00:00:00"),
        ("-10s", "2020-01-15 00:00:00"),
        ("2020-01-09 06:30", "2020-01-09 06:30:00"),
    ],
)
def test_start_of_a_date_from(text: str | None, start: str) -> None:
    assert shown(read_start(replace(TREND, date_from=text), NOW).instant) == start


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("-30M", "2020-01-15 12:35:01"),
        ("-10s", "2020-01-15 13:04:51"),
        ("-24h", "2020-01-14 13:05:01"),
        ("-7d", "2020-01-08 13:05:01"),
        ("-1dStart", "2020-01-14 00:00:00"),
        ("-1dEnd", "2020-01-14 23:59:59.999999"),
        ("hStart", "2020-01-15 13:00:00"),
        ("-2hEnd", "2020-01-15 11:59:59.999999"),
        ("mStart", "2020-01-01 00:00:00"),
        ("mEnd", "2020-01-31 23:59:59.999999"),
        ("-1yStart", "2019-01-01 00:00:00"),
        ("-1yEnd", "2019-12-31 23:59:59.999999"),
        ("wStart", "2020-01-12 00:00:00"),
        ("-1wStart", "2020-01-05 00:00:00"),
        ("-1wEnd", "2020-01-11 23:59:59.999999"),
        ("qStart", "2020-01-01 00:00:00"),
        ("-1q", "2019-10-16 13:05:01"),
        ("-1qEnd", "2019-12-31 23:59:59.999999"),
        ("-3MStart", "2020-01-15 13:02:00"),
        ("-3MEnd", "2020-01-15 13:02:59.999999"),
        ("-3sEnd", "2020-01-15 13:04:58.999999"),
        ("today", "2020-01-15 00:00:00"),
        ("yesterday", "2020-01-14 00:00:00"),
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        pytest.param(replace(TREND, interval=MINUTE), id="minute"),
        pytest.param(replace(TREND, display=BOLD), id="bold-number"),
        pytest.param(replace(TREND, explicit_date=True), id="explicit"),
        pytest.param(replace(TREND, explicit_date=True, interval=MONTH), id="explicit-months"),
    ],
)
def test_start_of_an_exact_range_or_of_minutes_is_not_truncated(
    question: TrendQuery, text: str, start: str
) -> None:
    assert shown(read_start(replace(question, date_from=text), NOW).instant) == start


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2020", "2020-01-01 00:00:00"),
        ("2020-01", "2020-01-01 00:00:00"),
        ("20200102", "2020-01-02 00:00:00"),
        ("2021-1-5", "2021-01-05 00:00:00"),
        ("2020-01-09", "2020-01-09 00:00:00"),
        (" 2020-01-09 ", "2020-01-09 00:00:00"),
        ("2020-01-09T13", "2020-01-09 13:00:00"),
        ("2020-01-09 13:05", "2020-01-09 13:05:00"),
        ("2020-01-09T13:05:07", "2020-01-09 13:05:07"),
        ("2020-01-09T13:05:07.25", "2020-01-09 13:05:07.250000"),
        ("2020-01-09T13:05:07,123456789", "2020-01-09 13:05:07.123456"),
        ("2020-01-09T13:05:07Z", "2020-01-09 18:35:07"),
        ("2020-01-09T13:05:07+00:00", "2020-01-09 18:35:07"),
        ("2020-01-09T13:05:07-0330", "2020-01-09 22:05:07"),
        ("2020-01-09 13:05:07 +02", "2020-01-09 16:35:07"),
        ("2020-02-29", "2020-02-29 00:00:00"),
    ],
)
def test_absolute_date_is_wall_time_and_one_with_an_offset_is_converted(text: str, instant: str) -> None:
    date = read_date(text, local_now(ZoneInfo("Asia/Kolkata")), PATH)
    assert shown(date.instant) == instant
    assert not date.is_relative


@pytest.mark.parametrize(
    ("now", "text", "instant"),
    [
        ("2020-03-31 10:00:00", "-1m", "2020-02-29 10:00:00"),
        ("2020-03-31 10:00:00", "-13m", "2019-02-28 10:00:00"),
        ("2020-02-29 10:00:00", "-1y", "2019-02-28 10:00:00"),
        ("2020-03-01 10:00:00", "-1mEnd", "2020-02-29 23:59:59.999999"),
        ("2020-06-15 10:00:00", "yEnd", "2020-12-31 23:59:59.999999"),
        ("2020-06-15 10:00:00", "qStart", "2020-04-01 00:00:00"),
        ("2020-06-15 10:00:00", "qEnd", "2020-06-30 23:59:59.999999"),
        ("2020-05-31 10:00:00", "-1qEnd", "2020-03-31 23:59:59.999999"),
        ("2020-05-31 10:00:00", "-2qStart", "2019-10-01 00:00:00"),
        ("2020-12-31 10:00:00", "-1qEnd", "2020-09-30 23:59:59.999999"),
        ("2020-06-14 10:00:00", "wStart", "2020-06-14 00:00:00"),
        ("2020-06-13 10:00:00", "wStart", "2020-06-07 00:00:00"),
        ("2020-06-13 10:00:00", "wEnd", "2020-06-13 23:59:59.999999"),
        ("2020-01-01 00:30:00", "-1h", "2019-12-31 23:30:00"),
    ],
)
def test_relative_date_subtracts_by_the_calendar(now: str, text: str, instant: str) -> None:
    assert shown(read_date(text, datetime.fromisoformat(now).replace(tzinfo=UTC), PATH).instant) == instant


def test_relative_hours_elapse_and_days_keep_the_wall_time_over_a_clock_change() -> None:
    now = datetime(2021, 3, 28, 12, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert shown(read_date("-24h", now, PATH).instant) == "2021-03-27 11:00:00"
    assert shown(read_date("-1d", now, PATH).instant) == "2021-03-27 12:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "soon",
        "now",
        "tomorrow",
        "last week",
        "todayish",
        "Today",
        "-7",
        "7",
        "-",
        "--7d",
        "-7days",
        "7d ago",
        "x-7d",
        "-1.5d",
        "-7x",
        "+7d",
        "-7dMiddle",
        "-7dstart",
        "-\u0667d",
        "2020-13-01",
        "2020-02-30",
        "2019-02-29",
        "2020-00-10",
        "2020-01-09T25:00",
        "2020-01-09T13:60",
        "2020-01-09T13:05:07+99:00",
        "2020-W03-1",
        "202013",
        "09/01/2020",
        "\u0662\u0660\u0662\u0660-01-09",
        "2020-01-09'; DROP TABLE events",
        "0001-01-01",
        "1899-12-31",
        "2300-01-01",
        "9999-12-31",
        "-999999d",
        "-999999y",
        "-9999999d",
        "-130y",
    ],
)
def test_invalid_date_is_rejected_with_its_path(text: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        read_date(text, NOW, PATH)
    assert caught.value.code is ErrorCode.BAD_USER_INPUT
    assert caught.value.path == PATH
    assert repr(text) in caught.value.message
    assert "2021-01-31" in (caught.value.hint or "")


@given(st.one_of(st.text(max_size=12), st.from_regex(r"[-0-9T:. Zdhmyw]{0,20}", fullmatch=True)))
@settings(max_examples=300, deadline=None)
def test_any_string_is_read_or_rejected(text: str) -> None:
    try:
        date = read_date(text, NOW, PATH)
    except BadUserInput as error:
        assert error.path == PATH  # noqa: PT017 - most strings are rejected, some are valid
    else:
        assert 1900 <= date.instant.year < 2300


@pytest.mark.parametrize(
    ("interval", "text", "end"),
    [
        (DAY, None, "2020-01-15 23:59:59.999999"),
        (DAY, "-1dEnd", "2020-01-14 23:59:59.999999"),
        (DAY, "-1mEnd", "2019-12-31 23:59:59.999999"),
        (DAY, "-7d", "2020-01-08 23:59:59.999999"),
        (DAY, "today", "2020-01-15 23:59:59.999999"),
        (DAY, "yesterday", "2020-01-14 23:59:59.999999"),
        (DAY, "-1wEnd", "2020-01-11 23:59:59.999999"),
        (DAY, "yEnd", "2020-12-31 23:59:59.999999"),
        (DAY, "2020-01-10", "2020-01-10 23:59:59.999999"),
        (DAY, "2020-01-10T17:00:00Z", "2020-01-10 23:59:59.999999"),
        (WEEK, "2020-01-10 17:00", "2020-01-10 23:59:59.999999"),
        (WEEK, None, "2020-01-15 23:59:59.999999"),
        (MONTH, "2020-01-10 17:00", "2020-01-10 23:59:59.999999"),
        (MONTH, None, "2020-01-15 23:59:59.999999"),
        (HOUR, None, "2020-01-15 13:59:59.999999"),
        (HOUR, "-1h", "2020-01-15 12:59:59.999999"),
        (HOUR, "-1d", "2020-01-14 13:59:59.999999"),
        (HOUR, "today", "2020-01-15 13:59:59.999999"),
        (HOUR, "yesterday", "2020-01-14 23:59:59.999999"),
        (HOUR, "-1mEnd", "2019-12-31 23:59:59.999999"),
        (HOUR, "qEnd", "2020-03-31 23:59:59.999999"),
        (HOUR, "2020-01-09", "2020-01-09 00:00:00"),
        (HOUR, "2020-01-09 17:20:30", "2020-01-09 17:20:30"),
        (MINUTE, None, "2020-01-15 13:05:59.999999"),
        (MINUTE, "-3M", "2020-01-15 13:02:59.999999"),
        (MINUTE, "yesterday", "2020-01-14 23:59:59.999999"),
        (MINUTE, "2020-01-09 17:20:30", "2020-01-09 17:20:30"),
    ],
)
def test_end_of_a_date_to(interval: TrendInterval, text: str | None, end: str) -> None:
    assert shown(read_end(replace(TREND, interval=interval, date_to=text), NOW)) == end


@pytest.mark.parametrize("interval", list(TrendInterval))
@pytest.mark.parametrize(
    ("text", "end"),
    [
        (None, "2020-01-15 13:05:01"),
        ("-1d", "2020-01-14 13:05:01"),
        ("today", "2020-01-15 13:05:01"),
        ("yesterday", "2020-01-14 23:59:59.999999"),
        ("-1wEnd", "2020-01-11 23:59:59.999999"),
        ("-30M", "2020-01-15 12:35:01"),
        ("2020-01-10", "2020-01-10 00:00:00"),
        ("2020-01-10 17:20:30", "2020-01-10 17:20:30"),
    ],
)
def test_end_of_an_explicit_date_to_is_the_instant(interval: TrendInterval, text: str | None, end: str) -> None:
    query = replace(TREND, interval=interval, date_to=text, explicit_date=True)
    assert shown(read_end(query, NOW)) == end


@pytest.mark.parametrize(
    ("text", "end"),
    [
        (None, "2020-01-15 13:05:01"),
        ("-1d", "2020-01-14 23:59:59.999999"),
        ("2020-01-10", "2020-01-10 23:59:59.999999"),
    ],
)
def test_end_of_a_bold_number_is_now_only_when_it_is_not_given(text: str | None, end: str) -> None:
    assert shown(read_end(replace(TREND, display=BOLD, date_to=text), NOW)) == end


@pytest.mark.parametrize(
    ("interval", "text", "read_from"),
    [
        (HOUR, "-24h", "2020-01-14 13:00:00"),
        (HOUR, "-1d", "2020-01-14 00:00:00"),
        (HOUR, "2020-01-09 06:30:15", "2020-01-09 06:00:00"),
        (MINUTE, "-30M", "2020-01-15 12:35:01"),
        (MINUTE, "-2h", "2020-01-15 11:05:01"),
        (DAY, "-24h", "2020-01-14 13:00:00"),
        (DAY, "-7d", "2020-01-08 00:00:00"),
        (DAY, None, "2020-01-08 00:00:00"),
        (DAY, "2020-01-09 06:30:15", "2020-01-09 00:00:00"),
        (DAY, "2020-01-09T23:00:00-05:00", "2020-01-10 00:00:00"),
        (WEEK, "-24h", "2020-01-14 00:00:00"),
        (WEEK, "-7d", "2020-01-08 00:00:00"),
        (WEEK, "2020-01-09 06:30:15", "2020-01-09 00:00:00"),
        (MONTH, "-2m", "2019-11-01 00:00:00"),
        (MONTH, "-24h", "2020-01-01 00:00:00"),
        (MONTH, "2020-01-09 06:30:15", "2020-01-01 00:00:00"),
    ],
)
def test_events_are_read_from(interval: TrendInterval, text: str | None, read_from: str) -> None:
    assert shown(read_range(replace(TREND, interval=interval, date_from=text), NOW).read_from) == read_from


@pytest.mark.parametrize("interval", list(TrendInterval))
@pytest.mark.parametrize(
    ("text", "read_from"),
    [
        ("-7d", "2020-01-08 13:05:01"),
        ("-2h", "2020-01-15 11:05:01"),
        ("2020-01-09 06:30:15.5", "2020-01-09 06:30:15"),
    ],
)
@pytest.mark.parametrize(
    "question",
    [
        pytest.param(replace(TREND, display=BOLD), id="bold-number"),
        pytest.param(replace(TREND, explicit_date=True), id="explicit"),
    ],
)
def test_events_of_an_exact_range_are_read_from_its_start(
    question: TrendQuery, interval: TrendInterval, text: str, read_from: str
) -> None:
    range_ = read_range(replace(question, interval=interval, date_from=text), NOW)
    assert shown(range_.read_from) == read_from


@pytest.mark.parametrize(
    ("interval", "read_from", "read_to"),
    [
        (DAY, "2020-01-09 00:00:00", "2020-01-15 23:59:59"),
        (WEEK, "2020-01-09 00:00:00", "2020-01-15 23:59:59"),
        (MONTH, "2020-01-09 00:00:00", "2020-01-15 23:59:59"),
        (HOUR, "2020-01-09 06:00:00", "2020-01-15 13:59:59"),
        (MINUTE, "2020-01-09 06:30:00", "2020-01-15 13:05:59"),
    ],
)
def test_display_of_one_total_has_whole_days_except_by_hour_and_minute(
    interval: TrendInterval, read_from: str, read_to: str
) -> None:
    query = replace(TREND, display=TOTAL, interval=interval, date_from="2020-01-09 06:30:15")
    range_ = read_range(query, NOW)
    assert (shown(range_.read_from), shown(range_.read_to)) == (read_from, read_to)
    assert range_.interval is (interval if interval in (HOUR, MINUTE) else DAY)


@pytest.mark.parametrize("position", ["", "Start", "End"])
@pytest.mark.parametrize("number", ["", "-1", "7", "-30"])
@pytest.mark.parametrize("unit", "HDWQY")
def test_capital_unit_is_refused_with_the_small_letter_as_hint(unit: str, number: str, position: str) -> None:
    text = f"{number}{unit}{position}"
    for query in (replace(TREND, date_from=text), replace(TREND, date_to=text, interval=HOUR)):
        with pytest.raises(BadUserInput) as caught:
            read_range(query, NOW)
        assert caught.value.path == (DATE_TO if query.date_to else DATE_FROM)
        assert f" {number}{unit.lower()}{position}." in str(caught.value.hint)


@pytest.mark.parametrize("interval", [DAY, WEEK, MONTH])
@pytest.mark.parametrize(("text", "months"), [("-1M", "-1m"), ("-30M", "-30m"), ("MStart", "mStart")])
def test_minutes_are_refused_where_only_days_count(interval: TrendInterval, text: str, months: str) -> None:
    for display in (TrendDisplay.ACTIONS_LINE_GRAPH, TOTAL):
        query = replace(TREND, interval=interval, display=display)
        for bad in (replace(query, date_from=text), replace(query, date_to=text)):
            with pytest.raises(BadUserInput) as caught:
                read_range(bad, NOW)
            assert caught.value.path == (DATE_TO if bad.date_to else DATE_FROM)
            assert f" {months}." in str(caught.value.hint)


@pytest.mark.parametrize(
    ("text", "is_end", "instant"),
    [("wStart", False, "2020-01-13 00:00:00"), ("-1wEnd", True, "2020-01-12 23:59:59.999999")],
)
def test_weeks_start_on_the_projects_first_day(text: str, is_end: bool, instant: str) -> None:
    assert shown(read_date(text, NOW, PATH, WeekStartDay.MONDAY, is_end=is_end).instant) == instant
    query = replace(TREND, date_from="-2w", date_to=text) if is_end else replace(TREND, date_from=text)
    range_ = read_range(query, NOW, WeekStartDay.MONDAY)
    assert instant[:10] in (shown(range_.start)[:10], shown(range_.end)[:10])


@pytest.mark.parametrize(
    ("zone", "text", "instant"),
    [
        ("America/New_York", "2025-03-09 02:30", "2025-03-09 03:30:00"),
        ("Africa/Cairo", "2024-04-26", "2024-04-26 01:00:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-31 00:00:00"),
    ],
)
def test_wall_time_that_clocks_skipped_is_the_one_after_the_change(zone: str, text: str, instant: str) -> None:
    assert shown(read_date(text, datetime(2026, 1, 1, tzinfo=ZoneInfo(zone)), PATH).instant) == instant


@pytest.mark.parametrize(
    ("text", "day"), [("-1d", "2011-12-29"), ("yesterday", "2011-12-29"), ("-2d", "2011-12-28")]
)
def test_day_that_the_zone_skipped_is_not_yesterday(text: str, day: str) -> None:
    now = datetime(2011, 12, 31, 12, tzinfo=ZoneInfo("Pacific/Apia"))
    assert shown(read_range(replace(TREND, date_from=text), now).start) == f"{day} 00:00:00"


def test_bounds_are_read_in_whole_seconds() -> None:
    range_ = read_range(replace(TREND, date_from="2020-01-09 06:30:15.75", explicit_date=True), NOW)
    assert shown(range_.read_from) == "2020-01-09 06:30:15"
    assert shown(read_range(TREND, NOW).read_to) == "2020-01-15 23:59:59"


@pytest.mark.parametrize(
    ("interval", "read_from"),
    [(DAY, "2019-11-05 00:00:00"), (HOUR, "2019-11-05 17:00:00"), (MONTH, "2019-11-01 00:00:00")],
)
def test_whole_history_starts_at_the_first_event(interval: TrendInterval, read_from: str) -> None:
    earliest = datetime(2019, 11, 5, 22, 20, 10, tzinfo=UTC)
    now = local_now(ZoneInfo("America/New_York"))
    range_ = read_range(replace(TREND, date_from="all", interval=interval), now, earliest=earliest)
    assert shown(range_.start) == "2019-11-05 17:20:10"
    assert shown(range_.read_from) == read_from


def test_whole_history_without_events_is_today() -> None:
    range_ = read_range(replace(TREND, date_from="all"), NOW)
    assert shown(range_.read_from) == "2020-01-15 00:00:00"


@pytest.mark.parametrize(
    ("date_from", "date_to", "path"),
    [
        ("2020-01-10", "2020-01-09", DATE_TO),
        ("-1d", "-3d", DATE_TO),
        ("mEnd", None, DATE_FROM),
        ("2021-01-01", None, DATE_FROM),
    ],
)
def test_range_that_ends_before_it_starts_is_rejected(
    date_from: str, date_to: str | None, path: tuple[str, ...]
) -> None:
    with pytest.raises(BadUserInput, match="before it starts") as caught:
        read_range(replace(TREND, date_from=date_from, date_to=date_to), NOW)
    assert caught.value.path == path


@pytest.mark.parametrize(("field", "path"), [("date_from", DATE_FROM), ("date_to", DATE_TO)])
def test_invalid_date_of_a_range_is_rejected_at_its_field(field: str, path: tuple[str, ...]) -> None:
    bad = replace(TREND, date_from="soon") if field == "date_from" else replace(TREND, date_to="soon")
    with pytest.raises(BadUserInput, match="'soon' is not a date") as caught:
        read_range(bad, NOW)
    assert caught.value.path == path


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2021-03-28", 23),
        ("Europe/Berlin", "2021-10-31", 25),
        ("America/Sao_Paulo", "2017-10-15", 23),  # midnight does not exist
        ("America/Sao_Paulo", "2017-02-18", 25),  # the hour before midnight comes twice
        ("Asia/Beirut", "2021-03-28", 23),
        ("Asia/Beirut", "2021-10-30", 25),
        ("Africa/Cairo", "2024-04-26", 23),
        ("Africa/Cairo", "2024-10-31", 25),
        ("America/Havana", "2021-11-07", 25),  # the hour after midnight comes twice
        ("America/Nuuk", "2024-03-30", 23),  # the hour before midnight does not exist
        ("Australia/Lord_Howe", "2021-04-04", 24.5),
        ("Australia/Lord_Howe", "2021-10-03", 23.5),
        ("Asia/Kolkata", "2021-03-28", 24),
    ],
)
def test_day_of_a_clock_change_is_read_whole(zone: str, day: str, hours: float) -> None:
    now = datetime(2025, 1, 1, tzinfo=ZoneInfo(zone))
    range_ = read_range(replace(TREND, date_from=day, date_to=day), now)
    read = range_.read_to.astimezone(UTC) - range_.read_from.astimezone(UTC)
    assert read + timedelta(seconds=1) == timedelta(hours=hours)
