import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.cases import Case, CaseSource, Kind, find_cases, read_case
from tests.conformance.fields import CaseError

RUN = {"now": "2020-01-04T13:00:00Z", "query": {"filter": {}}, "checks": [{"path": "", "len": 0}]}
EVENT = {"event": "pay", "distinct_id": "p1", "timestamp": "2020-01-02T12:00:00"}
CASE: dict[str, Any] = {"name": "a case", "source": "", "suite": "", "tags": [], "runs": [RUN]}


def read(**parts: object) -> Case:
    """Return a case with these parts and a run."""
    return read_case(CaseSource("file.json", "a case", {**CASE, **parts}))


def test_case_has_defaults_for_all_but_its_runs() -> None:
    case = read()
    assert (case.project.timezone, case.project.week_start_day) == ("UTC", "SUNDAY")
    assert (case.events, case.persons, case.cohorts, case.actions) == ((), (), (), ())
    assert case.runs[0].now == datetime(2020, 1, 4, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    "parts",
    [
        {"evnts": []},
        {"project": {"time_zone": "UTC"}},
        {"project": {"timezone": "Mars/Base"}, "tags": ["naive_time_is_project_time"]},
        {"group_types": [{"index": 0, "name": "org", "plural": "orgs"}]},
        {"group_types": [{"name": "org"}]},
        {"groups": [{"type_index": 0, "key": "a", "property": {}}]},
        {"persons": [{"distinct_ids": ["a"], "name": "A"}]},
        {"persons": [{"distinct_ids": [1]}]},
        {"events": [{**EVENT, "elements": []}]},
        {"events": [{**EVENT, "timestamp": "yesterday"}]},
        {"events": [{**EVENT, "repeat": "3"}]},
        {"property_definitions": [{"name": "a", "type": "event", "property_type": "String", "unit": "m"}]},
        {"cohorts": [{"ref": "c1", "name": "a", "filters": {}}]},
        {"actions": [{"ref": "a1", "name": "a", "events": []}]},
        {"runs": [{**RUN, "timezone": "UTC"}]},
        {"runs": [{**RUN, "limit_context": "heatmaps"}]},
        {"runs": [{**RUN, "query": {}}]},
        {"runs": [{**RUN, "query": {"filter": {}, "trends_query": {}}}]},
        {"runs": [{**RUN, "query": {"hogql": ""}}]},
        {"runs": {}},
    ],
)
def test_case_with_what_the_runner_does_not_know_is_refused(parts: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        read(**parts)


def test_time_without_offset_is_utc_unless_the_case_says_otherwise() -> None:
    pacific = {"project": {"timezone": "US/Pacific"}, "events": [EVENT]}
    [event] = read(**pacific).events
    assert event.timestamp == datetime(2020, 1, 2, 12, tzinfo=UTC)
    [event] = read(**pacific, tags=["naive_time_is_project_time"]).events
    assert event.timestamp == datetime(2020, 1, 2, 20, tzinfo=UTC)


def test_files_are_found_at_any_depth_and_told_apart_by_what_is_in_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "first.json").write_text(json.dumps([CASE, {"name": "no runs"}]))
    (tmp_path / "deep" / "second.json").write_text(json.dumps([{"name": "x", "steps": []}]))
    (tmp_path / "deep" / "third.json").write_text(json.dumps([{"name": "y", "kind": "hash"}]))
    (tmp_path / "other.json").write_text(json.dumps([{"name": "z"}]))
    (tmp_path / "no-list.json").write_text("{}")
    (tmp_path / "broken.json").write_text("[")
    found = list(find_cases(tmp_path))
    assert [
        (each.file, each.name, each.kind) if isinstance(each, CaseSource) else (each.file,) for each in found
    ] == [
        ("broken.json", "unreadable", Kind.TRENDS),
        ("deep/first.json", "a case", Kind.TRENDS),
        ("deep/first.json", "no runs", Kind.TRENDS),
        ("deep/second.json", "x", Kind.ACCESS),
        ("deep/third.json", "y", Kind.KEYS),
        ("no-list.json",),
        ("other.json",),
    ]
    broken = found[0]
    assert isinstance(broken, CaseSource)
    with pytest.raises(CaseError, match=r"broken\.json"):
        read_case(broken)
