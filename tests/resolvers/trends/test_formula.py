import ast
import math
import operator
import time
import tracemalloc
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from errors import BadUserInput, ErrorCode, LimitExceeded
from resolvers.trends.formula import MAX_OPERATIONS, check_operations, parse_formula
from resolvers.trends.query import Formula

PATH = ("query", "formulas", 0, "formula")


def result(text: str, *figures: float) -> float | None:
    """The formula over one figure per series."""
    (value,) = results(text, *([figure] for figure in figures))
    return value


def results(text: str, *series: Sequence[float]) -> tuple[float | None, ...]:
    """The formula over the figures of each series."""
    columns = [np.array(figures, np.float64) for figures in series]
    return parse_formula(Formula(text, path=PATH), len(series)).evaluate(columns)


@pytest.mark.parametrize(
    ("text", "figures", "expected"),
    [
        ("A", (4,), 4),
        ("a", (4,), 4),
        ("A+B", (4, 2), 6),
        ("a + B", (4, 2), 6),
        ("A-B", (4, 6), -2),
        ("A*B", (4, 2.5), 10),
        ("A/B", (1, 4), 0.25),
        ("A+2*B", (4, 2), 8),
        ("(A+2)*B", (4, 2), 12),
        ("(A - B) / B * 100", (6, 4), 50),
        ("A%B", (7, 3), 1),
        ("A%B", (-7, 3), 2),
        ("A%B", (7, -3), -2),
        ("A**B", (2, 10), 1024),
        ("2**3**2", (0,), 512),
        ("-2**2", (0,), -4),
        ("2**-1", (0,), 0.5),
        ("-A", (4,), -4),
        ("+A", (4,), 4),
        ("--A", (4,), 4),
        ("A - -B", (4, 2), 6),
        ("1", (0,), 1),
        ("1.5", (0,), 1.5),
        (".5", (0,), 0.5),
        ("1e3", (0,), 1000),
        ("1E3 + A", (1,), 1001),
        ("2.5e-1", (0,), 0.25),
        ("7/2", (0,), 3.5),
        ("100 * C / A", (4, 0, 1), 25),
        ("  A + 1 ", (1,), 2),
        ("\tA\n", (1,), 1),
        ("(A +\n B)", (1, 2), 3),
        ("Z", tuple(range(26)), 25),
    ],
)
def test_result_of_a_formula(text: str, figures: tuple[float, ...], expected: float) -> None:
    assert result(text, *figures) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a/b", 0),
        ("a/b + 3", 3),
        ("1/(a/b)", 0),
        ("b/b", 0),
        ("a%b", 0),
        ("b**-1", 0),
        ("(a % b) + a", 4),
        ("a * (1 + a/b)", 4),
        ("a/0", 0),
    ],
)
def test_division_by_zero_gives_zero_and_evaluation_goes_on(text: str, expected: float) -> None:
    assert result(text, 4, 0) == expected


@pytest.mark.parametrize(
    ("text", "figures"),
    [
        ("9**9**9", (0,)),
        ("A**A**A", (9,)),
        ("A**A*A**A", (10**6,)),
        ("10**300*10**300", (0,)),
        ("1e300*1e300 - 1e300*1e300", (0,)),
        ("(-8)**(1/3)", (0,)),
        ("A**0.5", (-1,)),
        ("A + 1", (float("nan"),)),
        ("A + 1", (float("inf"),)),
    ],
)
def test_result_that_is_not_finite_is_none(text: str, figures: tuple[float, ...]) -> None:
    assert result(text, *figures) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid formula."),
        (" \n ", "Invalid formula."),
        ("a b", "Invalid formula."),
        ("a +", "Invalid formula."),
        ("2a", "Invalid formula."),
        ("(a", "Invalid formula."),
        ("a = 1", "Invalid formula."),
        ("a; b", "Invalid formula."),
        ("a\x00", "Invalid formula."),
        ("import os", "Invalid formula."),
        ("C", "The query has no series C."),
        ("a + sum", "The query has no series SUM."),
        ("_", "The query has no series _."),
        ("ab", "The query has no series AB."),
        ("true", "The query has no series TRUE."),
        ("None", "The query has no series NONE."),
        ("sum(a)", "A formula cannot call functions."),
        ("__import__('os').system('true')", "A formula cannot call functions."),
        ("().__class__.__bases__", "A formula cannot contain '().__class__.__bases__'."),
        ("a.real", "A formula cannot contain 'a.real'."),
        ("A + (lambda: B)", "A formula cannot contain 'lambda: B'."),
        ("a < b", "A formula cannot contain 'a < b'."),
        ("a == b", "A formula cannot contain 'a == b'."),
        ("a // b", "A formula cannot contain 'a // b'."),
        ("1 + A ^ B", "A formula cannot contain '1 + A ^ B'."),
        ("a | b", "A formula cannot contain 'a | b'."),
        ("a << 2", "A formula cannot contain 'a << 2'."),
        ("a @ b", "A formula cannot contain 'a @ b'."),
        ("~a", "A formula cannot contain '~a'."),
        ("not a", "A formula cannot contain 'not a'."),
        ("a and b", "A formula cannot contain 'a and b'."),
        ("a if b else 1", "A formula cannot contain 'a if b else 1'."),
        ("[a]", "A formula cannot contain '[a]'."),
        ("a, b", "A formula cannot contain 'a, b'."),
        ("a[0]", "A formula cannot contain 'a[0]'."),
        ("[x for x in a]", "A formula cannot contain '[x for x in a]'."),
        ("(a := 1)", "A formula cannot contain 'a := 1'."),
        ("f'{a}'", "A formula cannot contain "),
        ("...", "A formula cannot contain '...'."),
        ("'a'", "'a' is not a number."),
        ("b'a'", "b'a' is not a number."),
        ("2j", "2j is not a number."),
        ("1e999", "A formula cannot contain '1e999'."),
        ("A # and more", "A formula cannot contain '#'."),
        ("\u00e4", "A formula cannot contain "),
        ("\uff21 + 1", "A formula cannot contain "),
        ("\u212a", "A formula cannot contain "),
        ("\u0660", "A formula cannot contain "),
        ("A \u2212 B", "A formula cannot contain "),
        ("A" + " + A" * 300, "The formula has 1,201 characters; the limit is 1,000."),
        ("+".join("A" * 150), "The formula is nested too deeply."),
    ],
)
def test_invalid_formula_is_an_error_with_its_path(text: str, message: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        parse_formula(Formula(text, path=PATH), 2)
    assert caught.value.code is ErrorCode.BAD_USER_INPUT
    assert caught.value.path == PATH
    assert caught.value.hint
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("count", "hint"),
    [(1, "The query has the series A."), (2, "The query has the series A to B."), (26, "A to Z.")],
)
def test_error_of_an_unknown_series_names_those_that_exist(count: int, hint: str) -> None:
    with pytest.raises(BadUserInput) as caught:
        parse_formula(Formula("aa", path=PATH), count)
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("9**9**9**9**9", id="tower"),
        pytest.param("(" * 90 + "a" + ")" * 90, id="parentheses"),
        pytest.param("(" * 499 + "a" + ")" * 499, id="many parentheses"),
        pytest.param("-" * 999 + "a", id="signs"),
        pytest.param("~" * 999 + "a", id="inversions"),
        pytest.param("not " * 249 + "a", id="negations"),
        pytest.param("lambda:" * 140 + "a", id="lambdas"),
        pytest.param("[" * 199 + "a" + "]" * 199, id="brackets"),
        pytest.param("a if b else " * 80 + "a", id="conditions"),
        pytest.param("a**" * 300 + "a", id="powers"),
        pytest.param("a" + ".a" * 400, id="attributes"),
        pytest.param("a" + "()" * 400, id="calls"),
        pytest.param("9" * 1000, id="digits"),
        pytest.param("9" * 300 + "**" + "9" * 300, id="big power"),
        pytest.param("1e300" * 199, id="exponents"),
        pytest.param("a" * 10_000_000, id="megabytes"),
        pytest.param(" " * 10_000_000, id="blanks"),
        pytest.param("'" + "a" * 900 + "'*999999999", id="text times number"),
    ],
)
def test_hostile_formula_costs_neither_time_nor_memory(text: str) -> None:
    tracemalloc.start()
    started = time.perf_counter()
    try:
        answer: object = result(text, 2, 3)
    except BadUserInput as error:
        answer = error.path
    seconds = time.perf_counter() - started
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert answer in (None, 2.0, PATH)
    assert seconds < 20
    assert peak < 5_000_000


@given(st.text(max_size=30))
@settings(max_examples=200, deadline=None)
def test_any_string_is_a_formula_or_rejected(text: str) -> None:
    try:
        result(text, 1, 2, 3)
    except BadUserInput as error:
        assert error.path == PATH  # noqa: PT017 - most strings are rejected, some are valid


def _exact(text: str, figures: tuple[int, ...]) -> Fraction:
    """The figure of a fully parenthesised formula, by fractions."""
    return _walk(ast.parse(text, mode="eval").body, figures)


def _walk(node: ast.expr, figures: tuple[int, ...]) -> Fraction:
    if isinstance(node, ast.Constant):
        return Fraction(str(node.value))
    if isinstance(node, ast.Name):
        return Fraction(figures["ABC".index(node.id)])
    if isinstance(node, ast.UnaryOp):
        return -_walk(node.operand, figures)
    assert isinstance(node, ast.BinOp)
    left, right = _walk(node.left, figures), _walk(node.right, figures)
    if isinstance(node.op, ast.Add):
        return left + right
    if isinstance(node.op, ast.Sub):
        return left - right
    if isinstance(node.op, ast.Mult):
        return left * right
    return left / right if right else Fraction(0)


LEAVES = st.one_of(st.sampled_from("ABC"), st.integers(0, 9).map(str), st.sampled_from(["0.5", "2.25"]))
# Sums of leaves are exact in floats as well, so both evaluations agree on which divisors are zero.
DIVISORS = st.one_of(LEAVES, st.tuples(LEAVES, LEAVES).map(lambda pair: f"({pair[0]} - {pair[1]})"))
FORMULAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*"]), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(inner, DIVISORS).map(lambda pair: f"({pair[0]} / {pair[1]})"),
        inner.map(lambda operand: f"(-{operand})"),
    ),
    max_leaves=8,
)


@given(FORMULAS, st.tuples(*[st.integers(-50, 50)] * 3))
@settings(max_examples=300, deadline=None)
def test_result_agrees_with_an_evaluation_by_fractions(text: str, figures: tuple[int, int, int]) -> None:
    assert result(text, *figures) == pytest.approx(float(_exact(text, figures)), rel=1e-9, abs=1e-6)


ARITHMETIC: dict[str, Callable[[float, float], float | complex]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "**": operator.pow,
}


def _by_python(sign: str, left: float, right: float) -> float | None:
    try:
        value = ARITHMETIC[sign](left, right)
    except ZeroDivisionError:
        return 0.0
    except OverflowError:
        return None
    return value if isinstance(value, float) and math.isfinite(value) else None


FLOATS = st.floats(allow_nan=False, allow_infinity=False)


@given(st.sampled_from([*ARITHMETIC]), st.lists(st.tuples(FLOATS, FLOATS), min_size=1, max_size=20))
@example("/", [(1.0, 0.0), (0.0, -0.0), (1e308, 1e-308)])
@example("%", [(-7.5, 2.0), (7.5, -2.0), (1.0, 0.0), (5e-324, -1e308)])
@example("**", [(0.0, -1.0), (-8.0, 1 / 3), (-1e200, 3.0), (10.0, -400.0), (-2.0, 3.0)])
def test_columns_have_the_results_of_python(sign: str, pairs: list[tuple[float, float]]) -> None:
    left, right = zip(*pairs, strict=True)
    assert results(f"A {sign} B", left, right) == tuple(_by_python(sign, *pair) for pair in pairs)


def test_constant_formula_has_a_value_in_every_bucket() -> None:
    assert results("7 / 2", [1, 2, 3]) == (3.5, 3.5, 3.5)


def test_formula_over_many_buckets_takes_milliseconds() -> None:
    formulas = [parse_formula(Formula("(A - B) / B * 100 + A % 7"), 2)] * 26
    series = [np.arange(20_000.0), np.arange(20_000.0) % 9]
    started = time.perf_counter()
    for formula in formulas:
        formula.evaluate(series)
    assert time.perf_counter() - started < 5
    check_operations(formulas, 20_000)


def test_formulas_that_would_take_too_long_are_rejected_with_both_numbers() -> None:
    formula = parse_formula(Formula("A + B * 2"), 2)
    check_operations([formula], MAX_OPERATIONS // 3)
    with pytest.raises(LimitExceeded) as caught:
        check_operations([formula] * 2, MAX_OPERATIONS // 3)
    assert caught.value.code is ErrorCode.QUERY_TOO_EXPENSIVE
    assert caught.value.details == {"limit": MAX_OPERATIONS, "actual": 199_999_998, "unit": "operations"}
