"""Breakdowns: the expression of a value, and the limit of values with a name of their own."""

from datasource.sql.tree import (
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
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.histograms import bin_label
from resolvers.trends.hogql import breakdown_expression
from resolvers.trends.properties import text_field
from resolvers.trends.query import Breakdown, BreakdownType, Math, TrendMath
from resolvers.trends.selection import BUCKET, FIGURE, EventSelection, inherited, names

NO_VALUE = "$$_posthog_breakdown_null_$$"
"""The breakdown value of events without one: the code that clients of trends expect."""

OTHER_VALUES = "$$_posthog_breakdown_other_$$"
"""The breakdown value under which all values beyond the limit are added up."""

_BUCKETS = "buckets"
_FIGURES = "figures"
_PLACE = "place"

_LONGEST_VALUE = 400
_MERGES = {TrendMath.MIN: "min", TrendMath.MAX: "max"}


def breakdown_keys(breakdowns: tuple[Breakdown, ...], rows: EventSelection) -> tuple[Named, ...]:
    """The columns b0, b1 ... with the values as strings, NO_VALUE for none, of the rows that are split."""
    return tuple(Named(_value(breakdown, n, rows), f"b{n}") for n, breakdown in enumerate(breakdowns))


def _value(breakdown: Breakdown, index: int, rows: EventSelection) -> Expr:
    text = (
        _text(breakdown, rows.context)
        if breakdown.histogram_bin_count is None
        else bin_label(breakdown, index, rows)
    )
    present = call("nullIf", call("leftUTF8", text, Number(_LONGEST_VALUE)), Param("", "String"))
    return call("ifNull", present, Param(NO_VALUE, "String"))


def _text(breakdown: Breakdown, context: CompileContext) -> Expr:
    if breakdown.type is BreakdownType.HOGQL:
        return breakdown_expression(breakdown.property, breakdown.path, context)
    text = text_field(breakdown.type, breakdown.property, breakdown.group_type_index, breakdown.path, context)
    return _normalize(text) if breakdown.normalize_url else text


def _normalize(url: Expr) -> Expr:
    cut = call("replaceRegexpOne", url, Param("[/?#]+$", "String"), Param("", "String"))
    return call("if", equals(cut, Param("", "String")), Param("/", "String"), cut)


def limit_values(counted: Select, rows: EventSelection, math: Math, limit: int, *, running: bool) -> Select:
    """The query that keeps `limit` values of `counted` by name and adds up the rest under OTHER_VALUES.

    Over time a row has a value with parallel lists of buckets and numbers, and NO_VALUE ranks last. For displays
    of one total it has a value with its number, and all rank by size only. `running`: values rank by the sum of
    their running sums.
    """
    values = inherited(rows.values)
    by_value = tuple(Order(value.expr) for value in values)
    if rows.buckets is None:
        order = (Order(Column(FIGURE), is_descending=True), *by_value)
        return _merge_rest(_ranked(counted, values, (FIGURE,), order), values, _merge_totals(math), limit)
    sizes = _sizes(counted, values, rows.buckets.count if running else None)
    order = (Order(_is_missing(values)), Order(Column("size"), is_descending=True), *by_value)
    return _merge_rest(_ranked(sizes, values, (_BUCKETS, _FIGURES), order), values, _merge_lists(math), limit)


def _is_missing(values: tuple[Named, ...]) -> Expr:
    missing = either(*(equals(value.expr, Param(NO_VALUE, "String")) for value in values))
    return missing or Number(0)


def _sizes(counted: Select, values: tuple[Named, ...], bucket_count: int | None) -> Select:
    number: Expr = Column(FIGURE)
    if bucket_count is not None:  # a number is in the running sum of its bucket and of every later one
        number = Infix("*", (number, Infix("-", (Number(bucket_count), Column(BUCKET)))))
    return Select(
        columns=(
            *values,
            Named(call("groupArray", Column(BUCKET)), _BUCKETS),
            Named(call("groupArray", Column(FIGURE)), _FIGURES),
            Named(call("sum", number), "size"),
        ),
        source=Derived(counted, "counted"),
        group_by=names(values),
    )


def _ranked(
    sizes: Select, values: tuple[Named, ...], numbers: tuple[str, ...], order: tuple[Order, ...]
) -> Select:
    place = Named(Over(call("row_number"), order), _PLACE)
    return Select(
        columns=(*values, *(Named(Column(name), name) for name in numbers), place),
        source=Derived(sizes, "sizes"),
    )


def _merge_rest(ranked: Select, values: tuple[Named, ...], numbers: tuple[Named, ...], limit: int) -> Select:
    keeps_name = compare(Column(_PLACE), "<=", Number(limit))
    shown = tuple(
        Named(call("if", keeps_name, value.expr, Param(OTHER_VALUES, "String")), f"name{n}")
        for n, value in enumerate(values)
    )
    return Select(
        columns=(*shown, *numbers),
        source=Derived(ranked, "ranked"),
        group_by=names(shown),
    )


def _merge_totals(math: Math) -> tuple[Named, ...]:
    merge = "avg" if math.kind is TrendMath.AVG else _MERGES.get(math.kind, "sum")
    return (Named(call(merge, Column(FIGURE)), "merged_figure"),)


def _merge_lists(math: Math) -> tuple[Named, ...]:
    merged = call(f"{_MERGES.get(math.kind, 'sum')}Map", Column(_BUCKETS), Column(_FIGURES))
    return (
        Named(call("tupleElement", merged, Number(1)), "merged_buckets"),
        Named(call("tupleElement", merged, Number(2)), "merged_figures"),
    )
