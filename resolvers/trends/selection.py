"""The events that a series counts: which, in what range, and by what they are grouped."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from datasource.layouts.contract import TIMESTAMP
from datasource.sql.tree import Column, Events, Expr, Named, Param, Select, compare, every
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
        return every(self.subject, *between(start or self.range.read_from, self.range.read_to), self.filters)

    def events(self, start: datetime | None = None) -> Events:
        """Return the source, with the time span of the events' sessions as a hint for the layout."""
        first, last = (start or self.range.read_from) - _LONGEST_SESSION, self.range.read_to + _LONGEST_SESSION
        return Events(near=(instant(first), instant(last)))

    def select(self, *columns: Named, start: datetime | None = None, by: tuple[Expr, ...] = ()) -> Select:
        """Return a query of the keys and the columns, grouped by the keys and `by`."""
        return Select(
            columns=(*self.keys, *columns),
            source=self.events(start),
            where=self.where(start),
            group_by=(*names(self.keys), *by),
        )


def between(start: datetime, end: datetime) -> tuple[Expr, Expr]:
    """Return the condition that an event lies in a span of whole seconds, both ends included."""
    return compare(TIMESTAMP, ">=", instant(start)), compare(TIMESTAMP, "<=", instant(end))


def instant(moment: datetime) -> Param:
    """Return a whole second as a parameter."""
    return Param(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "DateTime64(6, 'UTC')")


def names(keys: tuple[Named, ...]) -> tuple[Expr, ...]:
    """Return the names of the keys for GROUP BY."""
    return tuple(Column(key.name) for key in keys)


def inherited(keys: tuple[Named, ...]) -> tuple[Named, ...]:
    """Return the columns by which an outer query passes on the keys of its inner one."""
    return tuple(Named(Column(key.name), key.name) for key in keys)
