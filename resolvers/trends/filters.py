"""Property filters become conditions.

A property that is absent satisfies no positive operator and every negated one; BETWEEN and NOT_BETWEEN are
false for whatever is no number.
"""

import math
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from datasource.sql.tree import Call, Expr, Number, Param, call, compare, either, equals, every
from errors import BadUserInput
from resolvers.trends.cohort_splits import membership
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.dates import read_date
from resolvers.trends.elements import element_condition
from resolvers.trends.hogql import filter_expression
from resolvers.trends.properties import number_field, text_field
from resolvers.trends.query import FilterGroup, LogicalOperator, PropertyFilter, PropertyType, Scalar
from resolvers.trends.query import PropertyOperator as Op

_NEGATED = frozenset({Op.IS_NOT, Op.NOT_ICONTAINS, Op.NOT_REGEX, Op.NOT_IN})
_POSITIVE_OF = {Op.IS_NOT: Op.EXACT, Op.NOT_ICONTAINS: Op.ICONTAINS, Op.NOT_REGEX: Op.REGEX, Op.NOT_IN: Op.IN}
_SIGNS = {Op.GT: ">", Op.GTE: ">=", Op.LT: "<", Op.LTE: "<="}
_DATE_SIGNS = {Op.IS_DATE_EXACT: "=", Op.IS_DATE_BEFORE: "<", Op.IS_DATE_AFTER: ">"}
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_PAIR = 2


def group_condition(group: FilterGroup, around: CompileContext) -> Expr | None:
    """The condition of a tree of filters; None when it is always true, as an empty tree is.

    Raises BadUserInput with the filter's path.
    """
    conditions = [
        group_condition(child, around) if isinstance(child, FilterGroup) else filter_condition(child, around)
        for child in group.children
    ]
    return every(*conditions) if group.operator is LogicalOperator.AND else either(*conditions)


def filter_condition(filter_: PropertyFilter, around: CompileContext) -> Expr | None:
    """The condition of one filter; None when it is always true, as it is for an empty list of values."""
    if filter_.type is PropertyType.COHORT:
        return membership(filter_, around)
    if filter_.type is PropertyType.HOGQL:
        return _expression(filter_, around)
    if filter_.type is PropertyType.ELEMENT:
        return element_condition(filter_, lambda one, text: _text_condition(one, text, around))
    text = text_field(filter_.type, filter_.key, filter_.group_type_index, filter_.path)
    return _text_condition(filter_, text, around)


def _expression(filter_: PropertyFilter, around: CompileContext) -> Expr:
    path = (*filter_.path, "key")
    return filter_expression(
        filter_.key, path, timezone=around.timezone, now=around.now, week_start=around.week_start
    )


def _text_condition(filter_: PropertyFilter, text: Expr, around: CompileContext) -> Expr | None:
    if filter_.operator in _NEGATED:
        positive = _text_condition(replace(filter_, operator=_POSITIVE_OF[filter_.operator]), text, around)
        return positive and call("not", call("ifNull", positive, Number(0)))
    if filter_.operator in (Op.IS_SET, Op.IS_NOT_SET):
        return call("isNotNull" if filter_.operator is Op.IS_SET else "isNull", text)
    if filter_.operator in (Op.BETWEEN, Op.NOT_BETWEEN):
        return _between(filter_)
    return _any_value(filter_, _one_value(filter_, text, around), text)


def _any_value(filter_: PropertyFilter, one: Callable[[Scalar], Expr], text: Expr) -> Expr | None:
    if filter_.value is None:
        raise _refuse(filter_, "The filter needs a value.", "Only IS_SET and IS_NOT_SET go without.")
    if not isinstance(filter_.value, tuple):
        if filter_.operator is Op.IN:
            raise _refuse(filter_, "IN and NOT_IN need a list of values.", "EXACT takes one value.")
        return one(filter_.value)
    if filter_.operator in (Op.EXACT, Op.IN) and len(filter_.value) > 1:
        values = tuple(as_text(value) for value in filter_.value)
        return compare(text, "IN", Param(values, "Array(String)"))
    return either(*map(one, filter_.value))


def _one_value(filter_: PropertyFilter, text: Expr, around: CompileContext) -> Callable[[Scalar], Expr]:
    match filter_.operator:
        case Op.EXACT | Op.IN:
            return lambda value: equals(text, _text_param(value))
        case Op.ICONTAINS:
            return lambda value: call("ilike", text, _pattern(value))
        case Op.REGEX:
            return lambda value: call("match", text, _text_param(value))
        case Op.IS_DATE_EXACT | Op.IS_DATE_BEFORE | Op.IS_DATE_AFTER:
            return lambda value: _compare_dates(filter_, text, value, around)
        case _:
            return lambda value: _compare_sizes(filter_, text, value)


def _compare_sizes(filter_: PropertyFilter, text: Expr, value: Scalar) -> Expr:
    sign = _SIGNS[filter_.operator]
    figure = as_number(value)
    field = number_field(filter_.type, filter_.key, filter_.group_type_index, filter_.path)
    if figure is None or field is None:
        return compare(text, sign, _text_param(value))
    return compare(field, sign, Param(figure, "Float64"))


def _compare_dates(filter_: PropertyFilter, text: Expr, value: Scalar, around: CompileContext) -> Expr:
    path = (*filter_.path, "value")
    date = read_date(as_text(value), datetime(2000, 1, 1, tzinfo=around.timezone), path)
    if date.is_relative:
        raise BadUserInput(f"{value!r} is not a date.", path=path, hint="Use a date such as 2021-01-31.")
    moment = f"{date.instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
    read = call("parseDateTime64BestEffortOrNull", text, Number(6), around.zone)
    return compare(read, _DATE_SIGNS[filter_.operator], Param(moment, "DateTime64(6, 'UTC')"))


def _between(filter_: PropertyFilter) -> Expr:
    values = filter_.value if isinstance(filter_.value, tuple) else ()
    figures = [figure for figure in map(as_number, values) if figure is not None]
    if len(values) != _PAIR or len(figures) != _PAIR or figures[0] > figures[1]:
        raise _refuse(filter_, f"{filter_.operator} needs two numbers, the smaller one first.", "Try [1, 10].")
    number = number_field(filter_.type, filter_.key, filter_.group_type_index, filter_.path)
    if number is None:
        raise _refuse(filter_, f"{filter_.operator} needs a property of numbers.", None)
    low, high = (Param(figure, "Float64") for figure in figures)
    if filter_.operator is Op.BETWEEN:
        return Call("and", (compare(number, ">=", low), compare(number, "<=", high)))
    return Call("or", (compare(number, "<", low), compare(number, ">", high)))


def as_text(value: Scalar) -> str:
    """A value as the text of an equal JSON value: true, 1, 1.5."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and math.isfinite(value):
        return _float_text(value)
    return str(value)


def _float_text(value: float) -> str:
    # ClickHouse writes floats as JavaScript does: exponents only from 1e21 on and below a millionth, unpadded.
    if value == 0:
        return "0"
    if 1e-6 <= abs(value) < 1e21:
        return f"{Decimal(repr(value)):f}".removesuffix(".0")
    digits, _, exponent = repr(value).partition("e")
    return f"{digits}e{int(exponent)}"


def as_number(value: Scalar) -> float | None:
    """A number, or a text that is wholly one; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return None
    try:
        figure = float(value)
    except OverflowError:  # a whole number beyond what floats hold
        return None
    return figure if math.isfinite(figure) else None


def _text_param(value: Scalar) -> Param:
    return Param(as_text(value), "String")


def _pattern(value: Scalar) -> Param:
    # % and _ are wildcards, as users of trends know them; a backslash is only itself.
    return Param(f"%{as_text(value)}%".replace("\\", "\\\\"), "String")


def _refuse(filter_: PropertyFilter, message: str, hint: str | None) -> BadUserInput:
    return BadUserInput(message, path=(*filter_.path, "value"), hint=hint)
