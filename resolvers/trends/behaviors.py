"""Behaviors: what persons did or stopped doing, and the persons who did.

All times are instants before the clock's `now`: an event later than that is not seen.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from errors import BadUserInput
from resolvers.trends.query import InputPath, PropertyFilter

T = TypeVar("T")

MOST_PERIODS = 400


class CohortBehaviorKind(StrEnum):
    PERFORMED_EVENT = "PERFORMED_EVENT"
    PERFORMED_EVENT_MULTIPLE = "PERFORMED_EVENT_MULTIPLE"
    PERFORMED_EVENT_FIRST_TIME = "PERFORMED_EVENT_FIRST_TIME"
    PERFORMED_EVENT_REGULARLY = "PERFORMED_EVENT_REGULARLY"
    STOPPED_PERFORMING_EVENT = "STOPPED_PERFORMING_EVENT"
    RESTARTED_PERFORMING_EVENT = "RESTARTED_PERFORMING_EVENT"
    PERFORMED_EVENT_SEQUENCE = "PERFORMED_EVENT_SEQUENCE"


class CohortCountOperator(StrEnum):
    EQ = "EQ"
    GT = "GT"
    GTE = "GTE"
    LT = "LT"
    LTE = "LTE"


class CohortInterval(StrEnum):
    MINUTE = "MINUTE"
    HOUR = "HOUR"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    YEAR = "YEAR"


@dataclass(frozen=True, slots=True)
class Span:
    """So many minutes, hours, days ...: days and longer by the calendar."""

    value: int
    interval: CohortInterval


@dataclass(frozen=True, slots=True)
class Behavior:
    """One criterion; which of the optional parts it needs is up to its kind, all others are None.

    The event is an event's name or an action. `negated` takes those who did away from the group.
    """

    kind: CohortBehaviorKind
    event: str | None = None
    action_id: int | None = None
    properties: tuple[PropertyFilter, ...] = ()
    negated: bool = False
    time_value: int | None = None
    time_interval: CohortInterval | None = None
    explicit_datetime: str | None = None
    count_operator: CohortCountOperator | None = None
    count: int | None = None
    min_periods: int | None = None
    total_periods: int | None = None
    seq_event: str | None = None
    seq_action_id: int | None = None
    seq_time_value: int | None = None
    seq_time_interval: CohortInterval | None = None
    path: InputPath = field(default=(), compare=False)

    def needed(self, value: T | None, key: str) -> T:
        """The value of a part; BadUserInput when it is missing."""
        if value is None:
            raise self.refusal(f"{self.kind} needs {key}.", key)
        return value

    def refusal(self, message: str, key: str, hint: str | None = None) -> BadUserInput:
        """What is wrong with one part."""
        return BadUserInput(message, path=(*self.path, key), hint=hint)

    @property
    def time(self) -> Span:
        """`time_value` and `time_interval`."""
        return self._span(self.time_value, "timeValue", self.time_interval, "timeInterval")

    @property
    def seq_time(self) -> Span:
        """`seq_time_value` and `seq_time_interval`."""
        return self._span(self.seq_time_value, "seqTimeValue", self.seq_time_interval, "seqTimeInterval")

    def _span(self, value: int | None, key: str, interval: CohortInterval | None, interval_key: str) -> Span:
        return Span(self.positive(value, key), self.needed(interval, interval_key))

    def positive(self, value: int | None, key: str) -> int:
        """A part that counts something."""
        number = self.needed(value, key)
        if number < 1:
            raise self.refusal(f"{key} is at least 1, not {number}.", key)
        return number


_WINDOW = frozenset({"timeValue", "timeInterval", "explicitDatetime"})
_COUNT = frozenset({"countOperator", "count"})
_SEQ_TIME = frozenset({"seqTimeValue", "seqTimeInterval"})
_USED: dict[CohortBehaviorKind, frozenset[str]] = {
    CohortBehaviorKind.PERFORMED_EVENT: _WINDOW,
    CohortBehaviorKind.PERFORMED_EVENT_MULTIPLE: _WINDOW | _COUNT,
    CohortBehaviorKind.PERFORMED_EVENT_FIRST_TIME: _WINDOW,
    CohortBehaviorKind.PERFORMED_EVENT_REGULARLY: _COUNT
    | {"timeValue", "timeInterval", "minPeriods", "totalPeriods"},
    CohortBehaviorKind.STOPPED_PERFORMING_EVENT: _WINDOW | _SEQ_TIME,
    CohortBehaviorKind.RESTARTED_PERFORMING_EVENT: _WINDOW | _SEQ_TIME,
    CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE: _WINDOW | _SEQ_TIME | {"seqEvent", "seqActionId"},
}


def check_parts(behavior: Behavior) -> None:
    """Raises BadUserInput for a part that the kind would ignore, and for what excludes each other."""
    given = {key for key, value in _optional_parts(behavior).items() if value is not None}
    for key in sorted(given - _USED[behavior.kind]):
        raise behavior.refusal(f"{behavior.kind} makes no use of {key}.", key, "Leave it out.")
    _exactly_one(behavior, event=behavior.event, actionId=behavior.action_id)
    if behavior.kind is CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE:
        _exactly_one(behavior, seqEvent=behavior.seq_event, seqActionId=behavior.seq_action_id)
    if behavior.explicit_datetime is not None and given & {"timeValue", "timeInterval"}:
        raise behavior.refusal(
            "explicitDatetime and timeValue exclude each other.",
            "explicitDatetime",
            "Both say when the time begins.",
        )


def _optional_parts(behavior: Behavior) -> dict[str, object]:
    return {
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


def _exactly_one(behavior: Behavior, **parts: object) -> None:
    first, second = parts
    if sum(value is not None for value in parts.values()) != 1:
        raise behavior.refusal(f"{behavior.kind} needs exactly one of {first} and {second}.", first)
