import pytest

from tests.conformance.fields import CaseError
from tests.conformance.filters import read_filter, read_filter_list, read_filter_tree

PLAN = {"key": "plan", "value": "pro"}
READ_PLAN = {"key": "plan", "value": "pro", "operator": "EXACT", "type": "EVENT"}


@pytest.mark.parametrize(
    ("given", "read"),
    [
        (PLAN, READ_PLAN),
        ({**PLAN, "type": "events", "operator": None, "label": "Plan"}, READ_PLAN),
        ({"plan": "pro"}, READ_PLAN),
        ({"plan__icontains": "pr"}, {**READ_PLAN, "value": "pr", "operator": "ICONTAINS"}),
        ({"key": "plan", "values": ["pro", None]}, {**READ_PLAN, "value": ["pro"]}),
        ({"key": "n", "value": 5, "operator": "min"}, {**READ_PLAN, "key": "n", "value": 5, "operator": "GTE"}),
        (
            {"key": "plan", "operator": "is_set", "type": "group", "group_type_index": 1},
            {"key": "plan", "operator": "IS_SET", "type": "GROUP", "groupTypeIndex": 1},
        ),
        ({"key": "1 = 1", "type": "hogql", "value": None, "operator": "x"}, {"type": "HOGQL", "key": "1 = 1"}),
        (
            {"key": "id", "type": "static-cohort", "value": 7},
            {"type": "COHORT", "key": "id", "value": 7, "operator": "IN"},
        ),
        (
            {"key": "id", "type": "cohort", "value": 7, "negation": True},
            {"type": "COHORT", "key": "id", "value": 7, "operator": "NOT_IN"},
        ),
        ({"key": "flag", "value": False}, {**READ_PLAN, "key": "flag", "value": False}),
        ({"key": "plan", "value": []}, {**READ_PLAN, "value": []}),
        ({"key": "plan"}, {"key": "plan", "operator": "EXACT", "type": "EVENT"}),
    ],
)
def test_filter_is_cleaned(given: object, read: object) -> None:
    assert read_filter(given, "properties.0") == read


@pytest.mark.parametrize(
    "given",
    [
        {**PLAN, "valuee": 1},
        {**PLAN, "operator": "semver_gt"},
        {**PLAN, "type": "recording"},
        {"value": "pro"},
        {"plan": "pro", "size": 3},
        {"type": "cohort", "key": "name", "value": 7},
        "plan = pro",
    ],
)
def test_filter_that_is_not_understood_is_refused(given: object) -> None:
    with pytest.raises(CaseError):
        read_filter(given, "properties.0")


def test_list_of_a_series_takes_groups_apart() -> None:
    group = {"type": "AND", "values": [PLAN, {"type": "AND", "values": [PLAN]}]}
    assert read_filter_list(group, "properties") == [READ_PLAN, READ_PLAN]
    assert read_filter_list([PLAN, group], "properties") == [READ_PLAN] * 3
    assert read_filter_list({}, "properties") == []


def test_tree_of_a_query_keeps_its_groups() -> None:
    group = {"type": "OR", "values": [PLAN, {"type": "AND", "values": [PLAN]}]}
    inner = {"type": "AND", "filters": [READ_PLAN], "groups": []}
    outer = {"type": "OR", "filters": [READ_PLAN], "groups": [inner]}
    assert read_filter_tree(group, "properties") == {"propertyGroup": outer}
    assert read_filter_tree([group], "properties") == {
        "propertyGroup": {"type": "AND", "filters": [], "groups": [outer]}
    }
    assert read_filter_tree([PLAN], "properties") == {"properties": [READ_PLAN]}
    assert read_filter_tree([], "properties") == {}


def test_group_with_an_unknown_key_is_refused() -> None:
    for read in (read_filter_list, read_filter_tree):
        with pytest.raises(CaseError, match="unknown key 'negated'"):
            read({"type": "AND", "values": [], "negated": True}, "properties")
