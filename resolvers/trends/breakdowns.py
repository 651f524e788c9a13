"""Breakdowns: the expressions of values by which events are split."""

from datasource.sql.tree import (
    Expr,
    Named,
    Number,
    Param,
    call,
    equals,
)
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.histograms import bin_label
from resolvers.trends.hogql import breakdown_expression
from resolvers.trends.properties import text_field
from resolvers.trends.query import Breakdown, BreakdownType
from resolvers.trends.selection import EventSelection

NO_VALUE = "$$_posthog_breakdown_null_$$"
"""The breakdown value of events without one: the code that clients of trends expect."""

OTHER_VALUES = "$$_posthog_breakdown_other_$$"
"""The breakdown value under which all values beyond the limit are added up."""

_LONGEST_VALUE = 400


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
