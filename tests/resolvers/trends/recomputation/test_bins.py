"""Histogram bins of every math over random events equal those computed in plain Python."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
    Math,
    PropertyFilter,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
from tests.resolvers.trends.recomputation.bins import GROUP_KEY, recompute_bins
from tests.resolvers.trends.recomputation.recompute import StoredRows
from tests.resolvers.trends.recomputation.strategies import FIRST, SLOW, ZONES, store
from tests.support.seeds.events import Event, Value

GROUPED = (TrendMath.DAU, TrendMath.WEEKLY_ACTIVE, TrendMath.MONTHLY_ACTIVE)
MATHS = (
    *(Math(kind, "n", expression="count()" if kind is TrendMath.HOGQL else None) for kind in TrendMath),
    *(Math(kind, group_type_index=0) for kind in GROUPED),
)
BINNED: tuple[Value, ...] = (-4, -1, 0, 2, 3, 8, "3", None, "a", True)

moments = st.integers(-45 * 24 * 4, 9 * 24 * 4).map(lambda quarters: FIRST + timedelta(minutes=15 * quarters))
events = st.builds(
    lambda name, moment, person, properties: Event(
        name, moment.replace(tzinfo=None).isoformat(), person, {k: v for k, v in properties.items() if v != ""}
    ),
    st.sampled_from(("e", "e", "f")),
    # Most of them are around the range.
    st.one_of(moments, moments.map(lambda moment: FIRST + (moment - FIRST) / 9)).map(
        lambda moment: moment.replace(second=0, microsecond=0)
    ),
    st.integers(1, 4),
    st.fixed_dictionaries(
        {
            "x": st.sampled_from(BINNED),
            "n": st.sampled_from((None, 1, -2, 0.5)),
            "plan": st.sampled_from(("a", "a", "b")),
            GROUP_KEY: st.sampled_from(("", "g1", "g2")),
            "$session_id": st.sampled_from(("", "s1", "s2")),
        }
    ),
)
persons = st.fixed_dictionaries({n: st.fixed_dictionaries({"x": st.sampled_from(BINNED)}) for n in (1, 2)})
stored_rows = st.builds(
    StoredRows,
    # The first of several events at one moment is any of them.
    st.lists(events, min_size=1, max_size=25, unique_by=lambda event: event.moment),
    persons,
    st.sampled_from(({}, {1: 2})),
)


@st.composite
def queries(draw: st.DrawFn, math: Math) -> TrendQuery:
    """Queries of one series in bins, over whole days around the first event."""
    if math.kind is TrendMath.UNIQUE_GROUP:
        math = Math(math.kind, group_type_index=0)
    interval = draw(
        st.sampled_from((TrendInterval.HOUR, TrendInterval.DAY, TrendInterval.WEEK, TrendInterval.MONTH))
    )
    start = FIRST + timedelta(days=draw(st.integers(-3, 3)))
    end = start + timedelta(days=draw(st.integers(0, 6)))
    of = draw(st.sampled_from((BreakdownType.EVENT, BreakdownType.PERSON)))
    return TrendQuery(
        series=(EventSeries(draw(st.sampled_from(("e", None))), math, draw(st.sampled_from(FILTERS))),),
        date_from=f"{start:%Y-%m-%d}",
        date_to=f"{end:%Y-%m-%d}" + ("T23:59:59" if interval is TrendInterval.HOUR else ""),
        interval=interval,
        display=draw(st.sampled_from((TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_TABLE))),
        breakdowns=(Breakdown("x", of, histogram_bin_count=draw(st.sampled_from((1, 2, 4)))),),
    )


FILTERS = (FilterGroup(), FilterGroup(children=(PropertyFilter("plan", "a"),)))


@pytest.mark.parametrize("math", MATHS, ids=lambda math: f"{math.kind}-{math.group_type_index}")
@settings(SLOW, max_examples=5)
@given(data=st.data(), rows=stored_rows, zone=st.sampled_from(ZONES))
async def test_bins_equal_the_plain_computation(
    engine: Engine, math: Math, data: st.DataObject, rows: StoredRows, zone: str
) -> None:
    query = data.draw(queries(math))
    seeds = await store(engine, rows, zone)
    result = await seeds.run(query)
    expected = recompute_bins(rows, query, seeds.project)
    found = {
        line.breakdown_value[0]: [*line.data] or [line.aggregated_value]
        for line in result.series
        if line.breakdown_value
    }
    assert found.keys() == expected.keys()
    for label, figures in found.items():
        assert figures == pytest.approx([expected[label].get(bucket, 0.0) for bucket in range(len(figures))])
