"""Property filters become conditions.

A property that is absent satisfies no positive operator and every negated one; BETWEEN and NOT_BETWEEN are false
for a value that is not a number.
"""

import math
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import assert_never

from datasource.layouts.contract import TIMESTAMP
from datasource.metadata.records import WeekStartDay
from datasource.sql.tree import Call, Expr, Number, Param, call, compare, either, equals, every
from errors import BadUserInput
from resolvers.trends.cohort_splits import membership
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.date_text import is_relative, read_date
from resolvers.trends.elements import element_condition
from resolvers.trends.hogql import filter_expression
from resolvers.trends.properties import is_timestamp, number_or_zero, text_field
from resolvers.trends.query import FilterGroup, LogicalOperator, PropertyFilter, PropertyType, Scalar
from resolvers.trends.query import PropertyOperator as Op
from resolvers.trends.regexes import check_regex

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_PAIR = 2
_DATE_OPERATORS = (Op.IS_DATE_EXACT, Op.IS_DATE_BEFORE, Op.IS_DATE_AFTER)


def group_condition(group: FilterGroup, context: CompileContext) -> Expr | None:
    """The condition of a tree of filters; None when it is always true, as an empty tree is.

    Raises BadUserInput with the filter's path.
    """
    conditions = [
        group_condition(child, context) if isinstance(child, FilterGroup) else filter_condition(child, context)
        for child in group.children
    ]
    match group.operator:
        case LogicalOperator.AND:
            return every(*conditions)
        case LogicalOperator.OR:
            return either(*conditions)
        case _:
            assert_never(group.operator)


def filter_condition(filter_: PropertyFilter, context: CompileContext) -> Expr | None:
    """The condition of one filter; None when it is always true, as it is for an empty list of values."""
    context.meter.add_filter(filter_)
    match filter_.type:
        case PropertyType.COHORT:
            return membership(filter_, context)
        case PropertyType.HOGQL:
            return filter_expression(filter_.key, (*filter_.path, "key"), context)
        case PropertyType.ELEMENT:
            return element_condition(filter_, lambda one, text: _text_condition(one, text, context), context.meter)
        case _:
            text = text_field(filter_.type, filter_.key, filter_.group_type_index, filter_.path, context)
            return _text_condition(filter_, text, context)


def _text_condition(filter_: PropertyFilter, text: Expr, context: CompileContext) -> Expr | None:
    match filter_.operator:
        case Op.IS_NOT:
            return _negated(filter_, Op.EXACT, text, context)
        case Op.NOT_ICONTAINS:
            return _negated(filter_, Op.ICONTAINS, text, context)
        case Op.NOT_REGEX:
            return _negated(filter_, Op.REGEX, text, context)
        case Op.NOT_IN:
            return _negated(filter_, Op.IN, text, context)
        case Op.IS_SET:
            return call("isNotNull", text)
        case Op.IS_NOT_SET:
            return call("isNull", text)
        case Op.BETWEEN | Op.NOT_BETWEEN:
            return _between(filter_, is_negated=filter_.operator is Op.NOT_BETWEEN)
        case Op.EXACT | Op.IN:
            return _is_one_of(filter_, text)
        case Op.ICONTAINS:
            return _any_value(filter_, lambda value: call("ilike", text, _pattern(value)))
        case Op.REGEX:
            return _any_value(filter_, _regex_match(filter_, text, context))
        case Op.IS_DATE_EXACT:
            return _any_value(filter_, _date_comparison(filter_, text, "=", context))
        case Op.IS_DATE_BEFORE:
            return _any_value(filter_, _date_comparison(filter_, text, "<", context))
        case Op.IS_DATE_AFTER:
            return _any_value(filter_, _date_comparison(filter_, text, ">", context))
        case Op.GT:
            return _any_value(filter_, _size_comparison(filter_, text, ">", context))
        case Op.GTE:
            return _any_value(filter_, _size_comparison(filter_, text, ">=", context))
        case Op.LT:
            return _any_value(filter_, _size_comparison(filter_, text, "<", context))
        case Op.LTE:
            return _any_value(filter_, _size_comparison(filter_, text, "<=", context))
        case _:
            assert_never(filter_.operator)


def _negated(filter_: PropertyFilter, positive: Op, text: Expr, context: CompileContext) -> Expr | None:
    condition = _text_condition(replace(filter_, operator=positive), text, context)
    return condition and call("not", call("ifNull", condition, Number(0)))


def _any_value(filter_: PropertyFilter, condition: Callable[[Scalar], Expr]) -> Expr | None:
    if filter_.value is None:
        raise BadUserInput(
            "The filter needs a value.",
            path=(*filter_.path, "value"),
            hint="Only {is_set} and {is_not_set} go without a value.",
            is_set=Op.IS_SET,
            is_not_set=Op.IS_NOT_SET,
        )
    if isinstance(filter_.value, tuple):
        return either(*map(condition, filter_.value))
    return condition(filter_.value)


def _is_one_of(filter_: PropertyFilter, text: Expr) -> Expr | None:
    if isinstance(filter_.value, tuple) and len(filter_.value) > 1:
        values = tuple(as_text(value) for value in filter_.value)
        return compare(text, "IN", Param(values, "Array(String)"))
    if filter_.operator is Op.IN and filter_.value is not None and not isinstance(filter_.value, tuple):
        raise BadUserInput(
            "{in_} and {not_in} need a list of values.",
            path=(*filter_.path, "value"),
            hint="For one value use {exact}.",
            in_=Op.IN,
            not_in=Op.NOT_IN,
            exact=Op.EXACT,
        )
    return _any_value(filter_, lambda value: equals(text, _text_param(value)))


def _regex_match(filter_: PropertyFilter, text: Expr, context: CompileContext) -> Callable[[Scalar], Expr]:
    def condition(value: Scalar) -> Expr:
        path = (*filter_.path, "value")
        context.meter.add_regex(as_text(value), path)
        check_regex(as_text(value), path)
        return call("match", text, _text_param(value))

    return condition


def _size_comparison(
    filter_: PropertyFilter, text: Expr, sign: str, context: CompileContext
) -> Callable[[Scalar], Expr]:
    if is_timestamp(filter_.type, filter_.key):
        return _date_comparison(filter_, text, sign, context)

    def condition(value: Scalar) -> Expr:
        number = as_number(value)
        field = number_or_zero(filter_.type, filter_.key, filter_.group_type_index, filter_.path)
        if number is None or field is None:
            return compare(text, sign, _text_param(value))
        return compare(field, sign, Param(number, "Float64"))

    return condition


def relative_instants(filter_: PropertyFilter, now: datetime, week_start: WeekStartDay) -> Iterator[datetime]:
    """Yield what the filter's dates relative to now are; none for a filter that does not depend on the clock."""
    if filter_.operator in _DATE_OPERATORS or is_timestamp(filter_.type, filter_.key):
        for value in filter_.value if isinstance(filter_.value, tuple) else (filter_.value,):
            if isinstance(value, str) and is_relative(value):
                with suppress(BadUserInput):  # compiling says so, where the filter is
                    yield read_date(value, now, filter_.path, week_start).instant


def _date_comparison(
    filter_: PropertyFilter, text: Expr, sign: str, context: CompileContext
) -> Callable[[Scalar], Expr]:
    path = (*filter_.path, "value")

    def condition(value: Scalar) -> Expr:
        date = read_date(as_text(value), context.now.astimezone(context.timezone), path, context.week_start)
        moment = f"{date.instant.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
        return compare(_instant(filter_, text, context), sign, Param(moment, "DateTime64(6, 'UTC')"))

    return condition


def _instant(filter_: PropertyFilter, text: Expr, context: CompileContext) -> Expr:
    if is_timestamp(filter_.type, filter_.key):  # its text is ambiguous when clocks are set back
        return TIMESTAMP
    return call("parseDateTime64BestEffortOrNull", text, Number(6), context.zone)


def _between(filter_: PropertyFilter, *, is_negated: bool) -> Expr:
    path = (*filter_.path, "value")
    values = filter_.value if isinstance(filter_.value, tuple) else ()
    numbers = [number for number in map(as_number, values) if number is not None]
    if len(values) != _PAIR or len(numbers) != _PAIR or numbers[0] > numbers[1]:
        raise BadUserInput(
            "{operator} needs two numbers, the smaller one first.",
            path=path,
            hint="For example [1, 10].",
            operator=filter_.operator,
        )
    field = number_or_zero(filter_.type, filter_.key, filter_.group_type_index, filter_.path)
    if field is None:
        raise BadUserInput(
            "{operator} needs a property whose values are numbers.", path=path, operator=filter_.operator
        )
    low, high = (Param(number, "Float64") for number in numbers)
    if is_negated:
        return Call("or", (compare(field, "<", low), compare(field, ">", high)))
    return Call("and", (compare(field, ">=", low), compare(field, "<=", high)))


def as_text(value: Scalar) -> str:
    """Write a value as the text of an equal JSON value: true, 1, 1.5."""
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
    """Read a number, or a string that holds nothing else; None for anything else."""
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return None
    try:
        number = float(value)
    except OverflowError:  # a whole number beyond what floats hold
        return None
    return number if math.isfinite(number) else None


def _text_param(value: Scalar) -> Param:
    return Param(as_text(value), "String")


def _pattern(value: Scalar) -> Param:
    # % and _ are wildcards, as clients of trends expect. A backslash has no special meaning.
    return Param(f"%{as_text(value)}%".replace("\\", "\\\\"), "String")
