"""Arithmetic over series: parsed as an expression of Python, then walked; nothing is ever executed."""

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
_MISREAD = re.compile(r"[^\x00-\x7f]|#")  # Python skips comments, and takes look-alikes for plain letters


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
    """A formula that refers to existing series only."""

    body: ast.expr

    def evaluate(self, figures: Sequence[float]) -> float | None:
        """The result over one figure per series; None when it is no finite number.

        An operation that divides by zero gives 0, and evaluation goes on.
        """
        result = _value(self.body, figures)
        return result if math.isfinite(result) else None


def parse_formula(formula: Formula, series_count: int) -> ParsedFormula:
    """Read a formula over so many series; letters may be of either case.

    Raises BadUserInput that names the part which cannot be used.
    """
    text = formula.text.strip()
    if len(text) > _LONGEST:
        raise _refuse(formula, f"The formula is longer than {_LONGEST} characters.")
    misread = _MISREAD.search(text)
    if misread:
        raise _refuse(formula, f"{misread[0]!r} cannot be used in a formula.")
    try:
        body = ast.parse(text.lower(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as unreadable:
        raise _refuse(formula, "The formula cannot be read.") from unreadable
    _check(body, formula, series_count, depth=0)
    return ParsedFormula(body)


def _check(node: ast.expr, formula: Formula, series_count: int, depth: int) -> None:
    if depth > _DEEPEST:
        raise _refuse(formula, "The formula is nested too deeply.")
    match node:
        case ast.Constant(value=bool() | str() | bytes() | complex() | None):
            raise _refuse(formula, f"{_written(node, formula)} is no number.")
        case ast.Constant(value=int() | float() as number) if abs(number) <= _LARGEST:
            return
        case ast.Name(id=name):
            _check_letter(name, formula, series_count)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            _check(left, formula, series_count, depth + 1)
            _check(right, formula, series_count, depth + 1)
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            _check(operand, formula, series_count, depth + 1)
        case ast.Call():
            raise _refuse(formula, "Formulas have no functions.")
        case _:
            raise _refuse(formula, f"{_written(node, formula)!r} cannot be used in a formula.")


def _written(node: ast.expr, formula: Formula) -> str:
    # Not ast.unparse, which recurses as deeply as the client's text is nested.
    return ast.get_source_segment(formula.text.strip(), node) or ""


def _check_letter(name: str, formula: Formula, series_count: int) -> None:
    index = LETTERS.find(name) if len(name) == 1 else -1
    if not 0 <= index < series_count:
        last = LETTERS[series_count - 1].upper()
        known = f"The query has the series {'A' if last == 'A' else f'A to {last}'}."
        raise _refuse(formula, f"{name.upper()} is no series of this query.", known)


def _value(node: ast.expr, figures: Sequence[float]) -> float:
    match node:
        case ast.Constant(value=int() | float() as number):
            return float(number)  # whole numbers of Python grow without bound, and so would 9**9**9
        case ast.Name(id=name):
            return float(figures[LETTERS.index(name)])  # counts arrive as whole numbers
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand, figures))
        case ast.BinOp(left=left, op=op, right=right):
            return _operate(_BINARY[type(op)], _value(left, figures), _value(right, figures))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")


def _operate(operation: Callable[[float, float], float], left: float, right: float) -> float:
    try:
        return operation(left, right)
    except ZeroDivisionError:
        return 0.0
    except OverflowError:
        return math.inf


def _refuse(formula: Formula, message: str, hint: str = _HINT) -> BadUserInput:
    return BadUserInput(message, path=formula.path, hint=hint)
