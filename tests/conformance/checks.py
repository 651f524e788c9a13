"""Checks on the rows of an answer."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.conformance.fields import CaseError, Fields, read_object
from tests.conformance.results import Row

NAMES = frozenset(
    {
        "label",
        "labels",
        "days",
        "data",
        "count",
        "aggregated_value",
        "breakdown_value",
        "compare",
        "compare_label",
        "action",
    }
)
"""The names that a check may use."""
ACTION_NAMES = frozenset({"name", "order", "math"})

_RELATIVE = 1e-6
_ROUNDING = 1e-9  # two sums of the same numbers may differ in their last bits


@dataclass(frozen=True, slots=True)
class Check:
    """One check: a path, into the series that `where` selects, and a condition on its value."""

    path: str
    where: Mapping[str, object] | None
    kinds: tuple[tuple[str, object], ...]
    delta: float | None = None


def read_checks(listed: list[tuple[str, object]]) -> tuple[Check, ...] | None:
    """Read the checks of a run; None if the run must fail."""
    if not listed:
        raise CaseError("a run needs checks")
    if any(isinstance(item, dict) and "error" in item for _, item in listed):
        _read_refusal(listed)
        return None
    return tuple(_read_check(item, place) for place, item in listed)


def _read_refusal(listed: list[tuple[str, object]]) -> None:
    for place, item in listed:
        with read_object(item, place) as fields:
            if not fields.flag("error"):
                raise CaseError(f"{place}: a run that must fail can have no other checks")


def _read_check(item: object, place: str) -> Check:
    with read_object(item, place) as fields:
        path, delta = _read_path(fields), fields.number("delta")
        where = fields.mapping("where") if "where" in fields else None
        # Read raw: null is a value to compare with.
        kinds = tuple((kind, fields.take(kind)) for kind in _HOLDS if kind in fields)
    if not kinds:
        raise CaseError(f"{place}: the check is missing")
    if delta is not None and "approx" not in dict(kinds):
        raise CaseError(f"{place}.delta goes with approx")
    return Check(path, where, kinds, delta)


def _read_path(fields: Fields) -> str:
    path = fields.take("path", "")
    if not isinstance(path, str):
        raise CaseError(f"{fields.where}.path: must be a string, not {path!r}")
    return path


def failures(check: Check, rows: list[Row]) -> list[str]:
    """Return what does not hold, in words."""
    actual = _follow(_picked(check, rows), check.path)
    return [
        f"{_shown(check)}: {kind} {expected!r} does not hold of {actual!r}"
        for kind, expected in check.kinds
        if not _HOLDS[kind](actual, expected, check.delta)
    ]


def _shown(check: Check) -> str:
    return f"{check.path!r}" if check.where is None else f"{check.path!r} where {dict(check.where)!r}"


def _picked(check: Check, rows: list[Row]) -> object:
    if check.where is None:
        return rows
    wanted = check.where
    found = [row for row in rows if all(equal(_follow(row, path), value) for path, value in wanted.items())]
    if len(found) != 1:
        raise CaseError(f"{_shown(check)}: {len(found)} series match")
    return found[0]


def _follow(value: object, path: str) -> object:
    """Return the value at the path; None for a name that the row lacks."""
    steps = path.split(".") if path else []
    for place, step in enumerate(steps):
        if step == "*":
            rest = ".".join(steps[place + 1 :])
            return [_follow(item, rest) for item in _as_list(value, path)]
        value = _step(value, step, path)
    return value


def _step(value: object, step: str, path: str) -> object:
    if step.isdecimal():
        items = _as_list(value, path)
        if int(step) >= len(items):
            raise CaseError(f"{path!r}: only {len(items)} items at {step}")
        return items[int(step)]
    if value is None and step in ACTION_NAMES:
        return None  # a missing action has no name
    known = NAMES if isinstance(value, dict) and "label" in value else ACTION_NAMES
    if not isinstance(value, dict) or step not in known:
        raise CaseError(f"{path!r}: unknown step {step!r}")
    return value.get(step)


def _as_list(value: object, path: str) -> list[object]:
    if not isinstance(value, list):
        raise CaseError(f"{path!r}: {value!r} is not a list")
    return value


def equal(actual: object, expected: object) -> bool:
    """Equality of JSON values; numbers are equal as numbers."""
    if isinstance(actual, list) and isinstance(expected, list):
        return len(actual) == len(expected) and all(map(equal, actual, expected))
    if isinstance(actual, dict) and isinstance(expected, dict):
        return all(equal(actual.get(key), expected.get(key)) for key in {*actual, *expected})
    if _is_number(actual) and _is_number(expected):
        return math.isclose(_number(actual), _number(expected), rel_tol=_ROUNDING)
    return type(actual) is type(expected) and actual == expected


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise CaseError(f"{value!r} is not a number")
    return float(value)


def _list(value: object) -> list[object]:
    if not isinstance(value, list):
        raise CaseError(f"{value!r} is not a list")
    return value


def _length(value: object) -> int:
    return len(_list(value))


def _unordered(actual: object, expected: object, _: float | None) -> bool:
    left = list(_list(actual))
    for wanted in _list(expected):
        place = next((n for n, item in enumerate(left) if equal(item, wanted)), None)
        if place is None:
            return False
        del left[place]
    return not left


def _contains(actual: object, expected: object, _: float | None) -> bool:
    """Whether the value, or every item of a list, matches; with several breakdowns a list is one value."""
    return _has(actual, expected) or (
        isinstance(expected, list) and bool(expected) and all(_has(actual, item) for item in expected)
    )


def _contains_none(actual: object, expected: object, _: float | None) -> bool:
    items = [expected, *(expected if isinstance(expected, list) else ())]
    return not any(_has(actual, item) for item in items)


def _has(actual: object, item: object) -> bool:
    if isinstance(actual, str):
        return isinstance(item, str) and item in actual
    return any(equal(each, item) for each in _list(actual))


def _approximate(actual: object, expected: object, delta: float | None) -> bool:
    if isinstance(expected, list):
        items = _list(actual)
        return len(items) == len(expected) and all(
            _approximate(item, wanted, delta) for item, wanted in zip(items, expected, strict=True)
        )
    if expected is None or actual is None:
        return expected is actual
    allowed = _RELATIVE * abs(_number(expected)) if delta is None else delta
    return abs(_number(actual) - _number(expected)) <= allowed


def _sum(actual: object) -> float:
    return math.fsum(_number(item) for item in _list(actual))


_HOLDS: Mapping[str, Callable[[object, object, float | None], bool]] = {
    "eq": lambda actual, expected, _: equal(actual, expected),
    "eq_unordered": _unordered,
    "contains": _contains,
    "not_contains": _contains_none,
    "len": lambda actual, expected, _: _length(actual) == _number(expected),
    "min_len": lambda actual, expected, _: _length(actual) >= _number(expected),
    "sum": lambda actual, expected, _: equal(_sum(actual), _number(expected)),
    "approx": _approximate,
    "gt": lambda actual, expected, _: _number(actual) > _number(expected),
    "lt": lambda actual, expected, _: _number(actual) < _number(expected),
}
