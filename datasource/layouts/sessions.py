"""Sessions without a table of their own: computed from the events that carry the session's id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datasource.layouts.contract import SESSION_FIGURES
from datasource.layouts.lowering import as_values
from datasource.sql.tree import (
    Call,
    Cast,
    Column,
    Derived,
    Events,
    Expr,
    Field,
    Join,
    Named,
    Param,
    Select,
    Table,
    call,
    compare,
    equals,
    every,
)

ALIAS = "session"

EVENTS_ALIAS = "s"
"""The alias under which the events of sessions are read, besides those that are asked about."""

_TIME = Column("timestamp", EVENTS_ALIAS)
_COUNTED_EVENTS = {
    "$pageview_count": "$pageview",
    "$autocapture_count": "$autocapture",
    "$screen_count": "$screen",
}
_PROPERTIES = {"hostname": "$host", "referring_domain": "$referring_domain"}


@dataclass(frozen=True, slots=True)
class SessionEvents:
    """A layout's events, under EVENTS_ALIAS: the session of one, '' for none, and the text of a property."""

    table: Table
    session_id: Expr
    text: Callable[[str], Expr]
    condition: Expr | None = None


def join_sessions(wanted: Sequence[Field], events: Events, session_id: Expr, of: SessionEvents) -> Join:
    """The join of the sessions of the events, whose `session_id` is given."""
    query = Select(
        columns=(
            Named(of.session_id, "session_id"),
            *as_values(wanted, lambda field: as_wanted(field, _value(field.key or "", of))),
        ),
        source=of.table,
        where=every(of.condition, compare(of.session_id, "!=", Param("", "String")), *_near(events)),
        group_by=(of.session_id,),
    )
    condition = equals(session_id, Column("session_id", ALIAS))
    return Join("ANY LEFT", Derived(query, ALIAS), condition)


def _near(events: Events) -> tuple[Expr, ...]:
    if events.near is None:
        return ()
    start, end = events.near
    return compare(_TIME, ">=", start), compare(_TIME, "<=", end)


def as_wanted(field: Field, value: Expr) -> Expr:
    """A session's value as the field is read: as a text or as a number."""
    if field.name == "session_text":
        return Cast(value, "Nullable(String)")
    if field.key in SESSION_FIGURES:
        return Cast(value, "Nullable(Float64)")
    return call("toFloat64OrNull", Cast(value, "Nullable(String)"))


def seconds_between(first: Expr, last: Expr) -> Expr:
    """How long a session is."""
    return call("dateDiff", Param("second", "String"), first, last)


def _value(key: str, of: SessionEvents) -> Expr:
    if key == "$session_duration":
        return seconds_between(call("min", _TIME), call("max", _TIME))
    if key in _COUNTED_EVENTS:
        return call("countIf", equals(Column("event", EVENTS_ALIAS), Param(_COUNTED_EVENTS[key], "String")))
    if key in ("$start_timestamp", "$end_timestamp"):
        return call("min" if key == "$start_timestamp" else "max", _TIME)
    end, _, name = key.removeprefix("$").partition("_")
    # argMin and argMax pass over events whose text is NULL.
    return Call("argMin" if end == "entry" else "argMax", (of.text(_property(name)), _TIME))


def _property(name: str) -> str:
    return name if name.startswith("utm_") else _PROPERTIES.get(name, f"${name}")
