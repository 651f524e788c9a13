"""The events that a series counts: which, in what range, and by what they are grouped."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from datasource import event_times
from datasource.event_times import instant
from datasource.layouts.contract import TIMESTAMP
from datasource.sql.tree import Column, Events, Expr, Named, Select, compare, every
from resolvers.trends.buckets import Buckets
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.dates import DateRange

FIGURE = "figure"
"""The column with the result of a math."""

BUCKET = "bucket"
"""The column with the number of the bucket; displays of one total have none."""


_LONGEST_SESSION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventSelection:
    """The input of a math. `subject` is the condition on the event's name or action, `filters` all others.

    `buckets` is None for displays of one total; `values` are the breakdown's columns.
    """

    subject: Expr | None
    filters: Expr | None
    range: DateRange
    buckets: Buckets | None
    context: CompileContext
    values: tuple[Named, ...] = ()

    @property
    def first(self) -> datetime:
        """The first instant of the range at which there can be an event."""
        return max(self.range.read_from, event_times.FIRST)

    @property
    def last(self) -> datetime:
        """The last second of the range at which there can be an event; it is before `first` if there is none."""
        return min(self.range.read_to, event_times.LAST_SECOND)

    @property
    def keys(self) -> tuple[Named, ...]:
        """What is grouped by: the breakdown values, and the bucket where there are buckets."""
        return (*self.values, *self.bucket_keys(TIMESTAMP))

    def bucket_keys(self, moment: Expr) -> tuple[Named, ...]:
        """Return the bucket of an instant as a column, where there are buckets."""
        return () if self.buckets is None else (Named(self.buckets.index(moment), BUCKET),)

    def also(self, condition: Expr | None) -> "EventSelection":
        """Return the selection with one more condition."""
        return replace(self, filters=every(self.filters, condition))

    def where(self, start: datetime | None = None) -> Expr | None:
        """Return the whole condition; `start` replaces the start of the range."""
        first = compare(TIMESTAMP, ">=", instant(self._first(start)))
        return every(self.subject, first, compare(TIMESTAMP, "<=", instant(self.last)), self.filters)

    def events(self, start: datetime | None = None) -> Events:
        """Return the source, with the time span of the events' sessions as a hint for the layout."""
        first, last = self._first(start) - _LONGEST_SESSION, self.last + _LONGEST_SESSION
        return Events(near=(instant(first), instant(last)))

    def _first(self, start: datetime | None) -> datetime:
        return self.first if start is None else max(start.replace(microsecond=0), event_times.FIRST)

    def select(self, *columns: Named, start: datetime | None = None, by: tuple[Expr, ...] = ()) -> Select:
        """Return a query of the keys and the columns, grouped by the keys and `by`."""
        return Select(
            columns=(*self.keys, *columns),
            source=self.events(start),
            where=self.where(start),
            group_by=(*names(self.keys), *by),
        )


def names(keys: tuple[Named, ...]) -> tuple[Expr, ...]:
    """Return the names of the keys for GROUP BY."""
    return tuple(Column(key.name) for key in keys)


def inherited(keys: tuple[Named, ...]) -> tuple[Named, ...]:
    """Return the columns by which an outer query passes on the keys of its inner one."""
    return tuple(Named(Column(key.name), key.name) for key in keys)
