"""The events that a series counts: which, from when to when, and by what they are split."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from datasource.layouts.contract import TIMESTAMP
from datasource.sql.tree import Column, Events, Expr, Named, Param, Select, compare, every
from resolvers.trends.buckets import Buckets
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.dates import DateRange

FIGURE = "figure"
"""The column that holds a query's figure."""

BUCKET = "bucket"
"""The key that holds the bucket's number; not there for displays of one total."""


_LONGEST_SESSION = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class EventSelection:
    """What a math has to work with. `subject` says which event it is, `filters` all other conditions.

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
        """By what a figure is asked: the breakdown's values, and the bucket where there are buckets."""
        return (*self.values, *self.bucket_keys(TIMESTAMP))

    def bucket_keys(self, moment: Expr) -> tuple[Named, ...]:
        """The bucket of an instant as a column, where there are buckets."""
        return () if self.buckets is None else (Named(self.buckets.index(moment), BUCKET),)

    def also(self, condition: Expr | None) -> "EventSelection":
        """The same rows under one more condition."""
        return replace(self, filters=every(self.filters, condition))

    def where(self, start: datetime | None = None) -> Expr | None:
        """The condition of the rows; `start` replaces the instant from which the range is read."""
        return every(self.subject, *between(start or self.range.read_from, self.range.read_to), self.filters)

    def events(self, start: datetime | None = None) -> Events:
        """The events to select from, told when they and their sessions took place."""
        first, last = (start or self.range.read_from) - _LONGEST_SESSION, self.range.read_to + _LONGEST_SESSION
        return Events(near=(instant(first), instant(last)))

    def select(self, *columns: Named, start: datetime | None = None, by: tuple[Expr, ...] = ()) -> Select:
        """The keys and the columns, grouped by the keys and `by`."""
        return Select(
            columns=(*self.keys, *columns),
            source=self.events(start),
            where=self.where(start),
            group_by=(*names(self.keys), *by),
        )


def between(start: datetime, end: datetime) -> tuple[Expr, Expr]:
    """The condition that an event lies in a span of whole seconds, both ends included."""
    return compare(TIMESTAMP, ">=", instant(start)), compare(TIMESTAMP, "<=", instant(end))


def instant(moment: datetime) -> Param:
    """A whole second as a parameter."""
    return Param(f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}", "DateTime64(6, 'UTC')")


def names(keys: tuple[Named, ...]) -> tuple[Expr, ...]:
    """The keys by their names, as GROUP BY takes them."""
    return tuple(Column(key.name) for key in keys)


def kept(keys: tuple[Named, ...]) -> tuple[Named, ...]:
    """The keys of an inner query, passed on by the outer one."""
    return tuple(Named(Column(key.name), key.name) for key in keys)
