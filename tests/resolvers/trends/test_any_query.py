"""Any query has a result, or is rejected as the client's error."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from errors import BadUserInput
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
    Formula,
    LogicalOperator,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from tests.support.seeds.events import Event, EventSeeds

KEYS = ("plan", "price", "$browser", "a.b", "$session_duration", "$group_0", "odd `key'")
EXPRESSIONS = (
    "properties.price * 2",
    "properties.plan",
    "toHour(timestamp)",
    "sum(properties.price)",
    "nonsense(",
)

keys = st.sampled_from(KEYS)
indexes = st.none() | st.integers(0, 4)
values = (
    st.none() | st.sampled_from(("team", "", 5, 2.5, True, "2020-01-10", "10")) | st.just((1, 10)) | st.just(())
)
filters = st.builds(
    PropertyFilter,
    st.one_of(keys, st.sampled_from(EXPRESSIONS)),
    values,
    st.sampled_from(PropertyOperator),
    st.sampled_from(PropertyType),
    indexes,
)
groups = st.recursive(
    st.builds(FilterGroup, st.sampled_from(LogicalOperator), st.lists(filters, max_size=2).map(tuple)),
    lambda inner: st.builds(FilterGroup, st.sampled_from(LogicalOperator), st.lists(inner, max_size=2).map(tuple)),
    max_leaves=3,
)
maths = st.builds(
    Math,
    st.sampled_from(TrendMath),
    st.none() | keys,
    st.sampled_from((PropertyType.EVENT, PropertyType.PERSON, PropertyType.GROUP, PropertyType.SESSION)),
    indexes,
    st.none() | st.sampled_from(EXPRESSIONS),
)
series = st.builds(EventSeries, st.sampled_from(("paid", "seen", "unknown", None)), maths, groups)
breakdowns = st.builds(
    Breakdown,
    st.one_of(keys, st.sampled_from(EXPRESSIONS)),
    st.sampled_from(BreakdownType),
    indexes,
    st.none() | st.integers(1, 4),
    st.booleans(),
)
queries = st.builds(
    TrendQuery,
    series=st.lists(series, min_size=1, max_size=2).map(tuple),
    filters=groups,
    date_from=st.sampled_from(
        ("-7d", "-30h", "-24h", "2020-01-08", "2020-01-09 07:30", "mStart", "-1wStart", "yesterday", "all", None)
    ),
    date_to=st.sampled_from((None, "2020-01-12", "-1d", "qEnd", "2020-01-10 10:00:00Z")),
    explicit_date=st.booleans(),
    interval=st.sampled_from([each for each in TrendInterval if each is not TrendInterval.MINUTE]),
    breakdowns=st.lists(breakdowns, max_size=3).map(tuple),
    breakdown_limit=st.integers(1, 3),
    breakdown_hide_other=st.booleans(),
    compare=st.booleans(),
    compare_to=st.sampled_from((None, "-1w", "-1m", "-5h")),
    display=st.sampled_from(TrendDisplay),
    formulas=st.sampled_from(((), (Formula("A * 2 - 1 / A"),))),
    smoothing_intervals=st.integers(1, 3),
    sampling_factor=st.sampled_from((1.0, 0.5)),
)


@pytest.fixture(scope="module")
async def seeded(engine: Engine) -> EventSeeds:
    seeds = EventSeeds.new(engine, "Europe/Berlin")
    await seeds.add_events(
        [
            Event(
                ("paid", "seen")[n % 2],
                f"2020-01-{9 + n % 4:02} 1{n % 3}:{n % 60:02}:00",
                1 + n % 4,
                {
                    "plan": ("team", "solo", None)[n % 3],
                    "price": (5, "7.5", "x", 10)[n % 4],
                    "a.b": n,
                    "$group_0": "g",
                },
            )
            for n in range(40)
        ]
    )
    await seeds.add_persons({1: {"plan": "team", "price": 3}, 2: {"plan": None}})
    await seeds.add_groups(0, {"g": {"plan": "big"}})
    return seeds


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries)
async def test_any_query_has_a_result_or_is_the_clients_error(seeded: EventSeeds, query: TrendQuery) -> None:
    try:
        result = await seeded.run(query)
    except BadUserInput:
        simpler = replace(query, filters=FilterGroup(), breakdowns=(), series=(EventSeries("paid"),))
        result = await seeded.run(replace(simpler, date_from="-7d", date_to=None, compare_to=None))
    for series in result.series:
        assert len(series.data) == len(series.days) == len(series.labels)
        assert (series.data == ()) == query.display.is_total
