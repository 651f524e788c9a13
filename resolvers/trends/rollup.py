"""Totals and unique users from the hourly roll-up; the partial hours at both ends come from the events."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from datasource.event_times import instant
from datasource.layouts.contract import PERSON_NUMBER, TIMESTAMP, EventLayout, HourlyRollup
from datasource.sql.tree import (
    Column,
    Derived,
    Expr,
    Named,
    Param,
    Select,
    Union,
    call,
    compare,
    either,
    equals,
    every,
)
from resolvers.trends.query import Math, TrendMath
from resolvers.trends.selection import FIGURE, EventSelection, inherited, names

_HOUR = timedelta(hours=1)
_PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class WholeHours:
    """The hours (UTC) that lie wholly inside the range of a selection: start <= hour < end."""

    start: datetime
    end: datetime

    @classmethod
    def inside(cls, rows: EventSelection) -> "WholeHours":
        # The hour of the range's last second is never whole: it is read up to that second.
        first = rows.first.astimezone(UTC)
        hour = first.replace(minute=0, second=0)
        start = hour if hour == first else hour + _HOUR
        return cls(start, max(start, rows.last.astimezone(UTC).replace(minute=0, second=0, microsecond=0)))


def can_answer(math: Math, rows: EventSelection) -> bool:
    """Whether the roll-up has the values: totals or unique users of one event, or of all, without breakdowns.

    The borders between buckets must be whole hours of UTC.
    """
    if rows.filters is not None or rows.values or math.group_type_index is not None:
        return False
    return math.kind in (TrendMath.TOTAL, TrendMath.DAU)


def count_hours(
    event: str | None, math: Math, rows: EventSelection, layout: EventLayout, rollup: HourlyRollup
) -> Select:
    """Return a query with the result of count_rows, over the roll-up and the range's two ends."""
    unique = math.kind is TrendMath.DAU
    hours = WholeHours.inside(rows)
    whole = _select_hours(event, hours, rows, rollup, unique=unique)
    ends = _select_ends(hours, rows, unique=unique)
    value: Expr = call("sum", Column(FIGURE))
    if unique:
        value = layout.count_people(call("groupBitmapMergeState", Column(_PEOPLE)))
    keys = inherited(rows.keys)
    return Select(
        columns=(*keys, Named(value, FIGURE)),
        source=Derived(Union((whole, ends)), "hours"),
        group_by=names(keys),
    )


def _select_hours(
    event: str | None, hours: WholeHours, rows: EventSelection, rollup: HourlyRollup, *, unique: bool
) -> Select:
    people = Named(call("groupBitmapMergeState", rollup.people), _PEOPLE)
    where = every(
        None if event is None else equals(rollup.event, Param(event, "String")),
        compare(rollup.hour, ">=", _hour(hours.start)),
        compare(rollup.hour, "<", _hour(hours.end)),
    )
    keys = rows.bucket_keys(rollup.hour)
    value = people if unique else Named(call("sum", rollup.events), FIGURE)
    return Select((*keys, value), rollup.table, where=where, group_by=names(keys))


def _select_ends(hours: WholeHours, rows: EventSelection, *, unique: bool) -> Select:
    people = Named(call("groupBitmapState", PERSON_NUMBER), _PEOPLE)
    outside = either(
        compare(TIMESTAMP, "<", instant(hours.start)),
        compare(TIMESTAMP, ">=", instant(hours.end)),
    )
    return rows.also(outside).select(people if unique else Named(call("count"), FIGURE))


def _hour(moment: datetime) -> Expr:
    return Param(f"{moment:%Y-%m-%d %H:%M:%S}", "DateTime('UTC')")
