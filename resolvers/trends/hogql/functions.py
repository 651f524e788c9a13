"""The functions that are allowed, by lower-case name: what each takes, and what it becomes in ClickHouse.

A name that is not in FUNCTIONS, or in AGGREGATES of aggregates.py, does not exist.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from datasource.sql.tree import Call, Expr, Null, Number, Param, call, compare, equals
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal
from resolvers.trends.hogql.values import (
    Kind,
    Value,
    agree,
    as_condition,
    as_moment,
    as_number,
    as_text,
    as_whole,
    number_result,
    unfit,
    whole_literal,
    written_text,
)

MANY = 100
"""The most arguments of a function that takes any number of them."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """A function's name as written, with its arguments."""

    name: str
    arguments: tuple[Value, ...]
    spot: exp.Expr
    around: CompileContext


Build = Callable[[Invocation], Value]
Read = Callable[[Value, CompileContext], Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """How many arguments a function takes, and how it is built."""

    least: int
    most: int
    build: Build

    def apply(self, invocation: Invocation) -> Value:
        """The value of a call. Raises Refusal for the wrong number of arguments."""
        count = len(invocation.arguments)
        if not self.least <= count <= self.most:
            needed = str(self.least) if self.least == self.most else f"{self.least} to {self.most}"
            what = "argument" if needed == "1" else "arguments"
            raise Refusal(f"{invocation.name}() takes {needed} {what}, not {count}.", invocation.spot)
        return self.build(invocation)


def text(value: Value, _: CompileContext) -> Expr:
    """Reads an argument as text; the others likewise."""
    return as_text(value)


def number(value: Value, _: CompileContext) -> Expr:
    return as_number(value)


def whole(value: Value, _: CompileContext) -> Expr:
    return as_whole(value)


def written(value: Value, _: CompileContext) -> Expr:
    return Param(written_text(value), "String")


def moment(value: Value, around: CompileContext) -> Expr:
    return as_moment(value, around)


def plain(name: str, *reads: Read, least: int | None = None, result: Kind = Kind.TEXT) -> Function:
    """ClickHouse's function of that name, its arguments read so; those beyond `least` may be left out."""

    def build(invocation: Invocation) -> Value:
        read = zip(reads, invocation.arguments, strict=False)
        made = Call(name, tuple(read_one(value, invocation.around) for read_one, value in read))
        return _result(made, result, invocation.spot)

    return Function(len(reads) if least is None else least, len(reads), build)


def _result(made: Expr, kind: Kind, spot: exp.Expr) -> Value:
    return number_result(made, spot) if kind is Kind.NUMBER else Value(made, kind, spot)


def _if(invocation: Invocation) -> Value:
    return _choice(invocation, "if")


def _multi_if(invocation: Invocation) -> Value:
    if len(invocation.arguments) % 2 == 0:
        raise Refusal("multiIf() takes pairs of condition and value, and a last value.", invocation.spot)
    return _choice(invocation, "multiIf")


def _choice(invocation: Invocation, name: str) -> Value:
    *pairs, otherwise = invocation.arguments
    conditions = [as_condition(condition) for condition in pairs[::2]]
    kind, values, numbers = agree([*pairs[1::2], otherwise], invocation.around)

    def chosen(results: list[Expr]) -> Expr:
        parts = [part for pair in zip(conditions, results, strict=False) for part in pair]
        return Call(name, (*parts, results[-1]))

    return Value(chosen(values), kind, invocation.spot, number=chosen(numbers) if numbers else None)


def _coalesce(invocation: Invocation) -> Value:
    kind, values, numbers = agree(invocation.arguments, invocation.around)
    number_ = Call("coalesce", tuple(numbers)) if numbers else None
    return Value(Call("coalesce", tuple(values)), kind, invocation.spot, number=number_)


def _null_if(invocation: Invocation) -> Value:
    kind, values, _ = agree(invocation.arguments, invocation.around)
    first = invocation.arguments[0]
    if kind is not Kind.TEXT or first.number is None:
        return Value(Call("nullIf", tuple(values)), kind, invocation.spot)
    number_ = call("if", equals(values[0], values[1]), Null(), first.number)
    return Value(Call("nullIf", tuple(values)), kind, invocation.spot, number=number_)


def _extreme(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        kind, values, numbers = agree(invocation.arguments, invocation.around)
        if numbers:
            kind, values = Kind.NUMBER, numbers
        return Value(Call(name, tuple(values)), kind, invocation.spot)

    return build


def _null_test(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        return Value(call(name, _any(invocation.arguments[0])), Kind.BOOLEAN, invocation.spot)

    return build


def _any(value: Value) -> Expr:
    if value.kind is Kind.INTERVAL:
        raise unfit(value, Kind.TEXT)
    return as_text(value) if value.kind is Kind.NOTHING else value.expr


def _logic(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        conditions = tuple(as_condition(value) for value in invocation.arguments)
        return Value(Call(name, conditions), Kind.BOOLEAN, invocation.spot)

    return build


def _to_text(invocation: Invocation) -> Value:
    return Value(as_text(invocation.arguments[0]), Kind.TEXT, invocation.spot)


def readable_number(value: Value) -> Expr:
    """The value as a number, whatever it is; NULL where its text is none."""
    if value.kind is Kind.TEXT and value.number is None:
        return call("toFloat64OrNull", value.expr)
    return as_number(value)


def _to_float(*, zero: bool = False, whole_only: bool = False) -> Build:
    def build(invocation: Invocation) -> Value:
        made = readable_number(invocation.arguments[0])
        if whole_only:
            made = call("toFloat64", call("accurateCastOrNull", made, Param("Int64", "String")))
        return Value(call("ifNull", made, Number(0)) if zero else made, Kind.NUMBER, invocation.spot)

    return build


def _to_bool(invocation: Invocation) -> Value:
    value = invocation.arguments[0]
    if value.kind is not Kind.TEXT:
        return Value(as_condition(value), Kind.BOOLEAN, invocation.spot)
    texts = Param(("true", "false"), "Array(String)")
    made = call("transform", value.expr, texts, Param((1, 0), "Array(UInt8)"), Null())
    return Value(made, Kind.BOOLEAN, invocation.spot)


def _rounding(name: str) -> Build:
    def build(invocation: Invocation) -> Value:
        first, *digits = invocation.arguments
        places = tuple(Param(whole_literal(value, -15, 15), "Int64") for value in digits)
        return Value(Call(name, (as_number(first), *places)), Kind.NUMBER, invocation.spot)

    return build


def _int_div(invocation: Invocation) -> Value:
    # ClickHouse's own fails on zero and on what is not finite.
    left, right = (as_number(value) for value in invocation.arguments)
    return Value(call("trunc", compare(left, "/", right)), Kind.NUMBER, invocation.spot)


def _operator(sign: str) -> Build:
    def build(invocation: Invocation) -> Value:
        left, right = (as_number(value) for value in invocation.arguments)
        return Value(compare(left, sign, right), Kind.NUMBER, invocation.spot)

    return build


_CONDITIONS: Mapping[str, Function] = {
    "if": Function(3, 3, _if),
    "multiif": Function(3, MANY + 1, _multi_if),
    "coalesce": Function(1, MANY, _coalesce),
    "ifnull": Function(2, 2, _coalesce),
    "nullif": Function(2, 2, _null_if),
    "isnull": Function(1, 1, _null_test("isNull")),
    "isnotnull": Function(1, 1, _null_test("isNotNull")),
    "and": Function(2, MANY, _logic("and")),
    "or": Function(2, MANY, _logic("or")),
    "xor": Function(2, MANY, _logic("xor")),
}
_CONVERSIONS: Mapping[str, Function] = {
    "tostring": Function(1, 1, _to_text),
    **{name: Function(1, 1, _to_float(whole_only=True)) for name in ("toint", "toint64", "tointornull")},
    **{name: Function(1, 1, _to_float()) for name in ("tofloat", "tofloat64", "tofloatornull")},
    "tointorzero": Function(1, 1, _to_float(whole_only=True, zero=True)),
    "tofloatorzero": Function(1, 1, _to_float(zero=True)),
    "tobool": Function(1, 1, _to_bool),
}
_MATH: Mapping[str, Function] = {
    **{name: Function(1, 2, _rounding(name)) for name in ("round", "floor", "ceil", "trunc")},
    **{
        name: plain(name, number, result=Kind.NUMBER)
        for name in ("abs", "sign", "sqrt", "exp", "log2", "log10", "log", "sin", "cos", "tan", "cbrt")
    },
    "ceiling": Function(1, 2, _rounding("ceil")),
    "truncate": Function(1, 2, _rounding("trunc")),
    "ln": plain("log", number, result=Kind.NUMBER),
    "pow": plain("pow", number, number, result=Kind.NUMBER),
    "power": plain("pow", number, number, result=Kind.NUMBER),
    "negate": plain("negate", number, result=Kind.NUMBER),
    "plus": Function(2, 2, _operator("+")),
    "minus": Function(2, 2, _operator("-")),
    "multiply": Function(2, 2, _operator("*")),
    "divide": Function(2, 2, _operator("/")),
    "modulo": Function(2, 2, _operator("%")),
    "mod": Function(2, 2, _operator("%")),
    "intdiv": Function(2, 2, _int_div),
    "least": Function(1, MANY, _extreme("least")),
    "greatest": Function(1, MANY, _extreme("greatest")),
    "isfinite": plain("isFinite", number, result=Kind.BOOLEAN),
    "isnan": plain("isNaN", number, result=Kind.BOOLEAN),
    "isinfinite": plain("isInfinite", number, result=Kind.BOOLEAN),
}

SCALARS: Mapping[str, Function] = {**_CONDITIONS, **_CONVERSIONS, **_MATH}
"""Conditions, conversions and arithmetic."""
