"""Comparing values. No comparison answers NULL, so NOT turns each of them round.

A missing value equals nothing but NULL, differs from every other value, and is neither smaller nor larger.
"""

from collections.abc import Sequence

from datasource.sql.tree import Expr, Number, Param, call, compare, either
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal
from resolvers.trends.hogql.values import TIMES, Kind, Value, agree, as_moment, as_number, as_text


def compared(sign: str, left: Value, right: Value, around: CompileContext) -> Expr:
    """The truth of `left sign right`. Raises Refusal for values that do not go together."""
    if Kind.NOTHING in (left.kind, right.kind):
        return _compared_with_null(sign, right if left.kind is Kind.NOTHING else left)
    if _are_times(left, right):
        one, other = as_moment(left, around), as_moment(right, around)
    else:
        _, (one, other), _ = agree((left, right), around)
    if sign in ("=", "!="):
        is_same = _is_same(one, other, constant=left.literal is not None or right.literal is not None)
        return is_same if sign == "=" else call("not", is_same)
    return _never_null(compare(one, sign, other))


def is_in(subject: Value, listed: Sequence[Value], around: CompileContext) -> Expr:
    """Whether a value is one of those that are written out."""
    odd = next((value for value in listed if value.literal is None), None)
    if odd is not None:
        raise Refusal("a list holds only texts, numbers, true and false that are written out.", odd.spot)
    kinds = {value.kind for value in listed}
    if kinds == {Kind.TEXT} and subject.kind is Kind.TEXT:
        texts = tuple(str(value.literal) for value in listed)
        return _never_null(compare(as_text(subject), "IN", Param(texts, "Array(String)")))
    if kinds == {Kind.NUMBER} and (subject.kind is Kind.NUMBER or subject.number is not None):
        figures = tuple(float(value.literal or 0) for value in listed)
        return _never_null(compare(as_number(subject), "IN", Param(figures, "Array(Float64)")))
    return either(*(compared("=", subject, value, around) for value in listed)) or Number(0)


def _is_same(one: Expr, other: Expr, *, constant: bool) -> Expr:
    if constant:
        return _never_null(compare(one, "=", other))
    return call("isNotDistinctFrom", one, other)


def _compared_with_null(sign: str, other: Value) -> Expr:
    if sign in ("=", "!="):
        missing = Number(1) if other.kind is Kind.NOTHING else call("isNull", other.expr)
        return missing if sign == "=" else call("not", missing)
    return Number(0)


def _are_times(left: Value, right: Value) -> bool:
    kinds = {left.kind, right.kind}
    return bool(kinds & set(TIMES)) and kinds <= {*TIMES, Kind.TEXT} and len(kinds) > 1


def _never_null(condition: Expr) -> Expr:
    return call("ifNull", condition, Number(0))
