"""Definitions of cohorts as the metadata store keeps them: JSON in the form of the input, with every field."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TypeVar

from resolvers.stored_filters import read_filter, write_filter
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortCountOperator, CohortInterval
from resolvers.trends.cohorts import CohortDefinition, CohortGroup
from resolvers.trends.query import FilterGroup

Choice = TypeVar("Choice", bound=StrEnum)
Stored = Mapping[str, object]


def write_groups(definition: CohortDefinition) -> list[dict[str, object]]:
    """The groups as they are stored."""
    return [
        {
            "properties": [write_filter(item) for item in group.properties],
            "behaviors": [_write_behavior(behavior) for behavior in group.behaviors],
        }
        for group in definition.groups
    ]


def read_groups(stored: Sequence[Stored]) -> CohortDefinition:
    """The stored groups; ValueError or TypeError when they are damaged."""
    return CohortDefinition(
        tuple(
            CohortGroup(
                tuple(read_filter(item, ()) for item in _list(group, "properties")),
                tuple(_read_behavior(item) for item in _list(group, "behaviors")),
            )
            for group in stored
        )
    )


def _write_behavior(behavior: Behavior) -> dict[str, object]:
    return {
        "kind": behavior.kind,
        "event": behavior.event,
        "actionId": behavior.action_id,
        "properties": [write_filter(item) for item in behavior.filters.leaves()],
        "negated": behavior.negated,
        "timeValue": behavior.time_value,
        "timeInterval": behavior.time_interval,
        "explicitDatetime": behavior.explicit_datetime,
        "countOperator": behavior.count_operator,
        "count": behavior.count,
        "minPeriods": behavior.min_periods,
        "totalPeriods": behavior.total_periods,
        "seqEvent": behavior.seq_event,
        "seqActionId": behavior.seq_action_id,
        "seqTimeValue": behavior.seq_time_value,
        "seqTimeInterval": behavior.seq_time_interval,
    }


def _read_behavior(stored: Stored) -> Behavior:
    return Behavior(
        kind=CohortBehaviorKind(str(stored["kind"])),
        event=_text(stored, "event"),
        action_id=_number(stored, "actionId"),
        filters=FilterGroup(children=tuple(read_filter(item, ()) for item in _list(stored, "properties"))),
        negated=stored.get("negated") is True,
        time_value=_number(stored, "timeValue"),
        time_interval=_choice(stored, "timeInterval", CohortInterval),
        explicit_datetime=_text(stored, "explicitDatetime"),
        count_operator=_choice(stored, "countOperator", CohortCountOperator),
        count=_number(stored, "count"),
        min_periods=_number(stored, "minPeriods"),
        total_periods=_number(stored, "totalPeriods"),
        seq_event=_text(stored, "seqEvent"),
        seq_action_id=_number(stored, "seqActionId"),
        seq_time_value=_number(stored, "seqTimeValue"),
        seq_time_interval=_choice(stored, "seqTimeInterval", CohortInterval),
    )


def _list(stored: Stored, key: str) -> list[Stored]:
    value = stored.get(key, [])
    if not isinstance(value, list):
        raise TypeError(f"a stored cohort's {key} are no list")
    return value


def _text(stored: Stored, key: str) -> str | None:
    value = stored.get(key)
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"a stored cohort's {key} is no text")


def _number(stored: Stored, key: str) -> int | None:
    value = stored.get(key)
    if value is None or isinstance(value, int):
        return value
    raise TypeError(f"a stored cohort's {key} is no number")


def _choice(stored: Stored, key: str, choices: type[Choice]) -> Choice | None:
    value = _text(stored, key)
    return None if value is None else choices(value)
