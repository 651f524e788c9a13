"""HogQL: expressions that clients write, for breakdowns, filters and maths.

A text is parsed by a grammar that knows expressions only (grammar.py), its nodes are translated one by one
(expressions.py) with functions from closed tables (functions.py, strings.py, moments.py, aggregates.py) and fields
of the layout (fields.py). Nothing of the text reaches SQL but constants and property keys, as bound parameters.
"""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from datasource.sql.tree import Expr, Number, call
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import Refusal
from resolvers.trends.hogql.grammar import parse
from resolvers.trends.hogql.translate import Translator, check_aggregates, check_size
from resolvers.trends.hogql.values import Value, as_condition, as_number, as_text
from resolvers.trends.query import InputPath, WeekStartDay

__all__ = ["breakdown_expression", "filter_expression", "math_expression"]


def breakdown_expression(
    text: str,
    path: InputPath,
    *,
    timezone: ZoneInfo,
    now: datetime,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
) -> Expr:
    """The value of an expression as text, NULL where there is none; an `AS name` at its end changes nothing.

    `now` is an instant. Raises BadUserInput, with the line and the column, for what is not allowed.
    """
    around = CompileContext(timezone, now, week_start)
    return _translated(text, path, Translator(around), as_text)


def filter_expression(
    text: str,
    path: InputPath,
    *,
    timezone: ZoneInfo,
    now: datetime,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
) -> Expr:
    """The condition of an expression, never NULL. Raises BadUserInput."""
    around = CompileContext(timezone, now, week_start)
    return _translated(
        text, path, Translator(around), lambda value: call("ifNull", as_condition(value), Number(0))
    )


def math_expression(
    text: str,
    path: InputPath,
    *,
    timezone: ZoneInfo,
    now: datetime,
    week_start: WeekStartDay = WeekStartDay.SUNDAY,
) -> Expr:
    """The figure of an expression over events, 0 where it is NULL or not finite; every field is aggregated.

    Raises BadUserInput.
    """
    around = CompileContext(timezone, now, week_start)
    return _translated(text, path, Translator(around, aggregating=True), _figure)


def _figure(value: Value) -> Expr:
    return call("ifNull", call("ifNotFinite", as_number(value), Number(0)), Number(0))


def _translated(text: str, path: InputPath, translator: Translator, finish: Callable[[Value], Expr]) -> Expr:
    try:
        tree = parse(text)
        value = translator.value(tree)
        if translator.aggregating:
            check_aggregates(tree)
        return check_size(finish(value), value.spot)
    except Refusal as refusal:
        raise refusal.located(text, path) from None
