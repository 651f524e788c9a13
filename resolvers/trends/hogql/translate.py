"""Translates a parsed expression into the SQL tree; every form that is not named here is an error."""

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from datasource.sql.tree import Expr, Infix, Null, Number, call, compare, either, every
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.aggregates import AGGREGATE_NAMES, Aggregation, aggregate
from resolvers.trends.hogql.comparisons import compare_values, is_in
from resolvers.trends.hogql.datetime_functions import DATETIME_FUNCTIONS, UNIT_FIRST, interval, is_unit, shift
from resolvers.trends.hogql.errors import HogQLError, quoted
from resolvers.trends.hogql.fields import path_of, read_field
from resolvers.trends.hogql.functions import SCALAR_FUNCTIONS, Function, Invocation
from resolvers.trends.hogql.string_functions import JSON_FUNCTIONS, STRING_FUNCTIONS, element, matches
from resolvers.trends.hogql.values import (
    TIMES,
    Value,
    ValueType,
    as_condition,
    as_number,
    number_literal,
    string_literal,
)

FUNCTIONS: Mapping[str, Function] = {
    **SCALAR_FUNCTIONS,
    **STRING_FUNCTIONS,
    **JSON_FUNCTIONS,
    **DATETIME_FUNCTIONS,
}
"""Every function except the aggregates, by its name in lower case."""

_DEEPEST = 40
"""How deep the parts of an expression may be nested."""

_COMPARISONS: Mapping[type[exp.Expr], str] = {
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
"""The arguments that nodes may have: any other would be dropped silently."""
_CONNECTIVES: Mapping[type[exp.Expr], Callable[..., Expr | None]] = {exp.And: every, exp.Or: either}


def check_aggregates(tree: exp.Expr) -> None:
    """Raise HogQLError when no function aggregates."""
    if not any(_is_aggregate(node) for node in tree.walk()):
        raise HogQLError(
            "the expression has no aggregate function.", tree, "For example count() or avg(properties.price)."
        )


@dataclass(frozen=True, slots=True)
class Translator:
    """Translates the nodes of one expression.

    `is_aggregating`: fields are valid inside aggregates only. Otherwise there are no aggregates.
    """

    context: CompileContext
    is_aggregating: bool = False
    is_inside: bool = False
    depth: int = 0

    def value(self, node: exp.Expr) -> Value:
        """The value of a node. Raises HogQLError for what is not allowed."""
        if self.depth > _DEEPEST:
            raise HogQLError("the expression is nested too deeply.", node, "Join fewer parts by operators.")
        return Translator(self.context, self.is_aggregating, self.is_inside, self.depth + 1)._value(node)

    def _value(self, node: exp.Expr) -> Value:
        invalid = next((name for name, part in node.args.items() if part and name not in _PARTS), None)
        if invalid is not None:
            raise HogQLError("{part} is not allowed.", node, part=quoted(invalid.partition("_")[0].upper()))
        match node:
            case exp.Paren() | exp.Alias():  # the name of an alias changes nothing
                return self.value(node.this)
            case exp.Literal():
                return string_literal(node.name, node) if node.is_string else _number(node.name, node)
            case exp.Boolean():
                return Value(Number(1 if node.this else 0), ValueType.BOOLEAN, node, literal=bool(node.this))
            case exp.Null():
                return Value(Null(), ValueType.NOTHING, node)
            case exp.Column() | exp.Dot():
                return self._field(node)
            case exp.Bracket():
                return self._bracket(node)
            case exp.Neg():
                return self._negate(node)
            case exp.Interval():
                return self._interval(node)
            case exp.Anonymous():
                return self._call(node)
            case exp.ParameterizedAgg():
                return self._parametrized(node)
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
        if kind in _COMPARISONS:
            return _boolean(
                compare_values(
                    _COMPARISONS[kind], self.value(node.this), self.value(node.expression), self.context
                ),
                node,
            )
        if kind in _ARITHMETIC:
            return self._arithmetic(node)
        if kind in _CONNECTIVES:
            parts = [as_condition(self.value(part)) for part in _chain(node)]
            return _boolean(_CONNECTIVES[kind](*parts) or Number(1), node)
        match node:
            case exp.Not():
                return _boolean(call("not", as_condition(self.value(node.this))), node)
            case exp.Is():
                return self._is(node)
            case exp.In():
                return _boolean(self._in(node), node)
            case exp.Between():
                value, low, high = (self.value(node.args[part]) for part in ("this", "low", "high"))
                both = Infix(
                    "AND",
                    (
                        compare_values(">=", value, low, self.context),
                        compare_values("<=", value, high, self.context),
                    ),
                )
                return _boolean(both, node)
            case exp.Like() | exp.ILike():
                ignoring_case = isinstance(node, exp.ILike)
                expr = matches(self.value(node.this), self.value(node.expression), ignoring_case=ignoring_case)
                return _boolean(call("not", expr) if node.args.get("negate") else expr, node)
            case exp.Array() | exp.Tuple():
                raise HogQLError("a list is allowed after IN only.", node)
            case exp.Concat():
                raise HogQLError("two strings are next to each other.", node, "Join them: concat('a', 'b').")
            case exp.Star():
                raise HogQLError("`*` is allowed in count(*) only.", node)
            case exp.Distinct():
                raise HogQLError("DISTINCT is allowed in count(DISTINCT x) only.", node)
            case _:
                raise HogQLError("{part} is not allowed.", node, part=quoted(type(node).__name__))

    def _field(self, node: exp.Expr) -> Value:
        path = path_of(node)
        if path is None:
            raise HogQLError("a dot is allowed inside the name of a field only.", node)
        value = read_field(path, self.context, is_aggregating=self.is_aggregating)
        if self.is_aggregating and not self.is_inside:
            raise HogQLError(
                "{field} must be inside an aggregate function.",
                node,
                "For example avg({path}), max({path}) or any({path}).",
                field=quoted(str(path)),
                path=str(path),
            )
        return value

    def _bracket(self, node: exp.Bracket) -> Value:
        path = path_of(node)
        if path is not None:
            return self._field(node)
        if len(node.expressions) != 1:
            raise HogQLError("expected one index in brackets.", node)
        return element(self.value(node.this), self.value(node.expressions[0]))

    def _negate(self, node: exp.Neg) -> Value:
        value = self.value(node.this)
        if isinstance(value.literal, float):
            return number_literal(-value.literal, node)
        return Value(call("negate", as_number(value)), ValueType.NUMBER, node)

    def _interval(self, node: exp.Interval) -> Value:
        amount, unit = node.this, node.args.get("unit")
        if not isinstance(amount, exp.Literal) or not isinstance(unit, exp.Var):
            raise HogQLError(
                "expected a whole number and a unit after INTERVAL.", node, "For example INTERVAL 7 DAY."
            )
        return interval(_number(amount.name, node), unit.name, node)

    def _case(self, node: exp.Case) -> Value:
        subject = self.value(node.this) if node.this else None
        parts: list[Value] = []
        for branch in node.args["ifs"]:
            condition = self.value(branch.this)
            if subject is not None:
                condition = _boolean(compare_values("=", subject, condition, self.context), branch.this)
            parts += (condition, self.value(branch.args["true"]))
        default = node.args.get("default")
        parts.append(self.value(default) if default else Value(Null(), ValueType.NOTHING, node))
        return self._apply("multiIf", tuple(parts), node)

    def _arithmetic(self, node: exp.Expr) -> Value:
        parts = _chain(node)
        total = self.value(parts[0])
        for part in parts[1:]:
            total = self._compute(node, total, self.value(part))
        return total

    def _compute(self, node: exp.Expr, left: Value, right: Value) -> Value:
        sign = _ARITHMETIC[type(node)]
        if left.type in TIMES and sign in "+-":
            return shift(left, sign, right, self.context)
        if left.type is ValueType.INTERVAL and sign == "+":
            return shift(right, sign, left, self.context)
        if right.type is ValueType.INTERVAL and sign in "+-":
            return shift(left, sign, right, self.context)
        one, other = as_number(left), as_number(right)
        if isinstance(one, Infix) and one.operator == sign and left.node is node:  # another operand of a chain
            return Value(Infix(sign, (*one.operands, other)), ValueType.NUMBER, node)
        return Value(compare(one, sign, other), ValueType.NUMBER, node)

    def _is(self, node: exp.Is) -> Value:
        name = "isNotNull" if node.args.get("negate") else "isNull"
        if not isinstance(node.expression, exp.Null):
            raise HogQLError("expected NULL or NOT NULL after IS.", node, "Use = to compare.")
        return self._apply(name, (self.value(node.this),), node)

    def _in(self, node: exp.In) -> Expr:
        listed = node.expressions
        if len(listed) == 1 and isinstance(listed[0], exp.Array | exp.Tuple):
            listed = listed[0].expressions
        if node.args.get("field") or node.args.get("query") or not listed:
            raise HogQLError("expected a list after IN.", node, "For example event IN ('sign up', 'login').")
        return is_in(self.value(node.this), [self.value(item) for item in listed], self.context)

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
        return FUNCTIONS[name.lower()].apply(Invocation(name, arguments, node, self.context))

    def _parametrized(self, node: exp.ParameterizedAgg) -> Value:
        name = _function_name(node.this)
        if name.lower() not in AGGREGATE_NAMES or len(node.expressions) != 1:
            raise HogQLError(
                "{function}() takes no parameters.",
                node,
                "For example quantile(0.9)(properties.price).",
                function=name,
            )
        return self._aggregate(name, node.args["params"], node, node.expressions[0])

    def _aggregate(
        self, name: str, arguments: list[exp.Expr], node: exp.Expr, level: exp.Expr | None = None
    ) -> Value:
        if not self.is_aggregating:
            raise HogQLError(
                "{function}() is an aggregate function.", node, "Only maths can use aggregates.", function=name
            )
        if self.is_inside:
            raise HogQLError("{function}() is inside another aggregate function.", node, function=name)
        within = Translator(self.context, self.is_aggregating, is_inside=True, depth=self.depth)
        distinct = len(arguments) == 1 and isinstance(arguments[0], exp.Distinct)
        inner = arguments[0].expressions if distinct else _without_star(name, arguments)
        values = tuple(within.value(argument) for argument in inner)
        parameter = within.value(level) if level is not None else None
        expr = aggregate(Aggregation(name, values, node, parameter, distinct))
        if expr is None:
            raise _unknown(name, node)
        return expr


def _number(text: str, node: exp.Expr) -> Value:
    try:
        return number_literal(float(text), node)
    except ValueError as failure:
        raise HogQLError("{text} is not a number.", node, text=quoted(text)) from failure


def _boolean(condition: Expr, node: exp.Expr) -> Value:
    return Value(condition, ValueType.BOOLEAN, node)


def _chain(node: exp.Expr) -> list[exp.Expr]:
    """The operands of a repeated operator, in order."""
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
        raise HogQLError("write the name of a function without quotes.", node)
    return node.this


def _is_bare_unit(node: exp.Expr) -> bool:
    return isinstance(node, exp.Column) and len(node.parts) == 1 and is_unit(node.name)


def _without_star(name: str, arguments: list[exp.Expr]) -> list[exp.Expr]:
    is_star = len(arguments) == 1 and isinstance(arguments[0], exp.Star)
    return [] if is_star and name.lower() == "count" else arguments


def _unknown(name: str, node: exp.Expr) -> HogQLError:
    near = difflib.get_close_matches(name[:100].lower(), [*FUNCTIONS, *AGGREGATE_NAMES], n=3)
    hint = (
        "Did you mean {near}?"
        if near
        else "There are functions of strings, numbers, dates and JSON, and aggregates."
    )
    return HogQLError("unknown function {function}.", node, hint, function=quoted(name), near=tuple(near))
