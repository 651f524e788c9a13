"""Trend cases that rely on leniency are recognized by their content; all others run."""

import pytest

from tests.conformance.set_aside import INCOMPLETE_FILTER, MISSING_OBJECT, SAMPLING, UNKNOWN_MATH, why_trends

EVENT = {"id": "sign up"}
ROWS = [{"path": "", "len": 1}]


def _why(query: dict[str, object], checks: list[dict[str, object]] | None = None) -> str | None:
    return why_trends("a case", {"runs": [{"query": {"filter": query}, "checks": checks or ROWS}]})


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"events": [{**EVENT, "math": "squares"}]}, UNKNOWN_MATH),
        ({"events": [EVENT], "actions": [{"id": 4711}]}, MISSING_OBJECT),
        ({"series": [{"kind": "ActionsNode", "id": 4711}]}, MISSING_OBJECT),
        ({"events": [EVENT], "properties": [{"type": "cohort", "key": "id", "value": 4711}]}, MISSING_OBJECT),
        ({"events": [EVENT], "breakdown_type": "cohort", "breakdown": ["@c1", 4711]}, MISSING_OBJECT),
        ({"events": [{**EVENT, "properties": [{"key": "a", "operator": "gt"}]}]}, INCOMPLETE_FILTER),
        ({"events": [EVENT], "properties": [{"key": "a", "type": "event", "value": None}]}, INCOMPLETE_FILTER),
    ],
)
def test_case_that_relies_on_leniency_is_set_aside(query: dict[str, object], reason: str) -> None:
    assert _why(query) == reason
    assert _why(query, [{"error": True}]) is None


@pytest.mark.parametrize(
    "query",
    [
        {"events": [{**EVENT, "math": "dau"}], "actions": [{"id": "@a1"}, {"id": None}]},
        {"events": [EVENT], "breakdown_type": "cohort", "breakdown": ["all", "@c1"]},
        {"events": [EVENT], "properties": [{"type": "cohort", "key": "id", "value": "@c1"}]},
        {"events": [EVENT], "properties": [{"key": "a", "operator": "is_set", "type": "event"}]},
        {
            "events": [EVENT],
            "properties": [{"key": "a = 1", "type": "hogql"}, {"key": "b", "value": [], "type": "event"}],
        },
    ],
)
def test_other_cases_are_run(query: dict[str, object]) -> None:
    assert _why(query) is None


def test_case_of_sampling_is_set_aside_by_its_name() -> None:
    assert why_trends("test_sampling_adjustment", {}) == SAMPLING
    assert why_trends("test_sampling", "unreadable") is None
