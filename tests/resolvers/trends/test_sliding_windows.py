"""Active users by minutes and hours, compared with their definition."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.native import NativeLayout
from resolvers.trends.query import Breakdown, TrendInterval, TrendMath
from resolvers.trends.resolve import resolve
from resolvers.trends.run import TrendSource, run_trend
from tests.support.seeds.events import NOW, Event, EventSeeds, data_of, series, trend

START = datetime(2020, 1, 10, tzinfo=UTC)
STEPS = {
    TrendInterval.MINUTE: timedelta(minutes=1),
    TrendInterval.FIVE_MINUTES: timedelta(minutes=5),
    TrendInterval.FIFTEEN_MINUTES: timedelta(minutes=15),
    TrendInterval.THIRTY_MINUTES: timedelta(minutes=30),
    TrendInterval.HOUR: timedelta(hours=1),
}
DAYS = {TrendMath.WEEKLY_ACTIVE: 7, TrendMath.MONTHLY_ACTIVE: 30}
SEEN = st.tuples(st.integers(1, 4), st.sampled_from((0, -7, -30)), st.integers(-3, 12), st.integers(0, 59))


def _active(seen: list[tuple[int, datetime]], bucket: datetime, step: timedelta, days: int) -> int:
    """The persons with an event after the window's start, which is a bucket's length later, and in the bucket."""
    first = bucket + step - timedelta(days=days)
    return len({person for person, moment in seen if first <= moment < bucket + step})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SEEN, min_size=1, max_size=12), st.sampled_from([*STEPS]), st.sampled_from([*DAYS]))
async def test_figures_are_those_of_the_definition(
    engine: Engine, choices: list[tuple[int, int, int, int]], interval: TrendInterval, kind: TrendMath
) -> None:
    step = STEPS[interval]
    seen = [
        (person, START + timedelta(days=days) + steps * step + timedelta(seconds=seconds))
        for person, days, steps, seconds in choices
    ]
    seeds = EventSeeds.new(engine)
    await seeds.add_events([Event("a", f"{moment:%Y-%m-%d %H:%M:%S}", person) for person, moment in seen])
    last = START + 10 * step - timedelta(seconds=1)
    asked = trend(series("a", kind), date_from=START.isoformat(), date_to=last.isoformat(), interval=interval)
    expected = tuple(_active(seen, START + number * step, step, DAYS[kind]) for number in range(10))
    assert data_of(await seeds.run(asked)) == expected


async def test_month_of_minutes_takes_little_memory(engine: Engine) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_events(
        [
            Event("a", f"2020-01-{1 + n % 13:02} {n % 24:02}:{n % 60:02}", n % 50, {"k": "xy"[n % 2]})
            for n in range(2_000)
        ]
    )
    asked = trend(
        series("a", TrendMath.MONTHLY_ACTIVE),
        date_from="2020-01-02",
        date_to="2020-01-14",
        interval=TrendInterval.MINUTE,
        breakdowns=(Breakdown("k"),),
    )
    source = TrendSource(engine, NativeLayout(), Limits(seconds=20, memory_bytes=400_000_000))
    result = await run_trend(resolve(asked, seeds.project, NOW), source)
    assert [each.data[-1] for each in result.series] == [25, 25]
