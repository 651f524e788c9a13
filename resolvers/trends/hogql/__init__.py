"""HogQL: expressions that clients write, for breakdowns, filters and maths.

The grammar knows expressions only (grammar.py). The translation (translate.py) takes functions from closed tables
(functions.py, string_functions.py, datetime_functions.py, aggregates.py) and fields from the layout (fields.py).
Nothing of a client's text reaches SQL but constants and property keys, as bound parameters.
"""

from collections.abc import Callable

from datasource.sql.tree import Expr, Number, call
from errors import InputTooLarge
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql.errors import HogQLError
from resolvers.trends.hogql.grammar import parse
from resolvers.trends.hogql.size import check_size
from resolvers.trends.hogql.translate import Translator, check_aggregates
from resolvers.trends.hogql.values import Value, as_condition, as_number, as_string
from resolvers.trends.query import InputPath

__all__ = ["breakdown_expression", "filter_expression", "math_expression"]


def breakdown_expression(text: str, path: InputPath, context: CompileContext) -> Expr:
    """Compile an expression to its value as text, NULL where there is none.

    An `AS name` at its end changes nothing. Raises BadUserInput, with the line and the column, for what is not
    allowed.
    """
    return _translate(text, path, Translator(context), as_string)


def filter_expression(text: str, path: InputPath, context: CompileContext) -> Expr:
    """Compile an expression to a condition that is never NULL. Raises BadUserInput."""
    return _translate(text, path, Translator(context), _never_null)


def math_expression(text: str, path: InputPath, context: CompileContext) -> Expr:
    """Compile an expression over events to a number, 0 where it is NULL or not finite; every field is aggregated.

    Raises BadUserInput.
    """
    return _translate(text, path, Translator(context, is_aggregating=True), _finite)


def _never_null(value: Value) -> Expr:
    return call("ifNull", as_condition(value), Number(0))


def _finite(value: Value) -> Expr:
    return call("ifNull", call("ifNotFinite", as_number(value), Number(0)), Number(0))


def _translate(text: str, path: InputPath, translator: Translator, finish: Callable[[Value], Expr]) -> Expr:
    context, key = translator.context, (finish, text)
    if key not in context.expressions:
        try:
            context.expressions[key] = _compile(text, translator, finish)
        except HogQLError as error:
            raise error.locate(text, path) from None
        except InputTooLarge as error:
            raise error.at(path) from None
    return context.expressions[key]


def _compile(text: str, translator: Translator, finish: Callable[[Value], Expr]) -> Expr:
    tree = parse(text)
    translator.context.meter.add_hogql(text)
    value = translator.value(tree)
    if translator.is_aggregating:
        check_aggregates(tree)
    return check_size(finish(value), value.node)
