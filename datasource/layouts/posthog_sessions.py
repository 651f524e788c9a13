"""Sessions of a PostHog installation: from its table of sessions, otherwise from their events."""

from collections.abc import Sequence

from datasource.layouts import sessions
from datasource.layouts.contract import ADVERTS
from datasource.layouts.lowering import as_values
from datasource.layouts.posthog_columns import SESSIONS
from datasource.layouts.posthog_tables import PostHogTables
from datasource.layouts.sessions import EVENTS_ALIAS, SessionEvents, as_wanted, seconds_between
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
    Null,
    Number,
    Param,
    Select,
    call,
    compare,
    equals,
    every,
)

SESSION_KEY = "$session_id"

_ALIAS = "r"
_ID = Column("session_id_v7", _ALIAS)
_JOINED_BY = "$session_id_uuid"
_COUNTS = {
    "$pageview_count": "pageview_count",
    "$autocapture_count": "autocapture_count",
    "$screen_count": "screen_count",
}
_URL_FUNCTIONS = {"pathname": "path", "hostname": "domain"}
_DAYS_AROUND = 2
"""Sessions begin within three days of the range; `Events.near` is a day wider than the range already."""

_MILLISECONDS_FROM = 80
"""The bit of a UUIDv7 at which its time begins, in milliseconds since 1970."""


def join_sessions(tables: PostHogTables, wanted: Sequence[Field], events: Events) -> Join:
    """Join the fields of the events' sessions."""
    if tables.columns.has_sessions and tables.columns.has("events", _JOINED_BY):
        return _join_table(tables, wanted, events)
    properties = tables.event_properties(EVENTS_ALIAS)
    of = SessionEvents(
        table=tables.table("events", EVENTS_ALIAS),
        session_id=properties.identity(SESSION_KEY),
        text=properties.text,
        condition=tables.is_not_deleted("events", EVENTS_ALIAS),
    )
    session_id = tables.event_properties("e").identity(SESSION_KEY)
    return sessions.join_sessions(wanted, events, session_id, of)


def _join_table(tables: PostHogTables, wanted: Sequence[Field], events: Events) -> Join:
    query = Select(
        columns=(
            Named(_ID, "session_id"),
            *as_values(wanted, lambda field: as_wanted(field, _value(field.key or "", tables))),
        ),
        source=tables.table(SESSIONS, _ALIAS),
        where=_near(events),
        group_by=(_ID,),
    )
    condition = equals(Column(_JOINED_BY, "e"), Column("session_id", sessions.ALIAS))
    return Join("ANY LEFT", Derived(query, sessions.ALIAS), condition)


def _near(events: Events) -> Expr | None:
    if events.near is None:
        return None
    milliseconds = call("toUInt64", call("bitShiftRight", _ID, Number(_MILLISECONDS_FROM)))
    begins = call("fromUnixTimestamp", call("intDiv", milliseconds, Number(1000)))
    start, end = events.near
    return every(
        compare(begins, ">=", call("subtractDays", start, Number(_DAYS_AROUND))),
        compare(begins, "<=", call("addDays", end, Number(_DAYS_AROUND))),
    )


def _value(key: str, tables: PostHogTables) -> Expr:
    first, last = call("min", Column("min_timestamp", _ALIAS)), call("max", Column("max_timestamp", _ALIAS))
    match key:
        case "$session_duration":
            return seconds_between(first, last)
        case "$start_timestamp":
            return first
        case "$end_timestamp":
            return last
        case _ if key in _COUNTS:
            return call("sum", Column(_COUNTS[key], _ALIAS))
    end, _, name = key.removeprefix("$").partition("_")
    if name in ADVERTS and not tables.columns.has(SESSIONS, f"initial_{name}"):
        return Cast(Null(), "Nullable(String)")  # an older table
    if name.startswith("utm_") or name in ("referring_domain", *ADVERTS):
        return _present(_merge_state(f"initial_{name}", first=True))
    url = _merge_state("entry_url" if end == "entry" else "end_url", first=end == "entry")
    return _present(call(_URL_FUNCTIONS[name], url) if name in _URL_FUNCTIONS else url)


def _merge_state(column: str, *, first: bool) -> Call:
    return call("argMinMerge" if first else "argMaxMerge", Column(column, _ALIAS))


def _present(text: Expr) -> Expr:
    # The table has '' for values that no event had.
    return call("nullIf", text, Param("", "String"))
