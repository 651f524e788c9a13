"""Totals and unique people of whole hours, read from the roll-up; the ragged ends are read from the events."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from datasource.clickhouse.sql import (
    Column,
    Derived,
    Events,
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
from datasource.events.layout import EVENT, PERSON_NUMBER, TIMESTAMP, EventLayout, HourlyRollup
from resolvers.trends.buckets import Buckets
from resolvers.trends.dates import DateRange
from resolvers.trends.math import BUCKET, FIGURE
from resolvers.trends.query import EventSeries, TrendMath

_HOUR = timedelta(hours=1)
_PEOPLE = "people"


@dataclass(frozen=True, slots=True)
class WholeHours:
    """The hours (UTC) that lie wholly inside a range: start <= hour < end."""

    start: datetime
    end: datetime

    @classmethod
    def inside(cls, range_: DateRange) -> "WholeHours":
        """The hour in which the range's last second lies is never whole: it is read up to that second."""
        first = range_.read_from.astimezone(UTC)
        start = first.replace(minute=0, second=0)
        end = range_.read_to.astimezone(UTC).replace(minute=0, second=0)
        return cls(start if start == first else start + _HOUR, end)


def can_answer(series: EventSeries, buckets: Buckets | None) -> bool:
    """Whether the roll-up knows the series' figures. Its filters are known to be none."""
    math = series.math
    counts_people = math.kind is TrendMath.DAU and math.group_type_index is None
    return (math.kind is TrendMath.TOTAL or counts_people) and (buckets is None or buckets.split_at_whole_hours)


def count_hours(
    series: EventSeries, range_: DateRange, buckets: Buckets | None, layout: EventLayout, rollup: HourlyRollup
) -> Select:
    """The same query as count_rows would make of the series, over the roll-up and the range's two ends."""
    unique = series.math.kind is TrendMath.DAU
    hours = WholeHours.inside(range_)
    whole = _select_hours(series.event, hours, buckets, rollup, unique=unique)
    ends = _select_ends(series.event, range_, hours, buckets, unique=unique)
    figure: Expr = call("sum", Column(FIGURE))
    if unique:
        figure = layout.count_people(call("groupBitmapMergeState", Column(_PEOPLE)))
    keys = () if buckets is None else (Named(Column(BUCKET), BUCKET),)
    return Select(
        columns=(*keys, Named(figure, FIGURE)),
        source=Derived(Union((whole, ends)), "hours"),
        group_by=tuple(key.expr for key in keys),
    )


def _select_hours(
    event: str | None, hours: WholeHours, buckets: Buckets | None, rollup: HourlyRollup, *, unique: bool
) -> Select:
    figure = (
        Named(call("groupBitmapMergeState", rollup.people), _PEOPLE)
        if unique
        else Named(call("sum", rollup.events), FIGURE)
    )
    where = every(
        None if event is None else equals(rollup.event, Param(event, "String")),
        compare(rollup.hour, ">=", _hour(hours.start)),
        compare(rollup.hour, "<", _hour(hours.end)),
    )
    keys = _bucket_keys(rollup.hour, buckets)
    return Select((*keys, figure), rollup.table, where=where, group_by=_names(keys))


def _select_ends(
    event: str | None, range_: DateRange, hours: WholeHours, buckets: Buckets | None, *, unique: bool
) -> Select:
    figure = Named(call("groupBitmapState", PERSON_NUMBER), _PEOPLE) if unique else Named(call("count"), FIGURE)
    start, end = _instant(range_.read_from), _instant(range_.read_to)
    where = every(
        None if event is None else equals(EVENT, Param(event, "String")),
        compare(TIMESTAMP, ">=", start),
        compare(TIMESTAMP, "<=", end),
        either(
            compare(TIMESTAMP, "<", _instant(hours.start)),
            compare(TIMESTAMP, ">=", _instant(max(hours.start, hours.end))),
        ),
    )
    keys = _bucket_keys(TIMESTAMP, buckets)
    return Select((*keys, figure), Events(), where=where, group_by=_names(keys))


def _bucket_keys(moment: Expr, buckets: Buckets | None) -> tuple[Named, ...]:
    return () if buckets is None else (Named(buckets.index(moment), BUCKET),)


def _names(keys: tuple[Named, ...]) -> tuple[Expr, ...]:
    return tuple(Column(key.name) for key in keys)


def _hour(moment: datetime) -> Expr:
    return Param(f"{moment:%Y-%m-%d %H:%M:%S}", "DateTime('UTC')")


def _instant(moment: datetime) -> Expr:
    return Param(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "DateTime64(6, 'UTC')")
