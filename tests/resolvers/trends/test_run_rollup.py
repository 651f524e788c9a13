"""Answers from the roll-up are those of the events themselves, and it is read where it can be."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from resolvers.trends.query import (
    Breakdown,
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.events import Event, EventSeeds, RawLayout, series, total, trend

RAW = RawLayout()
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Australia/Eucla",
    "America/St_Johns",
    "Australia/Lord_Howe",
)
BOTH = (
    series("a", TrendMath.TOTAL),
    series("a", TrendMath.DAU),
    series(None, TrendMath.TOTAL),
    series(None, TrendMath.DAU),
)


async def _agree(seeds: EventSeeds, query: TrendQuery, now: datetime) -> None:
    quick = await seeds.run(query, now=now)
    exact = await seeds.run(query, now=now, layout=RAW)
    assert quick.series == exact.series
    assert "FROM events_by_hour " not in exact.sql


async def _busy(seeds: EventSeeds, around: datetime, hours: int = 60) -> None:
    """Events at the borders of hours, quarters and seconds, by people who come and go."""
    offsets = (0, 0.000001, 899.5, 900, 1800, 2699.999999, 2700, 3599, 3599.000001, 3599.999999)
    start = around.astimezone(UTC) - timedelta(hours=hours)
    events = [
        Event("ab"[n % 2], _at(start + timedelta(hours=n * 0.7, seconds=offsets[n % 10])), n % 7)
        for n in range(int(hours * 1.6))
    ]
    await seeds.add_events(events)
    await seeds.merge({1: 2, 3: 9})


def _at(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


NOW = datetime(2020, 4, 6, 13, 5, 1, tzinfo=UTC)
DATES = (
    ("-24h", None),
    ("-2d", None),
    ("-1800s", None),
    ("2020-04-04", "2020-04-05"),
    ("2020-04-04T10:30:00", "2020-04-05T17:29:59"),
    ("2020-04-05T10:00:00Z", "2020-04-05T10:00:00Z"),
    ("2020-04-05T10:00:01Z", "2020-04-05T10:59:59Z"),
    ("2020-04-05T09:00:00Z", "2020-04-05T11:00:00Z"),
    ("mStart", None),
)


@pytest.fixture(scope="module")
async def busy(new_seeds: NewSeeds) -> EventSeeds:
    """Around 5 April 2020, when Lord Howe sets its clocks back by half an hour."""
    seeds = new_seeds("UTC")
    await _busy(seeds, NOW)
    return seeds


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata", "Australia/Eucla", "Australia/Lord_Howe"])
@pytest.mark.parametrize(("date_from", "date_to"), DATES)
async def test_rollup_agrees_over_days_and_as_a_total(
    busy: EventSeeds, zone: str, date_from: str, date_to: str | None
) -> None:
    seeds = busy.in_zone(zone)
    dates = {"date_from": date_from, "date_to": date_to}
    await _agree(seeds, trend(*BOTH, **dates), NOW)
    await _agree(seeds, trend(*BOTH, display=TrendDisplay.BOLD_NUMBER, explicit_date=True, **dates), NOW)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"])
@pytest.mark.parametrize("interval", list(TrendInterval))
async def test_rollup_agrees_over_every_interval(busy: EventSeeds, zone: str, interval: TrendInterval) -> None:
    seeds = busy.in_zone(zone)
    date_from, date_to = DATES[4]
    parts = {"date_from": date_from, "date_to": date_to, "interval": interval}
    await _agree(seeds, trend(*BOTH[:2], compare=True, **parts), NOW)


@pytest.mark.parametrize("display", list(TrendDisplay))
async def test_rollup_agrees_for_every_display(busy: EventSeeds, display: TrendDisplay) -> None:
    await _agree(busy, trend(*BOTH, display=display, date_from="-36h", date_to=None, smoothing_intervals=2), NOW)


@pytest.mark.parametrize("interval", [TrendInterval.HOUR, TrendInterval.DAY, TrendInterval.WEEK])
async def test_rollup_agrees_where_the_date_line_moved(new_seeds: NewSeeds, interval: TrendInterval) -> None:
    seeds = new_seeds("Pacific/Apia")
    jump = datetime(2011, 12, 31, tzinfo=ZoneInfo("Pacific/Apia"))
    await _busy(seeds, jump + timedelta(hours=30))
    query = trend(*BOTH, date_from="2011-12-28", date_to="2012-01-01T23:59:59", interval=interval)
    await _agree(seeds, query, jump + timedelta(days=3))
    counted = await seeds.run(query, now=jump + timedelta(days=3))
    assert counted.series[2].count == 96
    if interval is TrendInterval.DAY:
        found = dict(zip(counted.days, counted.series[2].data, strict=True))
        assert found.pop("2011-12-30", 0) == 0, "the day that Samoa skipped has no events"
        assert all(found[day] for day in ("2011-12-28", "2011-12-29", "2011-12-31", "2012-01-01"))


SECONDS = st.integers(0, 3 * 86_400)


@settings(max_examples=20, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    micros=st.lists(
        st.integers(0, 3 * 86_400 * 4).map(lambda quarter: quarter * 250_000), min_size=1, max_size=25
    ),
    people=st.lists(st.integers(0, 4), min_size=25, max_size=25),
    merges=st.dictionaries(st.integers(0, 4), st.integers(5, 6), max_size=3),
    bounds=st.tuples(SECONDS, SECONDS).map(sorted),
    interval=st.sampled_from([TrendInterval.HOUR, TrendInterval.DAY]),
    explicit=st.booleans(),
)
async def test_rollup_agrees_for_any_range(
    engine: Engine,
    *,
    zone: str,
    micros: list[int],
    people: list[int],
    merges: dict[int, int],
    bounds: list[int],
    interval: TrendInterval,
    explicit: bool,
) -> None:
    seeds = EventSeeds.new(engine, zone)
    start = datetime(2020, 4, 4, tzinfo=UTC)
    moments = [start + timedelta(microseconds=micro) for micro in micros]
    await seeds.add_events([Event("ab"[n % 2], _at(moment), people[n]) for n, moment in enumerate(moments)])
    await seeds.merge(merges)
    first, last = (f"{start + timedelta(seconds=bound):%Y-%m-%dT%H:%M:%SZ}" for bound in bounds)
    dates = {"date_from": first, "date_to": last, "interval": interval, "explicit_date": explicit}
    await _agree(seeds, trend(*BOTH[:2], **dates), NOW)
    await _agree(seeds, trend(*BOTH[2:], display=TrendDisplay.BOLD_NUMBER, **dates), NOW)
    lowest, highest = (start + timedelta(seconds=bound) for bound in bounds)
    exact = trend(series(None), display=TrendDisplay.BOLD_NUMBER, **{**dates, "explicit_date": True})
    expected = sum(lowest <= moment <= highest for moment in moments)
    assert total(await seeds.run(exact, now=NOW)) == expected


async def test_last_fraction_of_the_last_second_is_not_read_from_either(seeds: EventSeeds) -> None:
    times = ("2020-01-10 09:59:59.999999", "2020-01-10 10:00", "2020-01-10 11:59:59", "2020-01-10 11:59:59.000001")
    await seeds.add_events([Event("a", time) for time in times])
    parts = {"date_from": "2020-01-10T10:00:00", "date_to": "2020-01-10T11:59:59", "explicit_date": True}
    asked = trend(series("a"), display=TrendDisplay.BOLD_NUMBER, **parts)
    assert total(await seeds.run(asked)) == total(await seeds.run(asked, layout=RAW)) == 2


HOURLY = TrendInterval.HOUR


@pytest.mark.parametrize(
    ("zone", "query", "is_used"),
    [
        ("UTC", trend(series("a")), True),
        ("UTC", trend(series(None, TrendMath.DAU)), True),
        ("UTC", trend(interval=HOURLY), True),
        ("UTC", trend(interval=TrendInterval.WEEK), True),
        ("UTC", trend(interval=TrendInterval.MONTH), True),
        ("UTC", trend(display=TrendDisplay.BOLD_NUMBER), True),
        ("UTC", trend(filters=FilterGroup(children=(FilterGroup(),))), True),
        ("UTC", trend(filter_test_accounts=True), True),
        ("Europe/Berlin", trend(), True),
        ("Asia/Kolkata", trend(display=TrendDisplay.ACTIONS_PIE), True),
        ("Asia/Kolkata", trend(date_to="2020-01-09"), True),
        ("Asia/Kolkata", trend(), False),
        ("Asia/Kolkata", trend(interval=HOURLY), False),
        ("Asia/Kathmandu", trend(), False),
        ("UTC", trend(interval=TrendInterval.MINUTE, date_to="2020-01-09T01:00:00"), False),
        ("UTC", trend(series(kind=TrendMath.UNIQUE_SESSION)), False),
        ("UTC", trend(EventSeries("a", Math(TrendMath.DAU, group_type_index=0))), False),
        ("UTC", trend(breakdowns=(Breakdown("x"),)), False),
        ("UTC", trend(filters=FilterGroup(children=(PropertyFilter("x", "y"),))), False),
        ("UTC", trend(display=TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE), False),
    ],
)
async def test_rollup_is_read_exactly_where_it_has_the_values(
    new_seeds: NewSeeds, zone: str, query: TrendQuery, is_used: bool
) -> None:
    result = await new_seeds(zone).run(query)
    assert ("FROM events_by_hour " in result.sql) is is_used


@pytest.mark.parametrize(("kind", "needs_merges"), [(TrendMath.TOTAL, False), (TrendMath.DAU, True)])
async def test_total_from_the_rollup_reads_no_people(
    seeds: EventSeeds, kind: TrendMath, needs_merges: bool
) -> None:
    sql = (await seeds.run(trend(series(kind=kind)))).sql
    assert ("person_merges" in sql) is needs_merges
    assert ("person_no" in sql) is needs_merges
    assert "properties" not in sql


async def test_rollup_reads_far_fewer_rows_than_there_are_events(seeds: EventSeeds) -> None:
    # So many that what other tests left in the roll-up's only granules is few beside them.
    await seeds.add_events([Event("a", f"2020-01-10 10:{n % 60:02}:{n // 60 % 60:02}", n) for n in range(50_000)])
    asked = trend(series("a", TrendMath.DAU))
    assert (await seeds.run(asked, layout=RAW)).statistics.rows_read >= 50_000
    assert (await seeds.run(asked)).statistics.rows_read < 25_000
