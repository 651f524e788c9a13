"""Comparisons of values, which are never NULL, so that NOT inverts each of them.

A missing value equals only NULL, differs from every other value, and is neither smaller nor larger.
"""

from collections.abc import Sequence

from datasource.sql.tree import Expr, Number, Param, call, compare, either
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError
from resolvers.trends.hogql.values import TIMES, Value, ValueType, as_datetime, as_number, as_string, unify


def compare_values(sign: str, left: Value, right: Value, context: CompileContext) -> Expr:
    """The truth of `left sign right`. Raises HogQLError for values of incompatible types."""
    if ValueType.NOTHING in (left.type, right.type):
        return _compared_with_null(sign, right if left.type is ValueType.NOTHING else left)
    if _are_times(left, right):
        one, other = as_datetime(left, context), as_datetime(right, context)
    else:
        _, (one, other), _ = unify((left, right), context)
    if sign in ("=", "!="):
        is_same = _is_same(one, other, constant=left.literal is not None or right.literal is not None)
        return is_same if sign == "=" else call("not", is_same)
    return _never_null(compare(one, sign, other))


def is_in(subject: Value, listed: Sequence[Value], context: CompileContext) -> Expr:
    """Whether a value is one of these constants."""
    invalid = next((value for value in listed if value.literal is None), None)
    if invalid is not None:
        raise HogQLError("a list can contain only constant strings, numbers, true and false.", invalid.node)
    types = {value.type for value in listed}
    if types == {ValueType.STRING} and subject.type is ValueType.STRING:
        strings = tuple(str(value.literal) for value in listed)
        return _never_null(compare(as_string(subject), "IN", Param(strings, "Array(String)")))
    if types == {ValueType.NUMBER} and (subject.type is ValueType.NUMBER or subject.number is not None):
        numbers = tuple(float(value.literal or 0) for value in listed)
        return _never_null(compare(as_number(subject), "IN", Param(numbers, "Array(Float64)")))
    return either(*(compare_values("=", subject, value, context) for value in listed)) or Number(0)


def _is_same(one: Expr, other: Expr, *, constant: bool) -> Expr:
    if constant:
        return _never_null(compare(one, "=", other))
    return call("isNotDistinctFrom", one, other)


def _compared_with_null(sign: str, other: Value) -> Expr:
    if sign in ("=", "!="):
        missing = Number(1) if other.type is ValueType.NOTHING else call("isNull", other.expr)
        return missing if sign == "=" else call("not", missing)
    return Number(0)


def _are_times(left: Value, right: Value) -> bool:
    types = {left.type, right.type}
    return bool(types & set(TIMES)) and types <= {*TIMES, ValueType.STRING} and len(types) > 1


def _never_null(condition: Expr) -> Expr:
    return call("ifNull", condition, Number(0))
