"""Arithmetic over series: parsed as a Python expression, then evaluated node by node; nothing is executed."""

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from errors import BadUserInput
from resolvers.trends.query import Formula

LETTERS = "abcdefghijklmnopqrstuvwxyz"

_HINT = "Use numbers, the letters of the series, + - * / % ** and parentheses, such as (A - B) / B * 100."
_LONGEST = 1000
_DEEPEST = 100
_LARGEST = 1e300
_MISREAD = re.compile(r"[^\x00-\x7f]|#")  # Python skips comments, and reads look-alikes as plain letters


def _power(base: float, exponent: float) -> float:
    result = base**exponent
    return result if isinstance(result, float) else math.nan  # a root of a negative number


_BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: lambda left, right: left + right,
    ast.Sub: lambda left, right: left - right,
    ast.Mult: lambda left, right: left * right,
    ast.Div: lambda left, right: left / right,
    ast.Mod: lambda left, right: left % right,
    ast.Pow: _power,
}
_UNARY: dict[type[ast.unaryop], Callable[[float], float]] = {
    ast.UAdd: lambda operand: operand,
    ast.USub: lambda operand: -operand,
}


@dataclass(frozen=True, slots=True)
class ParsedFormula:
    """A valid formula, all of whose series exist."""

    body: ast.expr

    def evaluate(self, values: Sequence[float]) -> float | None:
        """Compute the result of one value per series; None when it is not finite.

        A division by zero gives 0, and the evaluation goes on.
        """
        result = _value(self.body, values)
        return result if math.isfinite(result) else None


def parse_formula(formula: Formula, series_count: int) -> ParsedFormula:
    """Read a formula over `series_count` series, whose letters may be of either case.

    Raises BadUserInput that names the invalid part.
    """
    text = formula.text.strip()
    try:
        return ParsedFormula(_parse(text, series_count))
    except BadUserInput as error:
        raise error.at(formula.path) from error


def _parse(text: str, series_count: int) -> ast.expr:
    if len(text) > _LONGEST:
        raise BadUserInput("The formula is longer than {longest} characters.", longest=_LONGEST, hint=_HINT)
    misread = _MISREAD.search(text)
    if misread:
        raise BadUserInput("A formula cannot contain {part!r}.", part=misread[0], hint=_HINT)
    try:
        body = ast.parse(text.lower(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as unreadable:
        raise BadUserInput("Invalid formula.", hint=_HINT) from unreadable
    _check(body, text, series_count, depth=0)
    return body


def _check(node: ast.expr, text: str, series_count: int, depth: int) -> None:
    if depth > _DEEPEST:
        raise BadUserInput("The formula is nested too deeply.", hint=_HINT)
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex() | None):
            raise BadUserInput("{part} is not a number.", part=_source(node, text), hint=_HINT)
        case ast.Constant(value=int() | float() as number) if abs(number) <= _LARGEST:
            return
        case ast.Name(id=name):
            _check_letter(name, series_count)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, text, series_count, depth + 1)
            _check(right, text, series_count, depth + 1)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            _check(operand, text, series_count, depth + 1)
        case ast.Call():
            raise BadUserInput("A formula cannot call functions.", hint=_HINT)
        case _:
            raise BadUserInput("A formula cannot contain {part!r}.", part=_source(node, text), hint=_HINT)


def _source(node: ast.expr, text: str) -> str:
    # Not ast.unparse, which recurses as deeply as the client's text is nested.
    return ast.get_source_segment(text, node) or ""


def _check_letter(name: str, series_count: int) -> None:
    index = LETTERS.find(name) if len(name) == 1 else -1
    if not 0 <= index < series_count:
        last = LETTERS[series_count - 1].upper()
        raise BadUserInput(
            "The query has no series {letter}.",
            hint="The query has the series {known}.",
            letter=name.upper(),
            known="A" if last == "A" else f"A to {last}",
        )


def _value(node: ast.expr, values: Sequence[float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)  # whole numbers of Python grow without bound, and so would 9**9**9
        case ast.Name(id=name):
            return float(values[LETTERS.index(name)])  # counts arrive as whole numbers
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand, values))
        case ast.BinOp(left=left, op=op, right=right):
            return _operate(_BINARY[type(op)], _value(left, values), _value(right, values))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")


def _operate(operation: Callable[[float, float], float], left: float, right: float) -> float:
    try:
        return operation(left, right)
    except ZeroDivisionError:
        return 0.0
    except OverflowError:
        return math.inf
