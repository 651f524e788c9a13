"""A parsed text becomes part of the SQL tree: every form that is not named here is refused."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass

from sqlglot import exp

from datasource.sql.tree import Expr, Infix, Null, Number, call, compare, either, every
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.aggregates import AGGREGATE_NAMES, Aggregation, aggregate
from resolvers.trends.hogql.comparisons import compared, is_in
from resolvers.trends.hogql.datetime_functions import MOMENTS, UNIT_FIRST, interval, is_unit, shift
from resolvers.trends.hogql.errors import Refusal, quoted
from resolvers.trends.hogql.fields import path_of, read_field
from resolvers.trends.hogql.functions import SCALARS, Function, Invocation
from resolvers.trends.hogql.string_functions import JSON, STRINGS, element, matches
from resolvers.trends.hogql.values import (
    TIMES,
    Kind,
    Value,
    as_condition,
    as_number,
    number_literal,
    text_literal,
)

MOST_NODES = 10_000
DEEPEST = 100


def check_size(tree: Expr, spot: exp.Expr) -> Expr:
    """The tree itself. Raises Refusal when it is too large to be sent."""
    nodes, depth = _measure(tree, {})
    if nodes > MOST_NODES or depth > DEEPEST:
        raise Refusal("the expression grows too large.", spot, "Shorten it, or nest it less.")
    return tree


def _measure(node: object, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    # By identity: a part that is used twice is counted twice and visited once.
    if id(node) not in known:
        children = _children(node)
        sizes = [_measure(child, known) for child in children]
        known[id(node)] = 1 + sum(size for size, _ in sizes), 1 + max((depth for _, depth in sizes), default=0)
    return known[id(node)]


def _children(node: object) -> tuple[object, ...]:
    if isinstance(node, tuple):
        return node
    if not is_dataclass(node):
        return ()
    return tuple(getattr(node, item.name) for item in fields(node))


FUNCTIONS: Mapping[str, Function] = {**SCALARS, **STRINGS, **JSON, **MOMENTS}
"""Every function but the aggregates, by its name in lower case."""

DEEPEST = 40
"""Parts within parts."""

_SIGNS: Mapping[type[exp.Expr], str] = {
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: Mapping[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_PARTS = frozenset(
    {
        *("this", "expression", "expressions", "params", "table", "db", "catalog", "is_string", "low", "high"),
        *("ifs", "true", "default", "unit", "negate", "safe", "field", "query", "alias"),
    }
)
"""What nodes may carry: anything else would be left out in silence."""
_JOINTS: Mapping[type[exp.Expr], Callable[..., Expr | None]] = {exp.And: every, exp.Or: either}


def check_aggregates(tree: exp.Expr) -> None:
    """Raises Refusal when nothing is aggregated."""
    if not any(_is_aggregate(node) for node in tree.walk()):
        raise Refusal("nothing is aggregated.", tree, "Write count(), or avg(properties.price).")


@dataclass(frozen=True, slots=True)
class Translator:
    """Reads the nodes of one expression.

    `aggregating`: fields are read inside aggregates only; else there are no aggregates.
    """

    around: CompileContext
    aggregating: bool = False
    inside: bool = False
    depth: int = 0

    def value(self, node: exp.Expr) -> Value:
        """The value of a node. Raises Refusal for what is not allowed."""
        if self.depth > DEEPEST:
            raise Refusal("the expression is nested too deeply.", node, "Join fewer parts by operators.")
        return Translator(self.around, self.aggregating, self.inside, self.depth + 1)._value(node)

    def _value(self, node: exp.Expr) -> Value:
        odd = next((name for name, part in node.args.items() if part and name not in _PARTS), None)
        if odd is not None:
            raise Refusal(f"{quoted(odd.partition('_')[0].upper())} is not allowed.", node)
        match node:
            case exp.Paren():
                return self.value(node.this)
            case exp.Literal():
                return text_literal(node.name, node) if node.is_string else _number(node.name, node)
            case exp.Boolean():
                return Value(Number(1 if node.this else 0), Kind.BOOLEAN, node, literal=bool(node.this))
            case exp.Null():
                return Value(Null(), Kind.NOTHING, node)
            case exp.Column() | exp.Dot():
                return self._field(node)
            case exp.Bracket():
                return self._bracket(node)
            case exp.Neg():
                return self._negated(node)
            case exp.Interval():
                return self._interval(node)
            case exp.Anonymous():
                return self._call(node)
            case exp.ParameterizedAgg():
                return self._parametric(node)
            case exp.Case():
                return self._case(node)
            case exp.Coalesce():
                parts = (node.this, *node.expressions)
                return self._apply("coalesce", tuple(self.value(part) for part in parts), node)
            case exp.DPipe():
                return self._apply("concat", tuple(self.value(part) for part in _chain(node)), node)
            case _:
                return self._operation(node)

    def _operation(self, node: exp.Expr) -> Value:
        kind = type(node)
        if kind in _SIGNS:
            return _truth(
                compared(_SIGNS[kind], self.value(node.this), self.value(node.expression), self.around), node
            )
        if kind in _ARITHMETIC:
            return self._arithmetic(node)
        if kind in _JOINTS:
            parts = [as_condition(self.value(part)) for part in _chain(node)]
            return _truth(_JOINTS[kind](*parts) or Number(1), node)
        match node:
            case exp.Not():
                return _truth(call("not", as_condition(self.value(node.this))), node)
            case exp.Is():
                return self._is(node)
            case exp.In():
                return _truth(self._in(node), node)
            case exp.Between():
                value, low, high = (self.value(node.args[part]) for part in ("this", "low", "high"))
                both = Infix(
                    "AND",
                    (compared(">=", value, low, self.around), compared("<=", value, high, self.around)),
                )
                return _truth(both, node)
            case exp.Like() | exp.ILike():
                ignoring_case = isinstance(node, exp.ILike)
                made = matches(self.value(node.this), self.value(node.expression), ignoring_case=ignoring_case)
                return _truth(call("not", made) if node.args.get("negate") else made, node)
            case exp.Array() | exp.Tuple():
                raise Refusal("a list stands after IN only.", node)
            case exp.Concat():
                raise Refusal("two texts stand side by side.", node, "Join them: concat('a', 'b').")
            case exp.Star():
                raise Refusal("`*` stands in count(*) only.", node)
            case exp.Distinct():
                raise Refusal("DISTINCT stands in count(DISTINCT x) only.", node)
            case exp.Alias():
                raise Refusal("a name can be given to the whole expression only.", node)
            case _:
                raise Refusal(f"{quoted(type(node).__name__)} is not allowed.", node)

    def _field(self, node: exp.Expr) -> Value:
        path = path_of(node)
        if path is None:
            raise Refusal("a dot stands inside the name of a field only.", node)
        value = read_field(path, self.around)
        if self.aggregating and not self.inside:
            message = f"{quoted(str(path))} stands outside of an aggregate function."
            raise Refusal(message, node, f"Write avg({path}), max({path}) or any({path}).")
        return value

    def _bracket(self, node: exp.Bracket) -> Value:
        path = path_of(node)
        if path is not None:
            return self._field(node)
        if len(node.expressions) != 1:
            raise Refusal("one place is needed in brackets.", node)
        return element(self.value(node.this), self.value(node.expressions[0]))

    def _negated(self, node: exp.Neg) -> Value:
        value = self.value(node.this)
        if isinstance(value.literal, float):
            return number_literal(-value.literal, node)
        return Value(call("negate", as_number(value)), Kind.NUMBER, node)

    def _interval(self, node: exp.Interval) -> Value:
        amount, unit = node.this, node.args.get("unit")
        if not isinstance(amount, exp.Literal) or not isinstance(unit, exp.Var):
            raise Refusal("an interval is a whole number and a unit.", node, "Write INTERVAL 7 DAY.")
        return interval(_number(amount.name, node), unit.name, node)

    def _case(self, node: exp.Case) -> Value:
        subject = self.value(node.this) if node.this else None
        parts: list[Value] = []
        for branch in node.args["ifs"]:
            condition = self.value(branch.this)
            if subject is not None:
                condition = _truth(compared("=", subject, condition, self.around), branch.this)
            parts += (condition, self.value(branch.args["true"]))
        default = node.args.get("default")
        parts.append(self.value(default) if default else Value(Null(), Kind.NOTHING, node))
        return self._apply("multiIf", tuple(parts), node)

    def _arithmetic(self, node: exp.Expr) -> Value:
        parts = _chain(node)
        total = self.value(parts[0])
        for part in parts[1:]:
            total = self._computed(node, total, self.value(part))
        return total

    def _computed(self, node: exp.Expr, left: Value, right: Value) -> Value:
        sign = _ARITHMETIC[type(node)]
        if left.kind in TIMES and sign in "+-":
            return shift(left, sign, right, self.around)
        if left.kind is Kind.INTERVAL and sign == "+":
            return shift(right, sign, left, self.around)
        if right.kind is Kind.INTERVAL and sign in "+-":
            return shift(left, sign, right, self.around)
        one, other = as_number(left), as_number(right)
        if isinstance(one, Infix) and one.operator == sign and left.spot is node:  # one link more of a chain
            return Value(Infix(sign, (*one.operands, other)), Kind.NUMBER, node)
        return Value(compare(one, sign, other), Kind.NUMBER, node)

    def _is(self, node: exp.Is) -> Value:
        name = "isNotNull" if node.args.get("negate") else "isNull"
        if not isinstance(node.expression, exp.Null):
            raise Refusal("IS is followed by NULL or NOT NULL only.", node, "Use = to compare.")
        return self._apply(name, (self.value(node.this),), node)

    def _in(self, node: exp.In) -> Expr:
        listed = node.expressions
        if len(listed) == 1 and isinstance(listed[0], exp.Array | exp.Tuple):
            listed = listed[0].expressions
        if node.args.get("field") or node.args.get("query") or not listed:
            raise Refusal("IN is followed by a list.", node, "Write event IN ('sign up', 'login').")
        return is_in(self.value(node.this), [self.value(item) for item in listed], self.around)

    def _call(self, node: exp.Anonymous) -> Value:
        name = _function_name(node)
        if name.lower() in AGGREGATE_NAMES:
            return self._aggregate(name, node.expressions, node)
        arguments = list(node.expressions)
        if name.lower() in UNIT_FIRST and arguments and _is_bare_unit(arguments[0]):
            arguments[0] = exp.Literal.string(arguments[0].name).update_positions(arguments[0].this)
        if name.lower() not in FUNCTIONS:
            raise _unknown(name, node)
        return self._apply(name, tuple(self.value(argument) for argument in arguments), node)

    def _apply(self, name: str, arguments: tuple[Value, ...], node: exp.Expr) -> Value:
        return FUNCTIONS[name.lower()].apply(Invocation(name, arguments, node, self.around))

    def _parametric(self, node: exp.ParameterizedAgg) -> Value:
        name = _function_name(node.this)
        if name.lower() not in AGGREGATE_NAMES or len(node.expressions) != 1:
            raise Refusal(f"{name}() takes no parameters.", node, "quantile(0.9)(properties.price)")
        return self._aggregate(name, node.args["params"], node, node.expressions[0])

    def _aggregate(
        self, name: str, arguments: list[exp.Expr], node: exp.Expr, level: exp.Expr | None = None
    ) -> Value:
        if not self.aggregating:
            raise Refusal(f"{name}() is an aggregate function.", node, "Only a math aggregates.")
        if self.inside:
            raise Refusal(f"{name}() stands inside another aggregate function.", node)
        within = Translator(self.around, self.aggregating, inside=True, depth=self.depth)
        distinct = len(arguments) == 1 and isinstance(arguments[0], exp.Distinct)
        inner = arguments[0].expressions if distinct else _without_star(name, arguments)
        values = tuple(within.value(argument) for argument in inner)
        parameter = within.value(level) if level is not None else None
        made = aggregate(Aggregation(name, values, node, parameter, distinct))
        if made is None:
            raise _unknown(name, node)
        return made


def _number(text: str, node: exp.Expr) -> Value:
    try:
        return number_literal(float(text), node)
    except ValueError as failure:
        raise Refusal(f"{quoted(text)} is no number.", node) from failure


def _truth(condition: Expr, node: exp.Expr) -> Value:
    return Value(condition, Kind.BOOLEAN, node)


def _chain(node: exp.Expr) -> list[exp.Expr]:
    """The operands of one operator that is repeated, in order."""
    parts: list[exp.Expr] = []
    left = node
    while type(left) is type(node):
        parts.append(left.expression)
        left = left.this
    return [left, *reversed(parts)]


def _is_aggregate(node: exp.Expr) -> bool:
    return isinstance(node, exp.Anonymous) and str(node.this).lower() in AGGREGATE_NAMES


def _function_name(node: exp.Expr) -> str:
    if not isinstance(node.this, str):
        raise Refusal("the name of a function stands without quotes.", node)
    return node.this


def _is_bare_unit(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and len(node.parts) == 1 and is_unit(node.name)


def _without_star(name: str, arguments: list[exp.Expr]) -> list[exp.Expr]:
    is_star = len(arguments) == 1 and isinstance(arguments[0], exp.Star)
    return [] if is_star and name.lower() == "count" else arguments


def _unknown(name: str, node: exp.Expr) -> Refusal:
    near = difflib.get_close_matches(name.lower(), [*FUNCTIONS, *AGGREGATE_NAMES], n=3)
    hint = (
        f"Did you mean {', '.join(near)}?"
        if near
        else "There are functions of texts, numbers, dates and JSON, and aggregates."
    )
    return Refusal(f"there is no function {quoted(name)}.", node, hint)
