"""Behaviors: what the members of a cohort did or stopped doing.

All times are instants up to the clock's `now`: later events do not count.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, assert_never

from errors import BadUserInput, Name
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
    """A number of minutes, hours, days ...; days and longer are those of the calendar."""

    value: int
    interval: CohortInterval


@dataclass(frozen=True, slots=True)
class Behavior:
    """One criterion; its kind decides which of the optional parts it needs, and all others are None.

    The event is an event's name or an action. `negated` removes those who did it from the group.
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

    def at(self, key: str) -> InputPath:
        """Where a part is in the client's input."""
        return (*self.path, key)

    def needed(self, value: T | None, key: str) -> T:
        """The value of a part. Raises BadUserInput when it is missing."""
        if value is None:
            raise BadUserInput("{kind} needs {name}.", path=self.at(key), kind=self.kind, name=Name(key))
        return value

    def positive(self, value: int | None, key: str) -> int:
        """The value of a part that counts something."""
        number = self.needed(value, key)
        if number < 1:
            raise BadUserInput(
                "{name} must be at least 1, not {number}.", path=self.at(key), name=Name(key), number=number
            )
        return number

    @property
    def time(self) -> Span:
        """`time_value` and `time_interval`."""
        value = self.positive(self.time_value, "time_value")
        return Span(value, self.needed(self.time_interval, "time_interval"))

    @property
    def seq_time(self) -> Span:
        """`seq_time_value` and `seq_time_interval`."""
        value = self.positive(self.seq_time_value, "seq_time_value")
        return Span(value, self.needed(self.seq_time_interval, "seq_time_interval"))


_WINDOW = frozenset({"time_value", "time_interval", "explicit_datetime"})
_COUNT = frozenset({"count_operator", "count"})
_SEQ_TIME = frozenset({"seq_time_value", "seq_time_interval"})
_OPTIONAL = (
    *("time_value", "time_interval", "explicit_datetime", "count_operator", "count", "min_periods"),
    *("total_periods", "seq_event", "seq_action_id", "seq_time_value", "seq_time_interval"),
)


def _used_parts(kind: CohortBehaviorKind) -> frozenset[str]:
    match kind:
        case CohortBehaviorKind.PERFORMED_EVENT | CohortBehaviorKind.PERFORMED_EVENT_FIRST_TIME:
            return _WINDOW
        case CohortBehaviorKind.PERFORMED_EVENT_MULTIPLE:
            return _WINDOW | _COUNT
        case CohortBehaviorKind.PERFORMED_EVENT_REGULARLY:
            return _COUNT | {"time_value", "time_interval", "min_periods", "total_periods"}
        case CohortBehaviorKind.STOPPED_PERFORMING_EVENT | CohortBehaviorKind.RESTARTED_PERFORMING_EVENT:
            return _WINDOW | _SEQ_TIME
        case CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE:
            return _WINDOW | _SEQ_TIME | {"seq_event", "seq_action_id"}
        case _:
            assert_never(kind)


def check_parts(behavior: Behavior) -> None:
    """Raise BadUserInput for a part that the kind would ignore, and for parts that exclude each other."""
    given = {key for key in _OPTIONAL if getattr(behavior, key) is not None}
    for key in sorted(given - _used_parts(behavior.kind)):
        raise BadUserInput(
            "{kind} does not use {name}.",
            path=behavior.at(key),
            hint="Omit it.",
            kind=behavior.kind,
            name=Name(key),
        )
    _exactly_one(behavior, "event", "action_id")
    if behavior.kind is CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE:
        _exactly_one(behavior, "seq_event", "seq_action_id")
    if behavior.explicit_datetime is not None and given & {"time_value", "time_interval"}:
        raise BadUserInput(
            "Give either {datetime} or {value}, not both.",
            path=behavior.at("explicit_datetime"),
            hint="Both define when the time begins.",
            datetime=Name("explicit_datetime"),
            value=Name("time_value"),
        )


def _exactly_one(behavior: Behavior, first: str, second: str) -> None:
    if (getattr(behavior, first) is None) is (getattr(behavior, second) is None):
        raise BadUserInput(
            "{kind} needs exactly one of {first} and {second}.",
            path=behavior.at(first),
            kind=behavior.kind,
            first=Name(first),
            second=Name(second),
        )
