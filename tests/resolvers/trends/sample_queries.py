"""Named trend queries, with every math, display, filter operator and breakdown at least once."""

from collections.abc import Iterator
from dataclasses import replace

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
from tests.support.seeds.events import series, trend

_VALUES = {
    PropertyOperator.BETWEEN: (1, 10),
    PropertyOperator.NOT_BETWEEN: (1, 10),
    PropertyOperator.IN: ("a", "b"),
    PropertyOperator.NOT_IN: ("a", "b"),
    PropertyOperator.IS_SET: None,
    PropertyOperator.IS_NOT_SET: None,
    PropertyOperator.IS_DATE_EXACT: "2020-01-05",
    PropertyOperator.IS_DATE_BEFORE: "2020-01-05",
    PropertyOperator.IS_DATE_AFTER: "2020-01-05",
}


def sample_queries() -> dict[str, TrendQuery]:
    return dict((*_maths(), *_filters(), *_breakdowns(), *_shapes()))


def _maths() -> Iterator[tuple[str, TrendQuery]]:
    for kind in TrendMath:
        if kind is TrendMath.HOGQL:
            continue
        group = 0 if kind is TrendMath.UNIQUE_GROUP else None
        measured = EventSeries("paid", Math(kind, "price", group_type_index=group))
        yield f"math_{kind.lower()}", trend(measured)
        yield f"math_{kind.lower()}_total", trend(measured, display=TrendDisplay.BOLD_NUMBER)
    for of, index in ((PropertyType.PERSON, None), (PropertyType.GROUP, 1)):
        math = Math(TrendMath.SUM, "price", of, group_type_index=index)
        yield f"math_sum_of_{of.lower()}", trend(EventSeries("paid", math))


def _filters() -> Iterator[tuple[str, TrendQuery]]:
    for operator in PropertyOperator:
        condition = PropertyFilter("plan", _VALUES.get(operator, "a"), operator)
        yield f"filter_{operator.lower()}", _filtered(condition)
    for of, key, index in (
        (PropertyType.PERSON, "plan", None),
        (PropertyType.GROUP, "plan", 2),
        (PropertyType.EVENT_METADATA, "distinct_id", None),
        (PropertyType.SESSION, "$session_duration", None),
    ):
        condition = PropertyFilter(key, 5, PropertyOperator.GT, of, group_type_index=index)
        yield f"filter_of_{of.lower()}", _filtered(condition)
    mail = PropertyFilter("email", "@corp.com", PropertyOperator.NOT_ICONTAINS, PropertyType.PERSON)
    nested = FilterGroup(LogicalOperator.OR, (mail, FilterGroup(children=(mail, PropertyFilter("plan", "pro")))))
    yield "filter_nested", trend(filters=nested)


def _filtered(condition: PropertyFilter) -> TrendQuery:
    return trend(EventSeries("sign up", filters=FilterGroup(children=(condition,))))


def _breakdowns() -> Iterator[tuple[str, TrendQuery]]:
    browser = (Breakdown("$browser"),)
    yield "breakdown", trend(breakdowns=browser)
    yield "breakdown_total", trend(breakdowns=browser, display=TrendDisplay.ACTIONS_TABLE)
    yield "breakdown_dau", trend(series(kind=TrendMath.DAU), breakdowns=browser)
    yield "breakdown_max", trend(series("paid", TrendMath.MAX, "price"), breakdowns=browser)
    yield "breakdown_url", trend(breakdowns=(Breakdown("$current_url", normalize_url=True),))
    yield "breakdown_bins", trend(breakdowns=(Breakdown("price", histogram_bin_count=4),))
    yield "breakdown_person", trend(breakdowns=(Breakdown("plan", BreakdownType.PERSON),))
    yield "breakdown_group", trend(breakdowns=(Breakdown("plan", BreakdownType.GROUP, 3),))
    yield "breakdown_metadata", trend(breakdowns=(Breakdown("distinct_id", BreakdownType.EVENT_METADATA),))
    yield "breakdown_session", trend(breakdowns=(Breakdown("$session_duration", BreakdownType.SESSION),))
    yield "breakdown_pair", trend(breakdowns=(*browser, Breakdown("plan", BreakdownType.PERSON)))
    running = TrendDisplay.ACTIONS_LINE_GRAPH_CUMULATIVE
    yield "breakdown_smoothed", trend(breakdowns=browser, smoothing_intervals=3)
    paid = (series("paid", TrendMath.MAX, "price"), series("paid"))
    yield "breakdown_formula", trend(*paid, breakdowns=browser, formulas=(Formula("A/B"),))
    yield "breakdown_cumulative", trend(series(kind=TrendMath.DAU), breakdowns=browser, display=running)


def _shapes() -> Iterator[tuple[str, TrendQuery]]:
    for display in TrendDisplay:
        yield f"display_{display.lower()}", trend(series(kind=TrendMath.DAU), display=display)
    for interval in TrendInterval:
        yield f"interval_{interval.lower()}", trend(interval=interval)
    yield "all_events", trend(series(None))
    yield "all_events_filtered", replace(_filtered(PropertyFilter("plan", "pro")), series=(series(None),))
    yield "compare", trend(compare=True)
    yield "whole_history", trend(date_from="all", date_to=None)
    yield "sampled", trend(series(kind=TrendMath.DAU), sampling_factor=0.5)
    yield "formula", trend(series("a"), series("b"), formulas=(Formula("A/B"),))
