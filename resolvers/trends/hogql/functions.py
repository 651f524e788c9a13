"""Functions by lower-case name: the arguments that each takes, and what it becomes in ClickHouse."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from datasource.sql.tree import Call, Expr, Null, Number, Param, call, compare, equals
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError
from resolvers.trends.hogql.values import (
    Value,
    ValueType,
    as_condition,
    as_datetime,
    as_integer,
    as_number,
    as_string,
    constant_integer,
    constant_string,
    number_result,
    type_error,
    unify,
)

MAX_ARGUMENTS = 100
"""The most arguments of a function that takes any number of them."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call: the function's name as the client wrote it, with its arguments."""

    name: str
    arguments: tuple[Value, ...]
    node: exp.Expr
    context: CompileContext


Build = Callable[[Invocation], Value]
Read = Callable[[Value, CompileContext], Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """The number of arguments that a function takes, and how its call is built."""

    least: int
    most: int
    build: Build

    def apply(self, invocation: Invocation) -> Value:
        """The value of a call. Raises HogQLError for the wrong number of arguments."""
        count = len(invocation.arguments)
        if not self.least <= count <= self.most:
            needed = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            raise HogQLError(
                "{function}() takes {needed} {arguments}, not {count}.",
                invocation.node,
                function=invocation.name,
                needed=needed,
                arguments="argument" if needed == "1" else "arguments",
                count=count,
            )
        return self.build(invocation)


def string(value: Value, _: CompileContext) -> Expr:
    """Read an argument as a string; the functions below read other types."""
    return as_string(value)


def number(value: Value, _: CompileContext) -> Expr:
    return as_number(value)


def integer(value: Value, _: CompileContext) -> Expr:
    return as_integer(value)


def constant(value: Value, _: CompileContext) -> Expr:
    return Param(constant_string(value), "String")


def instant(value: Value, context: CompileContext) -> Expr:
    return as_datetime(value, context)


def plain(name: str, *reads: Read, least: int | None = None, result: ValueType = ValueType.STRING) -> Function:
    """ClickHouse's function of that name; `reads` read the arguments, of which the first `least` are required."""

    def build(invocation: Invocation) -> Value:
        read = zip(reads, invocation.arguments, strict=False)
        expr = Call(name, tuple(read_one(value, invocation.context) for read_one, value in read))
        return _result(expr, result, invocation.node)

    return Function(len(reads) if least is None else least, len(reads), build)


def _result(expr: Expr, type_: ValueType, node: exp.Expr) -> Value:
    return number_result(expr, node) if type_ is ValueType.NUMBER else Value(expr, type_, node)


def _if(invocation: Invocation) -> Value:
    return _choice(invocation, "if")


def _multi_if(invocation: Invocation) -> Value:
    if len(invocation.arguments) % 2 == 0:
        raise HogQLError("multiIf() takes pairs of a condition and a value, and a last value.", invocation.node)
    return _choice(invocation, "multiIf")


def _choice(invocation: Invocation, name: str) -> Value:
    *pairs, otherwise = invocation.arguments
    conditions = [as_condition(condition) for condition in pairs[::2]]
    type_, values, numbers = unify([*pairs[1::2], otherwise], invocation.context)

    def chosen(results: list[Expr]) -> Expr:
        parts = [part for pair in zip(conditions, results, strict=False) for part in pair]
        return Call(name, (*parts, results[-1]))

    return Value(chosen(values), type_, invocation.node, number=chosen(numbers) if numbers else None)


def _coalesce(invocation: Invocation) -> Value:
    type_, values, numbers = unify(invocation.arguments, invocation.context)
    number_ = Call("coalesce", tuple(numbers)) if numbers else None
    return Value(Call("coalesce", tuple(values)), type_, invocation.node, number=number_)


def _null_if(invocation: Invocation) -> Value:
    type_, values, _ = unify(invocation.arguments, invocation.context)
    first = invocation.arguments[0]
    if type_ is not ValueType.STRING or first.number is None:
        return Value(Call("nullIf", tuple(values)), type_, invocation.node)
    number_ = call("if", equals(values[0], values[1]), Null(), first.number)
    return Value(Call("nullIf", tuple(values)), type_, invocation.node, number=number_)


def _extreme(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        type_, values, numbers = unify(invocation.arguments, invocation.context)
        if numbers:
            type_, values = ValueType.NUMBER, numbers
        return Value(Call(name, tuple(values)), type_, invocation.node)

    return build


def _null_test(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        return Value(call(name, _any(invocation.arguments[0])), ValueType.BOOLEAN, invocation.node)

    return build


def _any(value: Value) -> Expr:
    if value.type is ValueType.INTERVAL:
        raise type_error(value, ValueType.STRING)
    return as_string(value) if value.type is ValueType.NOTHING else value.expr


def _logic(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        conditions = tuple(as_condition(value) for value in invocation.arguments)
        return Value(Call(name, conditions), ValueType.BOOLEAN, invocation.node)

    return build


def _to_string(invocation: Invocation) -> Value:
    return Value(as_string(invocation.arguments[0]), ValueType.STRING, invocation.node)


def readable_number(value: Value) -> Expr:
    """The value as a number; NULL for a string that is not one."""
    if value.type is ValueType.STRING and value.number is None:
        return call("toFloat64OrNull", value.expr)
    return as_number(value)


def _to_float(*, zero: bool = False, whole_only: bool = False) -> Build:
    def build(invocation: Invocation) -> Value:
        expr = readable_number(invocation.arguments[0])
        if whole_only:
            expr = call("toFloat64", call("accurateCastOrNull", expr, Param("Int64", "String")))
        return Value(call("ifNull", expr, Number(0)) if zero else expr, ValueType.NUMBER, invocation.node)

    return build


def _to_bool(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    if value.type is not ValueType.STRING:
        return Value(as_condition(value), ValueType.BOOLEAN, invocation.node)
    strings = Param(("true", "false"), "Array(String)")
    expr = call("transform", value.expr, strings, Param((1, 0), "Array(UInt8)"), Null())
    return Value(expr, ValueType.BOOLEAN, invocation.node)


def _rounding(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        first, *digits = invocation.arguments
        digits_ = tuple(Param(constant_integer(value, -15, 15), "Int64") for value in digits)
        return Value(Call(name, (as_number(first), *digits_)), ValueType.NUMBER, invocation.node)

    return build


def _int_div(invocation: Invocation) -> Value:
    # ClickHouse's own intDiv fails on zero and on values that are not finite.
    left, right = (as_number(value) for value in invocation.arguments)
    return Value(call("trunc", compare(left, "/", right)), ValueType.NUMBER, invocation.node)


def _operator(sign: str) -> Build:
    def build(invocation: Invocation) -> Value:
        left, right = (as_number(value) for value in invocation.arguments)
        return Value(compare(left, sign, right), ValueType.NUMBER, invocation.node)

    return build


_CONDITIONS: Mapping[str, Function] = {
    "if": Function(3, 3, _if),
    "multiif": Function(3, MAX_ARGUMENTS + 1, _multi_if),
    "coalesce": Function(1, MAX_ARGUMENTS, _coalesce),
    "ifnull": Function(2, 2, _coalesce),
    "nullif": Function(2, 2, _null_if),
    "isnull": Function(1, 1, _null_test("isNull")),
    "isnotnull": Function(1, 1, _null_test("isNotNull")),
    "and": Function(2, MAX_ARGUMENTS, _logic("and")),
    "or": Function(2, MAX_ARGUMENTS, _logic("or")),
    "xor": Function(2, MAX_ARGUMENTS, _logic("xor")),
}
_CONVERSIONS: Mapping[str, Function] = {
    "tostring": Function(1, 1, _to_string),
    **{name: Function(1, 1, _to_float(whole_only=True)) for name in ("toint", "toint64", "tointornull")},
    **{name: Function(1, 1, _to_float()) for name in ("tofloat", "tofloat64", "tofloatornull")},
    "tointorzero": Function(1, 1, _to_float(whole_only=True, zero=True)),
    "tofloatorzero": Function(1, 1, _to_float(zero=True)),
    "tobool": Function(1, 1, _to_bool),
}
_MATH: Mapping[str, Function] = {
    **{name: Function(1, 2, _rounding(name)) for name in ("round", "floor", "ceil", "trunc")},
    **{
        name: plain(name, number, result=ValueType.NUMBER)
        for name in ("abs", "sign", "sqrt", "exp", "log2", "log10", "log", "sin", "cos", "tan", "cbrt")
    },
    "ceiling": Function(1, 2, _rounding("ceil")),
    "truncate": Function(1, 2, _rounding("trunc")),
    "ln": plain("log", number, result=ValueType.NUMBER),
    "pow": plain("pow", number, number, result=ValueType.NUMBER),
    "power": plain("pow", number, number, result=ValueType.NUMBER),
    "negate": plain("negate", number, result=ValueType.NUMBER),
    "plus": Function(2, 2, _operator("+")),
    "minus": Function(2, 2, _operator("-")),
    "multiply": Function(2, 2, _operator("*")),
    "divide": Function(2, 2, _operator("/")),
    "modulo": Function(2, 2, _operator("%")),
    "mod": Function(2, 2, _operator("%")),
    "intdiv": Function(2, 2, _int_div),
    "least": Function(1, MAX_ARGUMENTS, _extreme("least")),
    "greatest": Function(1, MAX_ARGUMENTS, _extreme("greatest")),
    "isfinite": plain("isFinite", number, result=ValueType.BOOLEAN),
    "isnan": plain("isNaN", number, result=ValueType.BOOLEAN),
    "isinfinite": plain("isInfinite", number, result=ValueType.BOOLEAN),
}

SCALAR_FUNCTIONS: Mapping[str, Function] = {**_CONDITIONS, **_CONVERSIONS, **_MATH}
"""Conditions, conversions and arithmetic."""
