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

NO_VALUE = "$$_posthog_breakdown_null_$$"
"""The breakdown value of events without one: the code that clients of trends expect."""

OTHER_VALUES = "$$_posthog_breakdown_other_$$"
"""The breakdown value under which all values beyond the limit are added up."""

_LONGEST_VALUE = 400


def breakdown_keys(breakdowns: tuple[Breakdown, ...], context: CompileContext) -> tuple[Named, ...]:
    """The columns b0, b1 ... with the values as strings, NO_VALUE for none."""
    return tuple(
        Named(_value(breakdown, index, context), f"b{index}") for index, breakdown in enumerate(breakdowns)
    )


def _value(breakdown: Breakdown, index: int, context: CompileContext) -> Expr:
    has_bins = breakdown.histogram_bin_count is not None
    text = bin_label(breakdown, index) if has_bins else _text(breakdown, context)
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
