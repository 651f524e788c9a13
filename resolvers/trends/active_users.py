"""Weekly and monthly active users: the actors of the days up to each bucket's first day."""

from datetime import datetime, timedelta

from datasource.layouts.contract import TIMESTAMP
from datasource.sql.tree import Column, Derived, Expr, Infix, Named, Number, Select, call, compare
from resolvers.trends.buckets import Buckets
from resolvers.trends.dates import DateRange
from resolvers.trends.intervals import CLOCK_INTERVALS, MINUTES_OF
from resolvers.trends.query import TrendInterval, TrendMath
from resolvers.trends.selection import BUCKET, FIGURE, EventSelection, inherited, names
from resolvers.trends.sliding_windows import count_sliding
from resolvers.trends.wall_clock import start_of_day, subtract_elapsed

WINDOW_DAYS = {TrendMath.WEEKLY_ACTIVE: 7, TrendMath.MONTHLY_ACTIVE: 30}

_TICK = "tick"
_ACTORS = "actors"
_TICKS_A_DAY = {interval: 24 * 60 // minutes for interval, minutes in MINUTES_OF.items()}


def count_active(actor: Expr, rows: EventSelection, days: int) -> Select:
    """Distinct actors per key, in the `days` days that end with each bucket's first tick.

    A tick is a bucket of the intervals of elapsed time, otherwise a day. For displays of one total the window
    ends with the range.
    """
    if rows.buckets is None:
        return rows.select(Named(call("uniqExact", actor), FIGURE), start=_last_window(rows, days))
    start = _first_window(rows.range, rows.buckets, days)
    if rows.buckets.interval in CLOCK_INTERVALS:
        return count_sliding(actor, rows, rows.buckets, days * _TICKS_A_DAY[rows.buckets.interval], start)
    ticks = _actors_by_tick(actor, rows, rows.buckets, start)
    spread = Select(
        columns=(
            *inherited(rows.values),
            Named(call("arrayJoin", _buckets_of_tick(rows.buckets, days)), BUCKET),
            Named(Column(_ACTORS), _ACTORS),
        ),
        source=Derived(ticks, "ticks"),
    )
    return Select(
        columns=(*inherited(rows.keys), Named(call("uniqExactMerge", Column(_ACTORS)), FIGURE)),
        source=Derived(spread, "windows"),
        group_by=names(rows.keys),
    )


def select_in_windows(columns: tuple[Named, ...], rows: EventSelection, days: int) -> Select:
    """The columns of those events that are in the window of some bucket."""
    if rows.buckets is None:
        start = _last_window(rows, days)
    else:
        start = _first_window(rows.range, rows.buckets, days)
        tick = rows.buckets.tick(TIMESTAMP)
        length = days * _TICKS_A_DAY.get(rows.buckets.interval, 1)
        last = (rows.buckets.count - 1) * _step(rows.buckets)
        rows = rows.also(compare(tick, ">", Number(-length))).also(compare(tick, "<=", Number(last)))
    return Select(columns=columns, source=rows.events(start), where=rows.where(start))


def _step(buckets: Buckets) -> int:
    """The number of ticks from one bucket to the next."""
    return 7 if buckets.interval is TrendInterval.WEEK else 1


def _first_window(range_: DateRange, buckets: Buckets, days: int) -> datetime:
    """The start of the first bucket's window; for days and longer, the window before the range's own start."""
    if buckets.interval in CLOCK_INTERVALS:  # the bucket itself is the window's last tick
        tick = timedelta(days=1) / _TICKS_A_DAY[buckets.interval]
        return subtract_elapsed(buckets.first, timedelta(days=days) - tick)
    return range_.start - timedelta(days=days)


def _actors_by_tick(actor: Expr, rows: EventSelection, buckets: Buckets, start: datetime) -> Select:
    keys = (*rows.values, Named(buckets.tick(TIMESTAMP), _TICK))
    return Select(
        columns=(*keys, Named(call("uniqExactState", actor), _ACTORS)),
        source=rows.events(start),
        where=rows.where(start),
        group_by=names(keys),
    )


def _buckets_of_tick(buckets: Buckets, length: int) -> Expr:
    """The numbers of the buckets whose window holds a tick: those that start in the `length` ticks from it on."""
    step = _step(buckets)
    first = call("greatest", Number(0), _divided_up(Column(_TICK), step))
    end = call("least", Number(buckets.count), _divided_up(_plus(Column(_TICK), length), step))
    return call("range", call("toUInt32", first), call("toUInt32", call("greatest", Number(0), end)))


def _divided_up(number: Expr, step: int) -> Expr:
    if step == 1:
        return number
    return call("toInt32", call("ceil", Infix("/", (number, Number(step)))))


def _plus(number: Expr, more: int) -> Expr:
    return Infix("+", (number, Number(more)))


def _last_window(rows: EventSelection, days: int) -> datetime:
    """The start of the last window. Windows of a short range begin no earlier than that of its first day."""
    earliest = start_of_day(rows.range.start) - timedelta(days=days - 1)
    return max(rows.range.end - timedelta(days=days), earliest)
