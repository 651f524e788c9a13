import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from datasource.metadata.records import ActionRecord
from resolvers.action_steps import read_action, write_step
from resolvers.trends.actions import Action, ActionStep, StringMatching
from resolvers.trends.query import FilterGroup, PropertyFilter, PropertyOperator, PropertyType

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
        filters=FilterGroup(
            children=(
                PropertyFilter("plan", ("a", 1, 2.5, True), PropertyOperator.IS_NOT, PropertyType.PERSON),
                PropertyFilter("size", None, PropertyOperator.IS_SET, PropertyType.GROUP, 3),
            )
        ),
    ),
)


def record(*steps: Mapping[str, object]) -> ActionRecord:
    now = datetime(2020, 1, 1, tzinfo=UTC)
    return ActionRecord(7, 1, "buys", "", None, now, now, steps)


def test_steps_come_back_from_json_as_they_were() -> None:
    stored = json.loads(json.dumps([write_step(step) for step in STEPS]))
    assert read_action(record(*stored)) == Action(7, "buys", STEPS)


def test_stored_step_says_every_field_in_words_of_the_input() -> None:
    assert write_step(ActionStep(event="pay", filters=FilterGroup(children=(PropertyFilter("a", 1),)))) == {
        "event": "pay",
        "url": None,
        "urlMatching": "CONTAINS",
        "text": None,
        "textMatching": "EXACT",
        "href": None,
        "hrefMatching": "EXACT",
        "selector": None,
        "tagName": None,
        "properties": [{"key": "a", "value": 1, "operator": "EXACT", "type": "EVENT", "groupTypeIndex": None}],
    }


def test_stored_step_with_fields_missing_has_the_defaults() -> None:
    assert read_action(record({})) == Action(7, "buys", (ActionStep(),))


def test_filters_of_a_stored_action_know_who_mentioned_it() -> None:
    path = ("query", "actions", 0, "actionId")
    [step] = read_action(record({"properties": [{"key": "a", "value": 1}]}), path).steps
    assert [leaf.path for leaf in step.filters.leaves()] == [path]


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
def test_damaged_step_is_a_failure_and_no_step(damaged: dict[str, object]) -> None:
    with pytest.raises((TypeError, ValueError)):
        read_action(record(damaged))
