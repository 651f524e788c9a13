"""First-time maths: each person counts once in all history, if the first event is in the range."""

from dataclasses import replace

from datasource.event_times import instant
from datasource.layouts.contract import PERSON, TIMESTAMP
from datasource.sql.tree import (
    Call,
    Column,
    Derived,
    Events,
    Expr,
    Named,
    Number,
    Select,
    call,
    compare,
    equals,
    every,
)
from resolvers.trends.selection import FIGURE, EventSelection, inherited, names

_FIRST = "first"
_EVER = "ever"


def count_first_times(rows: EventSelection, *, matching: bool) -> Select:
    """Persons per key, in the bucket of their first event.

    `matching`: the first event that passes the filters counts. Otherwise the person's very first one counts, if it
    passes the filters itself. Breakdown values are those of that event.
    """
    keys = (*inherited(rows.values), *rows.bucket_keys(Column(_FIRST)))
    counted = _select_first((*keys, Named(call("count"), FIGURE)), rows, matching=matching)
    return replace(counted, group_by=names(keys))


def select_first_times(columns: tuple[Named, ...], rows: EventSelection, *, matching: bool) -> Select:
    """The columns of the events that count_first_times counts, one for each person."""
    # In tuples, because the first value is wanted even if it is NULL.
    values = tuple(Named(call("tuple", column.expr), column.name) for column in columns)
    found = tuple(Named(call("tupleElement", Column(column.name), Number(1)), column.name) for column in columns)
    return _select_first(found, replace(rows, values=values), matching=matching)


def _select_first(columns: tuple[Named, ...], rows: EventSelection, *, matching: bool) -> Select:
    passes = rows.filters or Number(1)
    counted = passes if matching else every(passes, compare(TIMESTAMP, ">=", instant(rows.first)))
    persons = _first_events(rows, counted or Number(1))
    in_range = compare(Column(_FIRST), ">=", instant(rows.first))
    return Select(
        columns=columns,
        source=Derived(persons, "persons"),
        where=every(in_range, None if matching else equals(Column(_FIRST), Column(_EVER))),
    )


def _first_events(rows: EventSelection, counted: Expr) -> Select:
    values = tuple(Named(Call("argMinIf", (value.expr, TIMESTAMP, counted)), value.name) for value in rows.values)
    return Select(
        columns=(
            *values,
            Named(Call("minIf", (TIMESTAMP, counted)), _FIRST),
            Named(call("min", TIMESTAMP), _EVER),
        ),
        source=Events(),
        where=every(rows.subject, compare(TIMESTAMP, "<=", instant(rows.last))),
        group_by=(PERSON,),
    )
