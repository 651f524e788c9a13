"""Actors in windows that slide by short steps, in time that does not depend on the length of the windows.

Each event is in the windows of `length` buckets, a month of minutes in 43,200: repeating its actor for each would
take gigabytes. Instead, an actor's windows are merged to spans without overlap, whose starts and ends are counted.
"""

from datetime import datetime
from typing import Final

from datasource.layouts.contract import TIMESTAMP
from datasource.sql.tree import Call, Column, Derived, Expr, Infix, Lambda, Named, Number, Select, call, compare
from resolvers.trends.buckets import Buckets
from resolvers.trends.selection import BUCKET, FIGURE, EventSelection, inherited, names

_LONG_BEFORE: Final = Number(-1_000_000_000)
"""A tick before every other one, even with the length of a window added."""
_NOTHING: Final = Number(0)


def count_sliding(actor: Expr, rows: EventSelection, buckets: Buckets, length: int, start: datetime) -> Select:
    """Distinct actors per key with an event in the `length` buckets that end with each one.

    `start` is where the first window begins.
    """
    ticks = Select(
        columns=(
            *rows.values,
            Named(call("arraySort", call("groupUniqArray", buckets.tick(TIMESTAMP))), "ticks"),
        ),
        source=rows.events(start),
        where=rows.where(start),
        group_by=(*names(rows.values), actor),
    )
    keys = inherited(rows.values)
    edges = Select((*keys, Named(call("arrayJoin", _edges(length)), "edge")), Derived(ticks, "actors"))
    position, change = (call("tupleElement", Column("edge"), Number(index)) for index in (1, 2))
    changes = Select(
        columns=(*keys, Named(call("toUInt32", position), "position"), Named(call("sum", change), "change")),
        source=Derived(edges, "edges"),
        where=compare(position, "<", Number(buckets.count)),
        group_by=(*names(rows.values), Column("position")),
    )
    in_order = Call(
        "groupArrayInsertAt",
        (Column("change"), Column("position")),
        (call("toInt64", _NOTHING), Number(buckets.count)),
    )
    running = Select(
        columns=(*keys, Named(call("arrayCumSum", in_order), "figures")),
        source=Derived(changes, "changes"),
        group_by=names(rows.values),
    )
    return _unfolded(running, rows)


def _edges(length: int) -> Expr:
    """The starts of an actor's spans, +1 each, and their ends, -1; where windows overlap, both cancel."""
    ticks = Column("ticks")
    before = call("arrayPushFront", call("arrayPopBack", ticks), _LONG_BEFORE)
    end_of_previous = Infix("+", (Column("previous"), Number(length)))
    end = call("greatest", _NOTHING, Infix("+", (Column("tick"), Number(length))))
    starts = Lambda(("tick", "previous"), _edge(call("greatest", _NOTHING, Column("tick"), end_of_previous), 1))
    return call(
        "arrayConcat",
        call("arrayMap", starts, ticks, before),
        call("arrayMap", Lambda(("tick",), _edge(end, -1)), ticks),
    )


def _edge(position: Expr, change: int) -> Expr:
    return call("tuple", call("toInt64", position), call("toInt64", Number(change)))


def _unfolded(running: Select, rows: EventSelection) -> Select:
    """One row for each bucket with actors."""
    keys, figures = inherited(rows.values), Column("figures")
    numbered = call("arrayZip", figures, call("arrayEnumerate", figures))
    entries = Select((*keys, Named(call("arrayJoin", numbered), "entry")), Derived(running, "running"))
    figure, number = (call("tupleElement", Column("entry"), Number(index)) for index in (1, 2))
    return Select(
        columns=(*keys, Named(Infix("-", (number, Number(1))), BUCKET), Named(figure, FIGURE)),
        source=Derived(entries, "windows"),
        where=compare(figure, ">", _NOTHING),
    )
