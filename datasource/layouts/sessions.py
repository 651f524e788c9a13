"""Sessions without a table of sessions: computed from the events with the session's id."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from datasource.event_times import within_event_times
from datasource.layouts.contract import ADVERTS, SESSION_NUMBERS
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
"""The alias of the sessions' events, beside that of the queried events."""

_TIME = Column("timestamp", EVENTS_ALIAS)
_COUNTED_EVENTS = {
    "$pageview_count": "$pageview",
    "$autocapture_count": "$autocapture",
    "$screen_count": "$screen",
}
_PROPERTIES = {
    **{"hostname": "$host", "referring_domain": "$referring_domain"},
    **{name: name for name in ADVERTS},
}


@dataclass(frozen=True, slots=True)
class SessionEvents:
    """A layout's events under EVENTS_ALIAS, with the id of their session, '' without one."""

    table: Table
    session_id: Expr
    text: Callable[[str], Expr]
    condition: Expr | None = None


def join_sessions(wanted: Sequence[Field], events: Events, session_id: Expr, sessions: SessionEvents) -> Join:
    """Join the sessions of events with this `session_id`."""
    has_session = compare(sessions.session_id, "!=", Param("", "String"))
    query = Select(
        columns=(
            Named(sessions.session_id, "session_id"),
            *as_values(wanted, lambda field: as_wanted(field, _value(field.key or "", sessions))),
        ),
        source=sessions.table,
        where=within_event_times(_TIME, every(sessions.condition, has_session, *_near(events))),
        group_by=(sessions.session_id,),
    )
    condition = equals(session_id, Column("session_id", ALIAS))
    return Join("ANY LEFT", Derived(query, ALIAS), condition)


def _near(events: Events) -> tuple[Expr, ...]:
    if events.near is None:
        return ()
    start, end = events.near
    return compare(_TIME, ">=", start), compare(_TIME, "<=", end)


def as_wanted(field: Field, value: Expr) -> Expr:
    """Convert a session's value to the type of the field."""
    if field.name == "session_text":
        return Cast(value, "Nullable(String)")
    if field.key in SESSION_NUMBERS:
        return Cast(value, "Nullable(Float64)")
    return call("toFloat64OrNull", Cast(value, "Nullable(String)"))


def seconds_between(first: Expr, last: Expr) -> Expr:
    """Return the duration of a session."""
    return call("dateDiff", Param("second", "String"), first, last)


def _value(key: str, sessions: SessionEvents) -> Expr:
    if key == "$session_duration":
        return seconds_between(call("min", _TIME), call("max", _TIME))
    if key in _COUNTED_EVENTS:
        return call("countIf", equals(Column("event", EVENTS_ALIAS), Param(_COUNTED_EVENTS[key], "String")))
    if key in ("$start_timestamp", "$end_timestamp"):
        return call("min" if key == "$start_timestamp" else "max", _TIME)
    end, _, name = key.removeprefix("$").partition("_")
    # argMin and argMax skip events where the property is NULL.
    return Call("argMin" if end == "entry" else "argMax", (sessions.text(_property(name)), _TIME))


def _property(name: str) -> str:
    return name if name.startswith("utm_") else _PROPERTIES.get(name, f"${name}")
