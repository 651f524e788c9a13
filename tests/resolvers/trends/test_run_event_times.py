"""The whole history, and events of clocks that were not set, in both layouts."""

from dataclasses import dataclass, replace

import pytest

from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog_columns import PostHogColumns
from errors import BadUserInput
from resolvers.trends.actions import Action, ActionStep
from resolvers.trends.query import (
    ActionSeries,
    Breakdown,
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.results import CompareLabel, TrendResult
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.saved_objects import SavedObjects
from tests.support.posthog_tables import PostHogSeeds
from tests.support.seeds.events import NOW, Event, EventSeeds, Value, data_of, series, trend

ZONES = ("America/New_York", "Etc/GMT+12", "Pacific/Kiritimati")
DAY, WEEK, MONTH = TrendInterval.DAY, TrendInterval.WEEK, TrendInterval.MONTH
NO_CLOCK = (
    "1969-12-31 23:59:59",
    "1970-01-01",
    "1970-01-01 00:00:01",
    "1970-01-01 23:59:59.999999",
    "2106-01-01",
    "2106-02-08",
    "2199-01-01",
)
WHOLE = trend(date_from="all", date_to=None)
FILTERED = FilterGroup(children=(PropertyFilter("plan", "a"),))
DURATION = Math(TrendMath.MAX, "$session_duration", PropertyType.SESSION)


def _of(math: TrendMath) -> EventSeries:
    return series("e", math, "n")


QUERIES = {
    "total": trend(series("e")),
    "of all events": trend(series(None)),
    "users": trend(_of(TrendMath.DAU)),
    "broken down": trend(series("e"), breakdowns=(Breakdown("plan"),)),
    "filtered": trend(series("e"), filters=FILTERED),
    "sum": trend(_of(TrendMath.SUM)),
    "per person": trend(_of(TrendMath.MAX_COUNT_PER_ACTOR)),
    "first time": trend(_of(TrendMath.FIRST_TIME_FOR_USER)),
    "first matching": trend(_of(TrendMath.FIRST_MATCHING_EVENT_FOR_USER), filters=FILTERED),
    "cumulative": trend(_of(TrendMath.DAU), display=TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE),
}
"""Each counts 1, at the only event with a clock."""


@dataclass(frozen=True)
class Both:
    """Events without a clock, and one of 2020-01-14, of one person and session, in both layouts."""

    native: EventSeeds
    posthog: PostHogSeeds

    async def run(self, *queries: TrendQuery, zone: str = "UTC") -> list[TrendResult]:
        """The results of each query in both layouts."""
        both = self.native.in_zone(zone), replace(self.posthog, project=self.native.in_zone(zone).project)
        return [await seeds.run(query) for query in queries for seeds in both]


@pytest.fixture(scope="module")
async def both(engine: Engine, posthog: PostHogColumns) -> Both:
    native = EventSeeds.new(engine)
    stored = Both(native, replace(PostHogSeeds.new(engine, posthog), project=native.project))
    properties: dict[str, Value] = {"plan": "a", "n": 1, "$session_id": "s"}
    events = [Event("e", at, 1, properties) for at in (*NO_CLOCK, "2020-01-14 12:00")]
    await stored.native.add_events(events)
    await stored.posthog.add_events(events)
    return stored


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", QUERIES)
async def test_whole_history_ignores_events_of_clocks_that_were_not_set(both: Both, name: str, zone: str) -> None:
    queries = [
        replace(QUERIES[name], date_from="all", date_to=None, interval=interval) for interval in (DAY, WEEK, MONTH)
    ]
    for result in await both.run(*queries, zone=zone):
        (line,) = result.series
        assert line.data[0] == 1
        assert len(line.data) <= 2
        assert result.date_from.date().isoformat() in ("2020-01-14", "2020-01-15")


@pytest.mark.parametrize("name", QUERIES)
async def test_range_from_the_first_date_ignores_events_of_clocks_that_were_not_set(both: Both, name: str) -> None:
    query = replace(QUERIES[name], date_from="1970-01-02", date_to="2020-01-14", interval=MONTH)
    for result in await both.run(query, zone="America/New_York"):
        (line,) = result.series
        assert line.data[-1] == 1
        if query.display is not TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE:
            assert line.count == 1


@pytest.mark.parametrize("kind", [TrendMath.TOTAL, TrendMath.DAU, TrendMath.MONTHLY_ACTIVE])
async def test_first_and_last_buckets_ignore_events_of_clocks_that_were_not_set(
    both: Both, kind: TrendMath
) -> None:
    for dates in (("1970-01-02", "1970-01-04"), ("2105-12-29", "2105-12-31")):
        asked = trend(series("e", kind), date_from=dates[0], date_to=dates[1])
        for result in await both.run(asked, zone="America/New_York"):
            assert data_of(result) == (0, 0, 0)


async def test_sessions_ignore_events_of_clocks_that_were_not_set(both: Both) -> None:
    asked = trend(EventSeries("e", DURATION), date_from="1970-01-02", date_to="2020-01-15", interval=MONTH)
    for result in await both.run(asked):
        assert not any(data_of(result))


@pytest.mark.parametrize("display", [TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.BOLD_NUMBER])
@pytest.mark.parametrize("kind", [TrendMath.DAU, TrendMath.SUM, TrendMath.FIRST_TIME_FOR_USER])
async def test_previous_period_before_events_can_be_is_zero(
    both: Both, kind: TrendMath, display: TrendDisplay
) -> None:
    asked = trend(_of(kind), date_from="1970-01-02", date_to="1970-03-02", compare=True, display=display)
    for result in await both.run(asked, replace(asked, interval=MONTH)):
        (previous,) = [line for line in result.series if line.compare_label is CompareLabel.PREVIOUS]
        assert not any(previous.data)
        assert not previous.aggregated_value


@pytest.mark.parametrize(
    ("date_from", "date_to", "path"),
    [
        ("1970-01-01", None, ("query", "date_from")),
        ("1970-01-01T23:59:59", None, ("query", "date_from")),
        ("-60y", None, ("query", "date_from")),
        ("2106-01-01", "2106-01-02", ("query", "date_to")),
        ("2020-01-01", "2106-01-01", ("query", "date_to")),
        ("1950-01-01", "1970-01-01", ("query", "date_to")),
    ],
)
async def test_dates_that_no_event_can_have_are_refused(
    seeds: EventSeeds, date_from: str, date_to: str | None, path: tuple[str, ...]
) -> None:
    with pytest.raises(BadUserInput, match=r"is outside 1970-01-02 to 2105-12-31 \(UTC\)") as refused:
        await seeds.run(trend(date_from=date_from, date_to=date_to))
    assert refused.value.path == path


async def test_whole_history_starts_at_the_first_event_of_any_series(seeds: EventSeeds) -> None:
    assert (await seeds.run(WHOLE)).days == ("2020-01-15",)
    await seeds.add_events(
        [Event("older", "2020-01-12 22:00"), Event("other", "2020-01-13 22:00"), Event("sign up", "2020-01-14")]
    )
    result = await seeds.run(WHOLE)
    assert (result.days, data_of(result)) == (("2020-01-14", "2020-01-15"), (1, 0))
    both = await seeds.run(replace(WHOLE, series=(series("sign up"), series("other"))))
    assert [line.data for line in both.series] == [(0, 1, 0), (1, 0, 0)]
    assert (await seeds.run(replace(WHOLE, series=(series("sign up"), series(None))))).days[0] == "2020-01-12"


async def test_whole_history_starts_at_the_first_event_whatever_the_filters(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("sign up", "2020-01-11", 1, {"x": "a"}), Event("sign up", "2020-01-13", 2)])
    filtered = replace(WHOLE, filters=FilterGroup(children=(PropertyFilter("x", "b"),)))
    assert (await seeds.run(filtered)).days[0] == "2020-01-11"


async def test_whole_history_of_an_action_starts_at_its_first_event(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("e", "2020-01-11"), Event("e", "2020-01-13", 1, {"plan": "a"}), Event("f", "2020-01-12")]
    )
    steps = (ActionStep("e", properties=(PropertyFilter("plan", "a"),)),)
    saved = SavedObjects({7: Action(7, "paying", steps)})
    query = replace(WHOLE, series=(ActionSeries(7),))
    source = TrendSource(seeds.engine, NativeLayout(), Limits(seconds=20))
    result = await run_trend(resolve(query, seeds.project, NOW), source, saved)
    assert (result.days[0], data_of(result)) == ("2020-01-13", (1, 0, 0))


@pytest.mark.parametrize("has_events", [False, True])
async def test_whole_history_that_ends_before_it_begins_is_one_empty_bucket(
    seeds: EventSeeds, has_events: bool
) -> None:
    if has_events:
        await seeds.add_events([Event("sign up", "2020-01-14")])
    result = await seeds.run(replace(WHOLE, date_to="2020-01-10"))
    assert (result.days, data_of(result)) == (("2020-01-10",), (0,))


async def test_only_the_start_of_a_range_can_be_the_whole_history(seeds: EventSeeds) -> None:
    with pytest.raises(BadUserInput, match="'all' is not a date") as refused:
        await seeds.run(replace(WHOLE, date_to="all"))
    assert refused.value.path == ("query", "date_to")
