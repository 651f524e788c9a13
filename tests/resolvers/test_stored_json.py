"""Documents that existing databases hold: these literals must always be read, and written the same way."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from datasource.metadata.records import ActionRecord
from resolvers.stored_json import (
    dump_filters,
    dump_groups,
    dump_steps,
    load_action,
    load_definition,
    load_filters,
)
from resolvers.trends.actions import Action, ActionStep, StringMatching
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup
from resolvers.trends.query import PropertyFilter, PropertyOperator, PropertyType

PLAN = PropertyFilter("plan", ("a", 1, 2.5, True), PropertyOperator.IS_NOT, PropertyType.PERSON)
PLAN_JSON = """
{"key": "plan", "value": ["a", 1, 2.5, true], "operator": "IS_NOT", "type": "PERSON", "groupTypeIndex": null}
"""

FILTERS = (
    PLAN,
    PropertyFilter("size", None, PropertyOperator.IS_SET, PropertyType.GROUP, 3),
    PropertyFilter("rate", 2.0),
    PropertyFilter("", 5, PropertyOperator.IN, PropertyType.COHORT),
    PropertyFilter("number", "7"),
    PropertyFilter("none", ()),
)
FILTERS_JSON = f"""[
  {PLAN_JSON},
  {{"key": "size", "value": null, "operator": "IS_SET", "type": "GROUP", "groupTypeIndex": 3}},
  {{"key": "rate", "value": 2.0, "operator": "EXACT", "type": "EVENT", "groupTypeIndex": null}},
  {{"key": "", "value": 5, "operator": "IN", "type": "COHORT", "groupTypeIndex": null}},
  {{"key": "number", "value": "7", "operator": "EXACT", "type": "EVENT", "groupTypeIndex": null}},
  {{"key": "none", "value": [], "operator": "EXACT", "type": "EVENT", "groupTypeIndex": null}}
]"""

STEPS = (
    ActionStep(),
    ActionStep(
        event="$autocapture",
        url="/",
        url_matching=StringMatching.REGEX,
        text="Buy",
        text_matching=StringMatching.CONTAINS,
        href="",
        href_matching=StringMatching.REGEX,
        selector="a > b",
        tag_name="a",
        properties=(PLAN,),
    ),
)
STEPS_JSON = f"""[
  {{"event": null, "url": null, "urlMatching": "CONTAINS", "text": null, "textMatching": "EXACT", "href": null,
    "hrefMatching": "EXACT", "selector": null, "tagName": null, "properties": []}},
  {{"event": "$autocapture", "url": "/", "urlMatching": "REGEX", "text": "Buy", "textMatching": "CONTAINS",
    "href": "", "hrefMatching": "REGEX", "selector": "a > b", "tagName": "a", "properties": [{PLAN_JSON}]}}
]"""

SEQUENCE = Behavior(
    kind=CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE,
    event="a",
    action_id=1,
    properties=(PLAN,),
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
DEFINITION = CohortDefinition(
    (CohortGroup((PLAN,), (SEQUENCE, Behavior(CohortBehaviorKind.PERFORMED_EVENT))), CohortGroup())
)
GROUPS_JSON = f"""[
  {{
    "properties": [{PLAN_JSON}],
    "behaviors": [
      {{"kind": "PERFORMED_EVENT_SEQUENCE", "event": "a", "actionId": 1, "properties": [{PLAN_JSON}],
        "negated": true, "timeValue": 2, "timeInterval": "MONTH", "explicitDatetime": "-7d",
        "countOperator": "LTE", "count": 3, "minPeriods": 4, "totalPeriods": 5, "seqEvent": "b",
        "seqActionId": 6, "seqTimeValue": 7, "seqTimeInterval": "MINUTE"}},
      {{"kind": "PERFORMED_EVENT", "event": null, "actionId": null, "properties": [], "negated": false,
        "timeValue": null, "timeInterval": null, "explicitDatetime": null, "countOperator": null, "count": null,
        "minPeriods": null, "totalPeriods": null, "seqEvent": null, "seqActionId": null, "seqTimeValue": null,
        "seqTimeInterval": null}}
    ]
  }},
  {{"properties": [], "behaviors": []}}
]"""


def action(*steps: dict[str, object]) -> ActionRecord:
    now = datetime(2020, 1, 1, tzinfo=UTC)
    return ActionRecord(7, 1, "buys", "", None, now, now, steps)


def one_line(document: str) -> str:
    return json.dumps(json.loads(document))


def test_stored_filters_are_read() -> None:
    # Compared by repr, where 1, 1.0 and True differ.
    assert repr(load_filters(json.loads(FILTERS_JSON), ())) == repr(FILTERS)


def test_filters_are_written_as_stored() -> None:
    filters = [replace(item, path=("query", "events", 0)) for item in FILTERS]
    assert json.dumps(dump_filters(filters)) == one_line(FILTERS_JSON)


def test_stored_steps_are_read() -> None:
    assert repr(load_action(action(*json.loads(STEPS_JSON)))) == repr(Action(7, "buys", STEPS))


def test_steps_are_written_as_stored() -> None:
    steps = [
        replace(step, properties=tuple(replace(item, path=("steps", 0)) for item in step.properties))
        for step in STEPS
    ]
    assert json.dumps(dump_steps(steps)) == one_line(STEPS_JSON)


def test_stored_cohort_groups_are_read() -> None:
    assert repr(load_definition(json.loads(GROUPS_JSON))) == repr(DEFINITION)


def test_cohort_groups_are_written_as_stored() -> None:
    path = ("filters", 0)
    plan = replace(PLAN, path=path)
    sequence = replace(SEQUENCE, path=path, properties=(plan,))
    first, last = DEFINITION.groups
    first = replace(first, path=path, properties=(plan,), behaviors=(sequence, *first.behaviors[1:]))
    assert json.dumps(dump_groups(CohortDefinition((first, last)))) == one_line(GROUPS_JSON)


def test_every_field_of_a_behavior_is_in_the_stored_documents() -> None:
    empty = {item.name for item in fields(SEQUENCE) if getattr(SEQUENCE, item.name) in (None, ())}
    assert empty == {"path"}


def test_missing_fields_have_their_defaults() -> None:
    assert load_filters([{}], ()) == (PropertyFilter(""),)
    assert load_action(action({})) == Action(7, "buys", (ActionStep(),))
    assert load_definition([{}]) == CohortDefinition((CohortGroup(),))


def test_unknown_fields_are_ignored() -> None:
    assert load_filters([{"key": "a", "label": "A"}], ()) == (PropertyFilter("a"),)


def test_filters_have_the_path_of_the_input_that_uses_them() -> None:
    path = ("query", "actions", 0, "action_id")
    [step] = load_action(action({"properties": [{"key": "a", "value": 1}]}), path).steps
    assert [item.path for item in (*step.properties, *load_filters([{"key": "a"}], path))] == [path, path]


@pytest.mark.parametrize(
    "damaged",
    [
        {"operator": "LIKE"},
        {"value": {"a": 1}},
        {"value": [["a"]]},
        {"value": [None]},
        {"groupTypeIndex": "1"},
        {"key": None},
    ],
)
def test_damaged_filter_is_not_read(damaged: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        load_filters([{"key": "a", **damaged}], ())


@pytest.mark.parametrize(
    "damaged",
    [
        {"event": 1},
        {"urlMatching": "LIKE"},
        {"properties": {}},
        {"properties": [{"operator": "LIKE"}]},
        {"properties": [{"value": {"a": 1}}]},
    ],
)
def test_damaged_step_is_not_read(damaged: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        load_action(action(damaged))


@pytest.mark.parametrize(
    "damaged",
    [{"kind": "DANCED"}, {"timeValue": "7"}, {"event": 1}, {"timeInterval": "AGE"}, {"properties": "x"}],
)
def test_damaged_behavior_is_not_read(damaged: dict[str, object]) -> None:
    [group, _] = json.loads(GROUPS_JSON)
    group["behaviors"][0].update(damaged)
    with pytest.raises(ValidationError):
        load_definition([group])


def test_behavior_without_a_kind_is_not_read() -> None:
    with pytest.raises(ValidationError):
        load_definition([{"behaviors": [{"event": "a"}]}])
