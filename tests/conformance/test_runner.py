"""The runner against the gateway: its data count, and wrong expectations fail."""

from typing import Any

import pytest

from tests.conformance.cases import CaseSource
from tests.conformance.fields import CaseError
from tests.conformance.runner import Runner, resolve

NOW = "2020-01-04T13:00:00Z"
EVENT = {"event": "pay", "distinct_id": "p1", "timestamp": "2020-01-04T12:00:00Z"}
PAY = {"events": [{"id": "pay"}]}


async def run(runner: Runner, checks: list[object], filter_: object = None, **parts: Any) -> list[str]:
    """Run a case with one run and return what fails."""
    asked = {"now": NOW, "query": {"filter": PAY if filter_ is None else filter_}, "checks": checks}
    content = {"name": "a case", "tags": [], "project": {}, "runs": [asked], **parts}
    return await runner.run(CaseSource("file.json", "a case", content))


async def test_events_count_as_often_as_they_repeat_and_in_their_own_project_alone(runner: Runner) -> None:
    events = [EVENT, {**EVENT, "repeat": 3}, {**EVENT, "repeat": 5, "other_project": True}]
    assert await run(runner, [{"path": "0.count", "eq": 4}], events=events) == []
    assert await run(runner, [{"path": "0.count", "eq": 9}], events=events) != []


async def test_clock_is_the_runs_own(runner: Runner) -> None:
    runs = [
        {
            "now": f"2020-0{month}-04T13:00:00Z",
            "query": {"filter": PAY},
            "checks": [{"path": "0.count", "eq": count}],
        }
        for month, count in ((1, 1), (2, 0))
    ]
    assert await run(runner, [], events=[EVENT], runs=runs) == []


async def test_distinct_ids_of_a_person_count_once_and_unknown_ones_each(runner: Runner) -> None:
    persons = [{"distinct_ids": ["p1", "p2"], "properties": {"plan": "pro"}}]
    events = [{**EVENT, "distinct_id": distinct_id} for distinct_id in ("p1", "p2", "p3", "p4", "p4")]
    users = {"events": [{"id": "pay", "math": "dau"}]}
    assert await run(runner, [{"path": "0.count", "eq": 3}], users, persons=persons, events=events) == []
    pros = {**PAY, "properties": [{"key": "plan", "value": "pro", "type": "person"}]}
    assert await run(runner, [{"path": "0.count", "eq": 2}], pros, persons=persons, events=events) == []


async def test_group_is_read_by_its_key(runner: Runner) -> None:
    parts = {
        "group_types": [{"index": 1, "name": "organization"}],
        "groups": [{"type_index": 1, "key": "org", "properties": {"size": 5}}],
        "events": [{**EVENT, "properties": {"$group_1": "org"}}, EVENT],
    }
    large = {
        **PAY,
        "properties": [{"key": "size", "value": 4, "operator": "gt", "type": "group", "group_type_index": 1}],
    }
    assert await run(runner, [{"path": "0.count", "eq": 1}], large, **parts) == []


async def test_test_accounts_are_those_of_the_project(runner: Runner) -> None:
    project = {"test_account_filters": [{"key": "plan", "value": "test", "operator": "is_not"}]}
    parts = {"project": project, "events": [EVENT, {**EVENT, "properties": {"plan": "test"}}]}
    assert await run(runner, [{"path": "0.count", "eq": 2}], **parts) == []
    assert (
        await run(runner, [{"path": "0.count", "eq": 1}], {**PAY, "filter_test_accounts": "true"}, **parts) == []
    )


async def test_action_is_made_and_asked_for_by_its_reference(runner: Runner) -> None:
    steps = [{"event": "pay", "url": "/buy", "url_matching": "contains", "properties": [{"plan": "pro"}]}]
    parts = {
        "actions": [{"ref": "a1", "name": "pays", "steps": steps}],
        "events": [EVENT, {**EVENT, "properties": {"$current_url": "https://x/buy", "plan": "pro"}}],
    }
    checks: list[object] = [{"path": "0.label", "eq": "pays"}, {"path": "0.count", "eq": 1}]
    assert await run(runner, checks, {"actions": [{"id": "@a1"}]}, **parts) == []


@pytest.mark.parametrize(
    "steps", [[{"event": "pay", "urls": []}], [{"event": "pay", "url": "a", "url_matching": "like"}]]
)
async def test_action_that_is_not_understood_is_refused(runner: Runner, steps: list[object]) -> None:
    with pytest.raises(CaseError):
        await run(runner, [{"path": "", "len": 1}], actions=[{"ref": "a1", "name": "pays", "steps": steps}])


@pytest.mark.parametrize(
    "cohort",
    [
        {"groups": [{"properties": [{"key": "plan", "value": "pro", "type": "person"}]}]},
        {"groups": [{"properties": {"plan": "pro"}}]},
        {"groups": [{"properties": {"type": "AND", "values": [{"key": "plan", "value": "pro"}]}}]},
        {"static_distinct_ids": ["p1"]},
    ],
)
async def test_cohort_is_made_and_named_by_its_reference(runner: Runner, cohort: dict[str, object]) -> None:
    parts = {
        "cohorts": [{"ref": "c1", "name": "pros", **cohort}],
        "persons": [{"distinct_ids": ["p1"], "properties": {"plan": "pro"}}, {"distinct_ids": ["p2"]}],
        "events": [EVENT, {**EVENT, "distinct_id": "p2"}],
    }
    split = {**PAY, "breakdown": ["@c1"], "breakdown_type": "cohort"}
    checks: list[object] = [
        {"path": "*.breakdown_value", "eq": ["@c1"]},
        {"where": {"breakdown_value": "@c1"}, "path": "count", "eq": 1},
    ]
    assert await run(runner, checks, split, **parts) == []
    others = {**PAY, "properties": [{"key": "id", "value": "@c1", "type": "cohort", "negation": True}]}
    assert await run(runner, [{"path": "0.count", "eq": 1}], others, **parts) == []


async def test_cohort_that_is_not_understood_is_refused(runner: Runner) -> None:
    any_of = {"properties": {"type": "OR", "values": []}}
    for cohort in (
        {"groups": [{"days": 7}]},
        {"groups": [any_of]},
        {"groups": [{}], "static_distinct_ids": ["p1"]},
    ):
        with pytest.raises(CaseError):
            await run(runner, [{"path": "", "len": 1}], cohorts=[{"ref": "c1", "name": "a", **cohort}])


async def test_refusal_is_expected_or_fails(runner: Runner) -> None:
    rubbish = {**PAY, "date_from": "rubbish"}
    assert await run(runner, [{"error": True}], rubbish) == []
    assert "refused" in (await run(runner, [{"path": "", "min_len": 0}], rubbish))[0]
    assert "answered" in (await run(runner, [{"error": True}]))[0]


async def test_case_without_runs_fails(runner: Runner) -> None:
    with pytest.raises(CaseError):
        await run(runner, [], runs=[])


def test_references_are_resolved_at_any_depth_and_other_texts_kept() -> None:
    given = {"where": {"breakdown_value": "@c1"}, "eq": ["@c1", "all", "@posthog", "c1", 1, None]}
    assert resolve(given, {"c1": 7}) == {
        "where": {"breakdown_value": 7},
        "eq": [7, "all", "@posthog", "c1", 1, None],
    }
