"""Arithmetic over series: parsed as a Python expression, then evaluated node by node; nothing is executed.

Each node is evaluated for all buckets at once, with the results of Python's arithmetic on floats.
"""

import ast
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errors import BadUserInput, ErrorCode, InputTooLarge, LimitExceeded
from resolvers.trends.query import Formula

LETTERS = "abcdefghijklmnopqrstuvwxyz"

_HINT = "Use numbers, the letters of the series, + - * / % ** and parentheses, such as (A - B) / B * 100."
_LONGEST = 1000
_DEEPEST = 100
_LARGEST = 1e300
_MISREAD = re.compile(r"[^\x00-\x7f]|#")  # Python skips comments, and reads look-alikes as plain letters


Column = NDArray[np.float64]

MAX_OPERATIONS: Final = 100_000_000
"""Additions that the formulas of a trend may take as long as: about a fifth of a second."""


def _divide(left: Column, right: Column) -> Column:
    return np.where(right == 0, 0.0, np.divide(left, right))


def _modulo(left: Column, right: Column) -> Column:
    return np.where(right == 0, 0.0, np.mod(left, right))


def _raise(left: Column, right: Column) -> Column:
    # Not np.power, whose last digit depends on the processor.
    bases, exponents = np.broadcast_arrays(left, right)
    powers = map(_power, bases.ravel().tolist(), exponents.ravel().tolist())
    return np.array([*powers], np.float64).reshape(bases.shape)


def _power(base: float, exponent: float) -> float:
    try:
        result = base**exponent
    except ZeroDivisionError:
        return 0.0
    except OverflowError:
        return math.inf
    return result if isinstance(result, float) else math.nan  # a root of a negative number


@dataclass(frozen=True, slots=True)
class _Operator:
    """`weight` is how many additions take as long."""

    apply: Callable[[Column, Column], Column]
    weight: int = 1


_BINARY: dict[type[ast.operator], _Operator] = {
    ast.Add: _Operator(np.add),
    ast.Sub: _Operator(np.subtract),
    ast.Mult: _Operator(np.multiply),
    ast.Div: _Operator(_divide, 3),
    ast.Mod: _Operator(_modulo, 10),
    ast.Pow: _Operator(_raise, 50),
}
_UNARY: dict[type[ast.unaryop], Callable[[Column], Column]] = {ast.UAdd: np.positive, ast.USub: np.negative}


@dataclass(frozen=True, slots=True)
class ParsedFormula:
    """A valid formula, all of whose series exist."""

    body: ast.expr

    @property
    def operations(self) -> int:
        """How many additions take as long as the formula, for each bucket."""
        return (
            sum(_BINARY[type(node.op)].weight for node in ast.walk(self.body) if isinstance(node, ast.BinOp)) + 1
        )

    def evaluate(self, series: Sequence[Column]) -> tuple[float | None, ...]:
        """Compute the result for each bucket from a column per series; None where it is not finite.

        A division by zero gives 0, and the evaluation goes on.
        """
        with np.errstate(all="ignore"):
            found = np.broadcast_to(_value(self.body, series), series[0].shape)
        values: list[float] = found.tolist()
        return tuple(value if math.isfinite(value) else None for value in values)


def check_operations(formulas: Sequence[ParsedFormula], values: int) -> None:
    """Raise QUERY_TOO_EXPENSIVE for formulas that would take too long over `values` buckets, of all lines."""
    operations = values * sum(formula.operations for formula in formulas)
    if operations > MAX_OPERATIONS:
        raise LimitExceeded(
            ErrorCode.QUERY_TOO_EXPENSIVE,
            "The formulas need {actual:,} operations; the limit is {limit:,}.",
            limit=MAX_OPERATIONS,
            actual=operations,
            unit="operations",
            hint="Use fewer or shorter formulas, fewer breakdown values, or a longer interval.",
        )


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
        raise InputTooLarge(
            "The formula has {actual:,} characters; the limit is {limit:,}.",
            limit=_LONGEST,
            actual=len(text),
            unit="characters",
            hint=_HINT,
        )
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


def _value(node: ast.expr, series: Sequence[Column]) -> Column:
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.array(float(number))  # whole numbers of Python grow without bound, and so would 9**9**9
        case ast.Name(id=name):
            return series[LETTERS.index(name)]
        case ast.UnaryOp(op=op, operand=operand):
            return _UNARY[type(op)](_value(operand, series))
        case ast.BinOp(left=left, op=op, right=right):
            return _BINARY[type(op)].apply(_value(left, series), _value(right, series))
        case _:
            raise TypeError(f"{type(node).__name__} passed the check")
