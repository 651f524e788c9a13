"""Behaviors, each against a recomputation in plain Python."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from errors import BadUserInput
from resolvers.trends.actions import Action, ActionStep
from resolvers.trends.behavior_query import behavior_query
from resolvers.trends.behaviors import (
    MOST_PERIODS,
    Behavior,
    CohortBehaviorKind,
    CohortCountOperator,
    CohortInterval,
)
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import PropertyFilter, PropertyType
from resolvers.trends.saved_objects import SavedObjects
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.cohorts import CohortSeeds, did, group
from tests.support.seeds.events import NOW, Event, EventSeeds

Kind = CohortBehaviorKind
DAY, WEEK, MONTH, HOUR = CohortInterval.DAY, CohortInterval.WEEK, CohortInterval.MONTH, CohortInterval.HOUR
SEEN = Behavior(Kind.PERFORMED_EVENT, "a", time_value=7, time_interval=DAY)
COUNTED = replace(SEEN, kind=Kind.PERFORMED_EVENT_MULTIPLE, count_operator=CohortCountOperator.GTE, count=2)
REGULAR = replace(
    COUNTED, kind=Kind.PERFORMED_EVENT_REGULARLY, time_value=1, min_periods=2, total_periods=3, count=1
)
STOPPED = replace(SEEN, kind=Kind.STOPPED_PERFORMING_EVENT, seq_time_value=3, seq_time_interval=DAY)
RESTARTED = replace(STOPPED, kind=Kind.RESTARTED_PERFORMING_EVENT)
SEQUENCE = replace(STOPPED, kind=Kind.PERFORMED_EVENT_SEQUENCE, seq_event="b")

BEHAVIORS = {
    "performed": SEEN,
    "performed_minutes": replace(SEEN, time_value=90, time_interval=CohortInterval.MINUTE),
    "performed_hours": replace(SEEN, time_value=30, time_interval=HOUR),
    "performed_weeks": replace(SEEN, time_value=2, time_interval=WEEK),
    "performed_months": replace(SEEN, time_value=1, time_interval=MONTH),
    "performed_years": replace(SEEN, time_value=1, time_interval=CohortInterval.YEAR),
    **{
        f"multiple_{operator.lower()}": replace(COUNTED, count_operator=operator)
        for operator in CohortCountOperator
    },
    "first_time": replace(SEEN, kind=Kind.PERFORMED_EVENT_FIRST_TIME),
    "first_time_months": replace(SEEN, kind=Kind.PERFORMED_EVENT_FIRST_TIME, time_value=1, time_interval=MONTH),
    "regularly": REGULAR,
    "regularly_twice_a_week": replace(REGULAR, count=2, time_interval=WEEK, total_periods=4),
    "regularly_seldom": replace(REGULAR, count=1, count_operator=CohortCountOperator.LTE, time_value=3),
    "regularly_months": replace(REGULAR, time_interval=MONTH, total_periods=2),
    "stopped": STOPPED,
    "stopped_hours": replace(STOPPED, seq_time_value=50, seq_time_interval=HOUR),
    "restarted": RESTARTED,
    "restarted_months": replace(
        RESTARTED, time_value=1, time_interval=MONTH, seq_time_value=2, seq_time_interval=WEEK
    ),
    "sequence": replace(SEQUENCE, seq_time_value=1),
    "sequence_hours": replace(SEQUENCE, seq_time_value=5, seq_time_interval=HOUR),
    "sequence_months": replace(
        SEQUENCE, time_value=3, time_interval=MONTH, seq_time_value=1, seq_time_interval=MONTH
    ),
    "sequence_of_one_event": replace(SEQUENCE, seq_event="a", seq_time_value=2),
}
ZONES = {"UTC": NOW, "America/New_York": datetime(2021, 3, 15, 3, 30, tzinfo=UTC)}
"""New York's night after its clocks went forward."""


def _life(person: int, now: datetime, seed: random.Random) -> list[Event]:
    """Some events around the borders that the behaviors have, in the past and after now."""
    days = [0, 1, 2, 3, 4, 6, 7, 8, 10, 14, 21, 28, 31, 45, 62, 200, 366, 400]
    chosen = seed.choices(days, k=seed.randrange(1, 7))
    moments = [now - timedelta(days=day, minutes=seed.choice([-1500, -61, -1, 0, 1, 59, 300])) for day in chosen]
    return [
        Event(seed.choice("aaab"), f"{moment:%Y-%m-%d %H:%M:%S.%f}", person) for moment in [*moments, *moments[:1]]
    ]


@pytest.fixture(scope="session")
async def lives(new_seeds: NewSeeds) -> dict[str, tuple[CohortSeeds, list[Event]]]:
    made = {}
    for number, (zone, now) in enumerate(ZONES.items()):
        seed = random.Random(number)  # noqa: S311 - test data
        events = [event for person in range(1, 150) for event in _life(person, now, seed)]
        seeds = new_seeds(zone)
        await seeds.add_events(events)
        made[zone] = CohortSeeds(seeds, now), events
    return made


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("name", BEHAVIORS)
async def test_behavior_finds_the_persons_that_plain_python_finds(
    name: str, zone: str, lives: dict[str, tuple[CohortSeeds, list[Event]]]
) -> None:
    cohorts, events = lives[zone]
    expected = did(BEHAVIORS[name], events, cohorts.now, zone)
    assert await cohorts.members(group(BEHAVIORS[name])) == expected
    everybody = {event.person for event in events}
    assert expected, "no person did it: the test would prove nothing"
    assert expected < everybody, "everybody did: the test would not tell"


async def test_window_includes_both_ends(seeds: EventSeeds) -> None:
    moments = (
        "2020-01-08 13:05:00.999999",
        "2020-01-08 13:05:01",
        "2020-01-15 13:05:01",
        "2020-01-15 13:05:01.000001",
    )
    await seeds.add_events([Event("a", moment, person) for person, moment in enumerate(moments, 1)])
    assert await CohortSeeds(seeds).members(group(SEEN)) == {2, 3}


async def test_sequence_needs_a_later_event(seeds: EventSeeds) -> None:
    same, end, after = "2020-01-10 10:00:00", "2020-01-13 10:00:00", "2020-01-13 10:00:00.000001"
    for person, moment in enumerate((same, "2020-01-10 10:00:00.000001", end, after, "2020-01-10 09:59:59"), 1):
        await seeds.add_events([Event("a", same, person), Event("b", moment, person)])
    assert await CohortSeeds(seeds).members(group(SEQUENCE)) == {2, 3}


@pytest.mark.parametrize(
    ("since", "found"),
    [("-3d", {3}), ("2020-01-10", {2, 3}), ("2020-01-08T12:00:00Z", {1, 2, 3}), ("mStart", {1, 2, 3})],
)
async def test_explicit_datetime_begins_the_window(since: str, found: set[int], seeds: EventSeeds) -> None:
    await seeds.add_events([Event("a", f"2020-01-{day} 12:00", n) for n, day in enumerate(("08", "10", "13"), 1)])
    behavior = replace(SEEN, time_value=None, time_interval=None, explicit_datetime=since)
    assert await CohortSeeds(seeds).members(group(behavior)) == found


async def test_event_filters_narrow_the_event(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("a", f"2020-01-{day}", person, {"plan": plan}) for person, day, plan in _PLANS])
    pro = (PropertyFilter("plan", "pro"),)
    cohorts = CohortSeeds(seeds)
    assert await cohorts.members(group(replace(SEEN, properties=pro))) == {1, 3}
    # The first event that passes the filters is what is the first time.
    first = replace(SEEN, kind=Kind.PERFORMED_EVENT_FIRST_TIME, properties=pro)
    assert await cohorts.members(group(first)) == {1}


_PLANS = ((1, "01", "free"), (1, "12", "pro"), (2, "12", "free"), (3, "02", "pro"), (3, "12", "pro"))


async def test_action_means_its_steps(seeds: EventSeeds) -> None:
    await seeds.add_events([Event(name, "2020-01-14", person) for person, name in enumerate("abc", 1)])
    action = Action(5, "either", (ActionStep(event="a"), ActionStep(event="c")))
    cohorts = CohortSeeds(seeds, actions={5: action})
    assert await cohorts.members(group(replace(SEEN, event=None, action_id=5))) == {1, 3}
    await seeds.add_events([Event("c", "2020-01-14 10:00", 2), Event("b", "2020-01-13", 3)])
    follows = replace(SEQUENCE, event="b", seq_event=None, seq_action_id=5)
    assert await cohorts.members(group(follows)) == {2, 3}


async def test_session_filters_of_a_behavior_see_whole_sessions(seeds: EventSeeds) -> None:
    times = ("2020-01-08 12:50", "2020-01-08 13:20")
    await seeds.add_events([Event("a", at, 1, {"$session_id": "long"}) for at in times])
    await seeds.add_events([Event("a", "2020-01-14", 2, {"$session_id": "short"})])
    long = PropertyFilter("$session_duration", 1799, type=PropertyType.SESSION)
    exact = replace(long, value=1800)
    cohorts = CohortSeeds(seeds)
    assert await cohorts.members(group(replace(SEEN, properties=(exact,)))) == {1}
    assert await cohorts.members(group(replace(SEEN, properties=(long,)))) == set()


@pytest.mark.parametrize(
    ("behavior", "key"),
    [
        (replace(SEEN, event=None), "event"),
        (replace(SEEN, action_id=1), "event"),
        (replace(SEEN, event=None, action_id=1), "action_id"),
        (replace(SEEN, time_value=None), "time_value"),
        (replace(SEEN, time_interval=None), "time_interval"),
        (replace(SEEN, time_value=0), "time_value"),
        (replace(SEEN, time_value=10_000_000), "time_value"),
        (replace(SEEN, time_value=200, time_interval=CohortInterval.YEAR), "time_value"),
        (replace(SEEN, explicit_datetime="-7d"), "explicit_datetime"),
        (replace(SEEN, time_value=None, time_interval=None, explicit_datetime="soon"), "explicit_datetime"),
        (replace(SEEN, time_value=None, time_interval=None, explicit_datetime="2020-01-16"), "explicit_datetime"),
        (replace(SEEN, count=1), "count"),
        (replace(SEEN, seq_event="b"), "seq_event"),
        (replace(COUNTED, count=None), "count"),
        (replace(COUNTED, count=0), "count"),
        (replace(COUNTED, count=1, count_operator=CohortCountOperator.LT), "count"),
        (replace(COUNTED, count_operator=None), "count_operator"),
        (replace(REGULAR, min_periods=None), "min_periods"),
        (replace(REGULAR, min_periods=4), "min_periods"),
        (replace(REGULAR, total_periods=MOST_PERIODS + 1), "total_periods"),
        (replace(REGULAR, explicit_datetime="-7d", time_value=None, time_interval=None), "explicit_datetime"),
        (replace(STOPPED, seq_time_value=7), "seq_time_value"),
        (replace(STOPPED, seq_time_interval=None), "seq_time_interval"),
        (replace(SEQUENCE, seq_event=None), "seq_event"),
        (replace(SEQUENCE, seq_action_id=3), "seq_event"),
        (replace(SEQUENCE, seq_event=None, seq_action_id=3), "seq_action_id"),
        (replace(SEQUENCE, seq_time_value=9_000_000), "seq_time_value"),
    ],
)
def test_invalid_behavior_is_rejected_at_its_part(behavior: Behavior, key: str) -> None:
    context = CompileContext(ZoneInfo("UTC"), NOW)
    with pytest.raises(BadUserInput) as caught:
        behavior_query(replace(behavior, path=("groups", 0)), context, SavedObjects())
    assert caught.value.path == ("groups", 0, key)
