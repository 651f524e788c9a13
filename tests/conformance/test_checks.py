import pytest

from tests.conformance.checks import equal, failures, read_checks
from tests.conformance.fields import CaseError
from tests.conformance.results import Row

CHROME: Row = {
    "label": "pay - Chrome",
    "count": 6.0,
    "data": [1.0, 2.0, 3.0],
    "days": ["2020-01-01", "2020-01-02", "2020-01-03"],
    "labels": ["1-Jan-2020", "2-Jan-2020", "3-Jan-2020"],
    "breakdown_value": "Chrome",
    "action": {"name": "pay", "order": 0, "math": "dau"},
}
PAIR: Row = {**CHROME, "label": "pay - Safari::Mac", "breakdown_value": ["Safari", "Mac"], "action": None}
ROWS = [CHROME, PAIR]


def failed(check: dict[str, object]) -> list[str]:
    """Return what a check of the two rows reports."""
    checks = read_checks([("checks.0", check)])
    assert checks is not None
    return failures(checks[0], ROWS)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ({"path": "0.data.2", "eq": 3}, {"path": "0.data.2", "eq": 4}),
        ({"path": "0.data", "eq": [1, 2, 3.0]}, {"path": "0.data", "eq": [1, 2]}),
        ({"path": "0.label", "eq": "pay - Chrome"}, {"path": "0.label", "eq": "Chrome"}),
        ({"path": "0.compare", "eq": None}, {"path": "0.compare", "eq": True}),
        ({"path": "0.aggregated_value", "eq": None}, {"path": "0.count", "eq": None}),
        ({"path": "1.action", "eq": None}, {"path": "0.action", "eq": None}),
        ({"path": "0.action.math", "eq": "dau"}, {"path": "0.action.order", "eq": 1}),
        ({"path": "*.action.name", "eq": ["pay", None]}, {"path": "*.action.name", "eq": ["pay", "pay"]}),
        ({"path": "", "len": 2}, {"path": "", "len": 1}),
        ({"path": "0.data", "len": 3}, {"path": "0.data", "len": 4}),
        ({"path": "", "min_len": 2}, {"path": "", "min_len": 3}),
        ({"path": "*.data.0", "eq": [1, 1]}, {"path": "*.data.0", "eq": [1, 2]}),
        ({"path": "0.data", "eq_unordered": [3, 1, 2]}, {"path": "0.data", "eq_unordered": [3, 1]}),
        ({"path": "0.data", "eq_unordered": [3, 2, 1]}, {"path": "0.data", "eq_unordered": [3, 3, 1]}),
        (
            {"path": "*.breakdown_value", "eq_unordered": [["Safari", "Mac"], "Chrome"]},
            {"path": "*.breakdown_value", "eq_unordered": [["Mac", "Safari"], "Chrome"]},
        ),
        ({"path": "*.breakdown_value", "contains": "Chrome"}, {"path": "*.breakdown_value", "contains": "Mac"}),
        (
            {"path": "*.breakdown_value", "contains": ["Safari", "Mac"]},
            {"path": "*.breakdown_value", "contains": ["Safari"]},
        ),
        ({"path": "0.data", "contains": [1, 3]}, {"path": "0.data", "contains": [1, 4]}),
        ({"path": "0.label", "contains": "Chr"}, {"path": "0.label", "contains": "Saf"}),
        ({"path": "0.data", "not_contains": [4, 5]}, {"path": "0.data", "not_contains": [4, 3]}),
        ({"path": "0.days", "not_contains": "2020-01-04"}, {"path": "0.days", "not_contains": "2020-01-03"}),
        (
            {"path": "*.breakdown_value", "not_contains": ["Mac", "Safari"]},
            {"path": "*.breakdown_value", "not_contains": ["Safari", "Mac"]},
        ),
        ({"path": "0.data", "sum": 6}, {"path": "0.data", "sum": 7}),
        ({"path": "0.count", "approx": 6.000001}, {"path": "0.count", "approx": 6.0001}),
        ({"path": "0.count", "approx": 6.5, "delta": 0.5}, {"path": "0.count", "approx": 6.6, "delta": 0.5}),
        ({"path": "0.data", "approx": [1, 2, 3]}, {"path": "0.data", "approx": [1, 2]}),
        ({"path": "0.compare", "approx": None}, {"path": "0.compare", "approx": 0}),
        ({"path": "0.count", "gt": 5}, {"path": "0.count", "gt": 6}),
        ({"path": "0.count", "lt": 7}, {"path": "0.count", "lt": 6}),
        ({"path": "0.count", "gt": 5, "lt": 7}, {"path": "0.count", "gt": 5, "lt": 6}),
        (
            {"where": {"breakdown_value": "Chrome"}, "path": "count", "eq": 6},
            {"where": {"breakdown_value": "Chrome"}, "path": "count", "eq": 7},
        ),
        (
            {"where": {"breakdown_value": ["Safari", "Mac"]}, "path": "data.0", "eq": 1},
            {"where": {"breakdown_value": ["Safari", "Mac"]}, "path": "data.0", "eq": 0},
        ),
        (
            {"where": {"action.order": 0, "label": "pay - Chrome"}, "path": "label", "contains": "pay"},
            {"where": {"action.order": 0, "label": "pay - Chrome"}, "path": "label", "contains": "sign"},
        ),
    ],
)
def test_check_holds_or_says_what_does_not(right: dict[str, object], wrong: dict[str, object]) -> None:
    assert failed(right) == []
    [failure] = failed(wrong)
    assert "does not hold of" in failure


@pytest.mark.parametrize(
    "check",
    [
        {"path": "0.data"},
        {"path": "0.data", "equals": [1]},
        {"path": "0.count", "eq": 6, "delta": 1},
        {"path": 0, "eq": 1},
        {"where": "Chrome", "path": "data", "len": 1},
        "0.data",
    ],
)
def test_check_that_is_not_understood_is_refused(check: object) -> None:
    with pytest.raises(CaseError):
        read_checks([("checks.0", check)])


@pytest.mark.parametrize(
    "check",
    [
        {"path": "2.data", "len": 1},
        {"path": "0.data.3", "eq": 1},
        {"path": "0.datta", "eq": None},
        {"path": "0.action.id", "eq": None},
        {"path": "0.count.name", "eq": 6},
        {"path": "label", "eq": "pay"},
        {"path": "0.label", "len": 12},
        {"path": "0.label", "gt": 1},
        {"path": "0.count", "contains": 6},
        {"path": "0.count", "sum": 6},
        {"where": {"breakdown_value": "Opera"}, "path": "count", "eq": 0},
        {"where": {"count": 6}, "path": "count", "eq": 6},
        {"where": {"browser": "Chrome"}, "path": "count", "eq": 6},
    ],
)
def test_check_of_what_is_not_there_fails(check: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        failed(check)


def test_run_that_must_be_refused_has_no_other_check() -> None:
    refused = ("checks.0", {"error": True})
    assert read_checks([refused]) is None
    for wrong in ({"error": False}, {"error": True, "path": ""}, {"path": "", "len": 0}):
        with pytest.raises(CaseError):
            read_checks([refused, ("checks.1", wrong)])


def test_run_without_checks_is_refused() -> None:
    with pytest.raises(CaseError):
        read_checks([])


def test_equality_keeps_types_apart_but_for_numbers() -> None:
    assert equal(1, 1.0)
    assert equal(0.1 + 0.2, 0.3)
    assert equal({"a": None}, {})
    for actual, expected in (("1", 1), (True, 1), (0, None), (1, 1 + 1e-6), ([1], [1, 2]), (False, None)):
        assert not equal(actual, expected)
