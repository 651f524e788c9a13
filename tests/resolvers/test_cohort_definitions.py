"""Definitions survive being stored."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from resolvers.cohort_definitions import read_groups, write_groups
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup
from resolvers.trends.query import FilterGroup, PropertyFilter, PropertyOperator, PropertyType

FULL = Behavior(
    kind=CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE,
    event="a",
    action_id=1,
    filters=FilterGroup(children=(PropertyFilter("plan", ("pro", 2, True)),)),
    negated=True,
    time_value=2,
    time_interval=CohortInterval.MONTH,
    explicit_datetime="-7d",
    count_operator=CohortCountOperator.LTE,
    count=3,
    min_periods=4,
    total_periods=5,
    seq_event="b",
    seq_action_id=6,
    seq_time_value=7,
    seq_time_interval=CohortInterval.MINUTE,
)
PERSON = PropertyFilter("age", 1.5, PropertyOperator.GT, PropertyType.PERSON)


def test_definition_is_read_back_as_written() -> None:
    empty = {item.name for item in fields(FULL) if item.name != "path" and getattr(FULL, item.name) is None}
    assert not empty, "every part has a value that would be missed"
    bare = Behavior(CohortBehaviorKind.PERFORMED_EVENT)
    definition = CohortDefinition(
        (CohortGroup((PERSON,), (FULL, bare)), CohortGroup((replace(PERSON, value=None),)))
    )
    stored = json.loads(json.dumps(write_groups(definition)))
    assert read_groups(stored) == definition


@pytest.mark.parametrize(
    "change",
    [{"kind": "DANCED"}, {"timeValue": "7"}, {"event": 1}, {"timeInterval": "AGE"}, {"properties": "x"}],
)
def test_damaged_definition_is_not_read_as_something_else(change: dict[str, Any]) -> None:
    (group,) = json.loads(json.dumps(write_groups(CohortDefinition((CohortGroup(behaviors=(FULL,)),)))))
    group["behaviors"][0].update(change)
    with pytest.raises((ValueError, TypeError)):
        read_groups([group])
