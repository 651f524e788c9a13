"""Sessions in the native layout: computed from the events that carry the session's id."""

from collections.abc import Iterable

from datasource.clickhouse.sql import (
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
    Subcolumn,
    Table,
    call,
    compare,
    equals,
    every,
)
from datasource.events.layout import SESSION_FIGURES

ALIAS = "session"

_TABLE = Table("events", "s")
_ID = Column("session_id", "s")
_TIME = Column("timestamp", "s")
_COUNTED_EVENTS = {
    "$pageview_count": "$pageview",
    "$autocapture_count": "$autocapture",
    "$screen_count": "$screen",
}
_PROPERTIES = {"hostname": "$host", "referring_domain": "$referring_domain"}


def join_sessions(wanted: Iterable[Field], events: Events) -> Join:
    """The join of the events' sessions, with the wanted fields as v0, v1 ..."""
    columns = tuple(Named(_as_wanted(field), f"v{n}") for n, field in enumerate(wanted))
    query = Select(
        columns=(Named(_ID, "session_id"), *columns),
        source=_TABLE,
        where=every(compare(_ID, "!=", Param("", "String")), *_near(events)),
        group_by=(_ID,),
    )
    condition = equals(Column("session_id", "e"), Column("session_id", ALIAS))
    return Join("ANY LEFT", Derived(query, ALIAS), condition)


def _near(events: Events) -> tuple[Expr, ...]:
    if events.near is None:
        return ()
    start, end = events.near
    return compare(_TIME, ">=", start), compare(_TIME, "<=", end)


def _as_wanted(field: Field) -> Expr:
    value = _value(field.key or "")
    if field.name == "session_text":
        return Cast(value, "Nullable(String)")
    if field.key in SESSION_FIGURES:
        return Cast(value, "Nullable(Float64)")
    return call("toFloat64OrNull", Cast(value, "Nullable(String)"))


def _value(key: str) -> Expr:
    if key == "$session_duration":
        return call("dateDiff", Param("second", "String"), call("min", _TIME), call("max", _TIME))
    if key in _COUNTED_EVENTS:
        return call("countIf", equals(Column("event", "s"), Param(_COUNTED_EVENTS[key], "String")))
    if key in ("$start_timestamp", "$end_timestamp"):
        return call("min" if key == "$start_timestamp" else "max", _TIME)
    end, _, name = key.removeprefix("$").partition("_")
    property_ = Subcolumn(Column("properties", "s"), _property(name))
    text = Cast(property_, "Nullable(String)")
    # argMin and argMax pass over events whose text is NULL.
    return Call("argMin" if end == "entry" else "argMax", (text, _TIME))


def _property(name: str) -> str:
    return name if name.startswith("utm_") else _PROPERTIES.get(name, f"${name}")
