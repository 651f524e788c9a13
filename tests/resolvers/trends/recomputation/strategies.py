"""Random small sets of events and queries over them, as strategies of Hypothesis."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from datasource.metadata.records import WeekStartDay
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    FilterGroup,
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
from tests.resolvers.trends.recomputation.recompute import CLOCK_STEPS, StoredRows
from tests.support.seeds.events import Event, EventSeeds, Value

Op = PropertyOperator

FIRST = datetime(2020, 3, 27, 9, tzinfo=UTC)
"""The window has the spring change of Berlin, 29 March, and the autumn one of Lord Howe, 4 April at 15:00 UTC."""

ZONES = ("UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "Pacific/Kiritimati")
VALUES: tuple[Value, ...] = (None, "", "a", "ab", "B", "10", " 5", 10, 9, 2.5, True, "nan", "é_%")
NUMBERS: tuple[Value, ...] = (None, 1, 2, -3, 0.5, "4", "z", True, 10)
EXACT_MATHS = (TrendMath.TOTAL, TrendMath.DAU, TrendMath.SUM, TrendMath.MIN, TrendMath.MAX)
MATHS = (
    *EXACT_MATHS,
    TrendMath.AVG,
    TrendMath.MEDIAN,
    TrendMath.P90,
    TrendMath.AVG_COUNT_PER_ACTOR,
    TrendMath.MAX_COUNT_PER_ACTOR,
    TrendMath.P75_COUNT_PER_ACTOR,
)

texts = st.sampled_from(("a", "ab", "B", "", "10", "true", "é", "%", "a_", "9.5", "zz"))
numbers = st.sampled_from((9, 10, 2.5, "10", -1, "9"))
moments = st.integers(0, 10 * 86_400 * 4).map(lambda quarters: FIRST + timedelta(milliseconds=250 * quarters))
events = st.builds(
    lambda name, moment, person, x, n: Event(
        name, moment.replace(tzinfo=None).isoformat(), person, {"x": x, "n": n}
    ),
    st.sampled_from(("e", "f")),
    moments,
    st.integers(1, 5),
    st.sampled_from(VALUES),
    st.sampled_from(NUMBERS),
)
person = st.fixed_dictionaries({"x": st.sampled_from(VALUES), "n": st.sampled_from(NUMBERS)})
persons = st.fixed_dictionaries({2: person, 3: person}, optional={1: person, 5: person, 9: person})
stored_rows = st.builds(
    StoredRows,
    st.sampled_from((30, 20, 10, 1, 0)).flatmap(lambda count: st.lists(events, min_size=count, max_size=count)),
    persons,
    st.sampled_from(({1: 2}, {1: 2, 3: 2}, {4: 5, 1: 9}, {})),
)


def _condition(of: st.SearchStrategy[Op], values: st.SearchStrategy[object]) -> st.SearchStrategy[PropertyFilter]:
    kinds = st.sampled_from((PropertyType.EVENT, PropertyType.PERSON))
    return st.builds(PropertyFilter, st.just("x"), values, of, kinds)


def _one_or_many(of: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.one_of(of, st.lists(of, max_size=3).map(tuple))


conditions = st.one_of(
    _condition(
        st.sampled_from((Op.EXACT, Op.IS_NOT, Op.ICONTAINS, Op.NOT_ICONTAINS)),
        _one_or_many(st.one_of(texts, numbers, st.booleans())),
    ),
    _condition(
        st.sampled_from((Op.REGEX, Op.NOT_REGEX)), _one_or_many(st.sampled_from(("^a", "b$", "1|B", "^$")))
    ),
    _condition(st.sampled_from((Op.GT, Op.GTE, Op.LT, Op.LTE)), _one_or_many(st.one_of(texts, numbers))),
    _condition(st.sampled_from((Op.IN, Op.NOT_IN)), st.lists(st.one_of(texts, numbers), max_size=3).map(tuple)),
    _condition(st.sampled_from((Op.BETWEEN, Op.NOT_BETWEEN)), st.sampled_from(((1, 9), ("2.5", 10), (-5, 2)))),
    _condition(st.sampled_from((Op.IS_SET, Op.IS_NOT_SET)), st.none()),
)
operators = st.sampled_from(LogicalOperator)
one = st.builds(FilterGroup, operators, st.tuples(conditions))
two = st.builds(FilterGroup, operators, st.tuples(conditions, conditions))
nested = st.builds(FilterGroup, operators, st.tuples(conditions, two, st.just(FilterGroup())))
# Conditions match few events, so half of the trees have none.
groups = st.booleans().flatmap(lambda some: st.one_of(one, two, nested) if some else st.just(FilterGroup()))
breakdowns = st.builds(Breakdown, st.just("x"), st.sampled_from((BreakdownType.EVENT, BreakdownType.PERSON)))


def _series(maths: tuple[TrendMath, ...]) -> st.SearchStrategy[EventSeries]:
    kinds = st.sampled_from((PropertyType.EVENT, PropertyType.PERSON))
    math = st.builds(Math, st.sampled_from(maths), st.just("n"), kinds)
    return st.builds(EventSeries, st.sampled_from(("e", None)), math, groups)


@st.composite
def queries(draw: st.DrawFn) -> TrendQuery:
    """Queries of whole days inside and around the window."""
    limited = draw(st.booleans())
    interval = draw(st.sampled_from(TrendInterval).filter(lambda each: each is not TrendInterval.MINUTE))
    display = draw(st.sampled_from((TrendDisplay.ACTIONS_LINE_GRAPH, TrendDisplay.ACTIONS_TABLE)))
    start = FIRST + timedelta(days=draw(st.integers(-2, 4)))
    end = start + timedelta(days=draw(st.integers(0, 9).map(lambda shorter: 9 - shorter)))
    clock = "T23:59:59" if interval in CLOCK_STEPS else ""
    return TrendQuery(
        series=tuple(draw(st.lists(_series(EXACT_MATHS if limited else MATHS), min_size=1, max_size=3))),
        filters=draw(st.sampled_from((FilterGroup(), FilterGroup(), draw(groups)))),
        date_from=f"{start:%Y-%m-%d}",
        date_to=f"{end:%Y-%m-%d}{clock}",
        interval=interval,
        display=display,
        breakdowns=(draw(breakdowns),) if limited or draw(st.booleans()) else (),
        breakdown_limit=draw(st.integers(1, 2)) if limited else 25,
    )


async def store(
    engine: Engine, rows: StoredRows, zone: str, week_start: WeekStartDay = WeekStartDay.SUNDAY
) -> EventSeeds:
    seeds = EventSeeds.new(engine, zone)
    seeds = replace(seeds, project=replace(seeds.project, week_start=week_start))
    await seeds.add_events(rows.events)
    await seeds.add_persons(rows.persons)
    await seeds.merge(rows.merges)
    return seeds


SLOW = settings(max_examples=45, deadline=None, suppress_health_check=[HealthCheck.too_slow])
