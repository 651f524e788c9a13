"""Splitting a series by values: the expression of a value, and which values keep their name."""

from datasource.clickhouse.sql import (
    Column,
    Derived,
    Expr,
    Infix,
    Named,
    Number,
    Order,
    Over,
    Param,
    Select,
    call,
    compare,
    either,
    equals,
)
from errors import BadUserInput
from resolvers.trends.math import BUCKET, FIGURE
from resolvers.trends.properties import text_field
from resolvers.trends.query import Breakdown, Math, TrendMath

NO_VALUE = "$$_posthog_breakdown_null_$$"
"""The breakdown value of events that have none: the code that clients of trends know."""

OTHER_VALUES = "$$_posthog_breakdown_other_$$"
"""The breakdown value under which everything past the limit is added up."""

BUCKETS = "buckets"
FIGURES = "figures"

_LONGEST_VALUE = 400
_MERGES = {TrendMath.MIN: "min", TrendMath.MAX: "max"}


def breakdown_keys(breakdowns: tuple[Breakdown, ...]) -> tuple[Named, ...]:
    """The columns b0, b1 ... that hold the values as text, NO_VALUE for none."""
    return tuple(Named(_value(breakdown), f"b{n}") for n, breakdown in enumerate(breakdowns))


def _value(breakdown: Breakdown) -> Expr:
    if breakdown.histogram_bin_count is not None:
        raise BadUserInput("Histogram bins are not supported yet.", path=(*breakdown.path, "histogramBinCount"))
    text: Expr = text_field(breakdown.type, breakdown.property, breakdown.group_type_index, breakdown.path)
    if breakdown.normalize_url:
        text = _normalized(text)
    present = call("nullIf", call("leftUTF8", text, Number(_LONGEST_VALUE)), Param("", "String"))
    return call("ifNull", present, Param(NO_VALUE, "String"))


def _normalized(url: Expr) -> Expr:
    cut = call("replaceRegexpOne", url, Param("[/?#]+$", "String"), Param("", "String"))
    return call("if", equals(cut, Param("", "String")), Param("/", "String"), cut)


def limit_values(
    counted: Select,
    values: tuple[Named, ...],
    math: Math,
    limit: int,
    *,
    bucket_count: int | None,
    running: bool,
) -> Select:
    """The query that keeps `limit` values of `counted` by name and adds up the rest under OTHER_VALUES.

    Over time (`bucket_count` is given) an answer's row is a value with the parallel lists BUCKETS and FIGURES, and
    a missing value ranks behind the present ones; else it is a value with FIGURE, and all rank by size alone.
    `running`: values are ranked by the sum of their running sums.
    """
    over_time = bucket_count is not None
    sizes = _per_value(counted, values, bucket_count, running=running) if over_time else counted
    size: Expr = Column("size") if over_time else Column(FIGURE)
    missing = either(*(equals(Column(value.name), Param(NO_VALUE, "String")) for value in values))
    order = [Order(size, descending=True), *(Order(Column(value.name)) for value in values)]
    if over_time and missing is not None:
        order.insert(0, Order(missing))
    ranked = Select(
        columns=(
            *(Named(Column(value.name), value.name) for value in values),
            *(Named(Column(name), name) for name in ((BUCKETS, FIGURES) if over_time else (FIGURE,))),
            Named(Over(call("row_number"), tuple(order)), "place"),
        ),
        source=Derived(sizes, "sizes"),
    )
    return _merge_rest(ranked, values, math, limit, over_time=over_time)


def _per_value(counted: Select, values: tuple[Named, ...], bucket_count: int | None, *, running: bool) -> Select:
    figure: Expr = Column(FIGURE)
    if running:  # a figure is in the running sum of its own bucket and of every later one
        weight = Infix("-", (Number(bucket_count or 0), Column(BUCKET)))
        figure = Infix("*", (figure, weight))
    return Select(
        columns=(
            *(Named(Column(value.name), value.name) for value in values),
            Named(call("groupArray", Column(BUCKET)), BUCKETS),
            Named(call("groupArray", Column(FIGURE)), FIGURES),
            Named(call("sum", figure), "size"),
        ),
        source=Derived(counted, "counted"),
        group_by=tuple(Column(value.name) for value in values),
    )


def _merge_rest(ranked: Select, values: tuple[Named, ...], math: Math, limit: int, *, over_time: bool) -> Select:
    kept = compare(Column("place"), "<=", Number(limit))
    names = tuple(
        Named(call("if", kept, Column(value.name), Param(OTHER_VALUES, "String")), f"name{n}")
        for n, value in enumerate(values)
    )
    merge = _MERGES.get(math.kind, "sum")
    if over_time:
        merged = call(f"{merge}Map", Column(BUCKETS), Column(FIGURES))
        figures = tuple(
            Named(call("tupleElement", merged, Number(n)), name)
            for n, name in ((1, "merged_buckets"), (2, "merged_figures"))
        )
    else:
        rest = "avg" if math.kind is TrendMath.AVG else merge
        figures = (Named(call(rest, Column(FIGURE)), "merged_figure"),)
    return Select(
        columns=(*names, *figures),
        source=Derived(ranked, "ranked"),
        group_by=tuple(Column(name.name) for name in names),
    )
