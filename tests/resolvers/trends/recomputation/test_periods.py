"""Compared periods around clock changes and ends of months, for every word of a date, equal those searched for."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from resolvers.trends.buckets import MAX_BUCKETS
from resolvers.trends.query import EventSeries, TrendDisplay, TrendInterval, TrendProject, TrendQuery
from resolvers.trends.resolve import resolve
from resolvers.trends.results import CompareLabel
from tests.resolvers.trends.recomputation.periods import Clocks, Periods, count_events
from tests.support.seeds.events import Event, EventSeeds

MOMENTS = {
    "America/New_York": ("2025-11-02T06:00", "2025-03-09T07:00"),
    "Africa/Cairo": ("2024-04-25T22:00", "2024-10-31T21:00"),
    "Pacific/Apia": ("2011-12-30T10:00", "2012-04-01T14:00"),
    "Australia/Lord_Howe": ("2021-04-03T15:00", "2021-10-02T15:30"),
    "Europe/London": ("2024-03-31T01:00", "2024-10-27T01:00"),
    "America/Sao_Paulo": ("2017-10-15T03:00", "2018-02-18T02:00"),
    "Africa/Casablanca": ("2024-03-10T02:00", "2024-04-14T02:00"),
    "Asia/Kathmandu": ("2024-02-28T18:15", "2024-12-31T18:15"),
    "UTC": ("2024-03-01T00:00", "2023-03-01T00:00"),
}
"""Clock changes in UTC; where clocks do not change, the ends of months and years."""

UNITS = ("d", "w", "m", "q", "y")
POSITIONS = [
    f"{number}{unit}{position}" for number in ("", "-1", "-2") for unit in UNITS for position in ("Start", "End")
]
SHORT = (
    *("-1h", "-3h", "-6h", "-12h", "-24h", "-25h", "-48h", "hStart"),
    *("today", "yesterday", "dStart", "-1d", "-2d"),
)
LONG = ("-7d", "-14d", "-10d", "-1w", "-2w", "-1m", "-2m", "-1q", "-1y", *POSITIONS)
MINUTES = ("-30M", "-90M", "-100s", "-1h", "-3h", "-24h", "hStart", "today", "yesterday", "dStart")
ENDS = ("today", "yesterday", "-1h", "-1d", "-3d", "-1wEnd", "-1mEnd", "dEnd", "wEnd", "mEnd", "qEnd", "-1wStart")

HOUR = TrendInterval.HOUR
SHORTEST = (
    *(TrendInterval.MINUTE, TrendInterval.FIVE_MINUTES),
    *(TrendInterval.FIFTEEN_MINUTES, TrendInterval.THIRTY_MINUTES),
)
intervals = st.sampled_from(TrendInterval)
FORMS = (
    ("%Y-%m-%d", "%Y-%m-%d"),
    ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M"),
    ("%Y-%m-%d %H:00:00", "%Y-%m-%d %H:59:59"),
    ("%Y-%m-%dT%H:00:00+00:00", "%Y-%m-%dT%H:59:59+00:00"),
    ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%S+00:00"),
)
LINE, PIE, BOLD = TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_PIE, TrendDisplay.BOLD_NUMBER
displays = st.sampled_from((LINE, LINE, PIE, BOLD))


@st.composite
def cases(draw: st.DrawFn) -> tuple[str, datetime, TrendQuery, list[datetime]]:
    """A zone, a clock around one of its changes, a query, and events around the ends of its periods."""
    zone = draw(st.sampled_from(sorted(MOMENTS)))
    change = datetime.fromisoformat(draw(st.sampled_from(MOMENTS[zone]))).replace(tzinfo=UTC)
    seconds = draw(st.sampled_from((3 * 3600, 86_400, 40 * 86_400)).flatmap(lambda most: st.integers(-most, most)))
    now = change + timedelta(seconds=seconds)
    interval = draw(intervals)
    words = MINUTES if interval in SHORTEST else (*SHORT, *SHORT, *LONG) if interval is HOUR else (*SHORT, *LONG)
    date_from, date_to = draw(st.sampled_from(words)), draw(st.none() | st.sampled_from(ENDS))
    if draw(st.integers(0, 2)) == 0:
        date_from, date_to = draw(_absolute(change, zone, interval))
    query = TrendQuery(
        series=(EventSeries("e"),),
        date_from=date_from,
        date_to=date_to,
        interval=interval,
        display=draw(displays),
        explicit_date=draw(st.integers(0, 3)) == 0,
        compare=True,
    )
    return zone, now, query, draw(_events(change, interval))


@st.composite
def _absolute(draw: st.DrawFn, change: datetime, zone: str, interval: TrendInterval) -> tuple[str, str]:
    most = 3600 if interval in SHORTEST else 3 * 86_400 if interval is HOUR else 70 * 86_400
    first = change + draw(st.integers(-most, most // 4)) * timedelta(seconds=1)
    last = first + draw(st.sampled_from((10, 1, 1))) * draw(st.integers(0, most // 10)) * timedelta(seconds=1)
    form = draw(
        st.sampled_from(("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:00:00+00:00", "%Y-%m-%dT%H:%M:%S+00:00"))
    )
    ends = form if form != "%Y-%m-%dT%H:00:00+00:00" else "%Y-%m-%dT%H:59:59+00:00"
    local = ZoneInfo(zone) if "+" not in form else UTC
    return f"{first.astimezone(local):{form}}", f"{last.astimezone(local):{ends}}"


def _events(change: datetime, interval: TrendInterval) -> st.SearchStrategy[list[datetime]]:
    step = 29 if interval is TrendInterval.MINUTE else 149 if interval in SHORTEST else 1799
    step = step if interval in (*SHORTEST, HOUR) else 6 * 3600 - 1
    return st.lists(st.integers(-200, 90), min_size=5, max_size=30).map(
        lambda places: [change + timedelta(seconds=step * place) for place in places]
    )


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(case=cases())
async def test_compared_periods_are_those_that_clocks_showed(
    engine: Engine, case: tuple[str, datetime, TrendQuery, list[datetime]]
) -> None:
    zone, now, query, events = case
    periods = Periods(query, now, Clocks(ZoneInfo(zone)))
    assume(periods.start().instant <= periods.end())
    assume(len(periods.current().buckets) <= MAX_BUCKETS)
    seeds = EventSeeds.new(engine, zone)
    moments = [*events, *_borders(query, seeds.project, now)]
    await seeds.add_events([Event("e", at.replace(tzinfo=None).isoformat()) for at in moments])
    result = await seeds.run(query, now=now)
    found = {each.compare_label: list(each.data) or [each.aggregated_value] for each in result.series}
    current, previous = count_events(periods, moments)
    assert found[CompareLabel.CURRENT] == current
    assert found[CompareLabel.PREVIOUS] == previous


def _borders(query: TrendQuery, project: TrendProject, now: datetime) -> list[datetime]:
    """The moments around the ends of both periods, where a mistake would be."""
    resolved = resolve(query, project, now)
    ends = [moment for range_ in resolved.ranges for moment in (range_.read_from, range_.read_to)]
    return [
        end.astimezone(UTC).replace(microsecond=0) + timedelta(seconds=second)
        for end in ends
        for second in (-1, 0, 1)
    ]
