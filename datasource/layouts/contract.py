"""What the compiler may say about events without knowing a column: fields by name.

A statement over `Events` mentions `Field` nodes; an `EventLayout` replaces both by its tables and columns.
"""

from dataclasses import dataclass
from typing import Protocol

from datasource.sql.tree import Expr, Field, Query, Table
from errors import NotAvailable

TIMESTAMP = Field("timestamp")
"""When it happened: DateTime64(6, 'UTC')."""

EVENT = Field("event")
"""The event's name: String."""

DISTINCT_ID = Field("distinct_id")
"""Who did it, as sent: String."""

PERSON = Field("person")
"""Who did it: an opaque key of the person as of now, merged persons being one."""

PERSON_NUMBER = Field("stored_person")
"""The person's number as stored with the event, before merges: UInt32. Only where a layout has a roll-up."""

PERSON_ID = Field("person_id")
"""The id of the same person as text, NULL where it is not known: Nullable(String)."""

EVENT_ID = Field("uuid")
"""The event's own id: UUID."""

SESSION_ID = Field("session_id")
"""The session, '' for none: String."""

ELEMENTS_CHAIN = Field("elements_chain")
"""The elements of an interaction as one text, '' for none (see elements_chain.py): String."""

ELEMENTS_HREF = Field("elements_href")
"""The link of the innermost of them that has one, '' for none: String."""

ELEMENTS_TEXTS = Field("elements_texts")
"""The texts of those that have one, innermost first: Array(String)."""


def group_key(group_type_index: int) -> Field:
    """The key of the event's group of that type, '' for none: String."""
    return Field("group_key", group_type_index=group_type_index)


def event_text(key: str) -> Field:
    """A property of the event as text, NULL where absent: Nullable(String). Lists are JSON text."""
    return Field("event_text", key)


def event_number(key: str) -> Field:
    """The same as a number, NULL where the whole text is none: Nullable(Float64)."""
    return Field("event_number", key)


def person_text(key: str) -> Field:
    """A property of the event's person as of now, as text."""
    return Field("person_text", key)


def person_number(key: str) -> Field:
    """The same as a number."""
    return Field("person_number", key)


def group_text(group_type_index: int, key: str) -> Field:
    """A property of the event's group of that type as of now, as text."""
    return Field("group_text", key, group_type_index)


def group_number(group_type_index: int, key: str) -> Field:
    """The same as a number."""
    return Field("group_number", key, group_type_index)


SESSION_FIGURES = frozenset({"$session_duration", "$pageview_count", "$autocapture_count", "$screen_count"})
"""Session fields that are numbers; a duration is in whole seconds."""

SESSION_TEXTS = frozenset(
    {
        "$start_timestamp",
        "$end_timestamp",
        *(f"${end}_{key}" for end in ("entry", "end") for key in ("current_url", "pathname", "hostname")),
        *(f"$entry_utm_{key}" for key in ("source", "medium", "campaign", "term", "content")),
        "$entry_referring_domain",
    }
)
"""Session fields that are texts: what the session's first or last event with such a property says."""


def session_text(key: str) -> Field:
    """A field of the event's session as text, NULL without a session. `key` is one of the two sets above."""
    return Field("session_text", key)


def session_number(key: str) -> Field:
    """The same as a number; NULL for a text that is none."""
    return Field("session_number", key)


@dataclass(frozen=True, slots=True)
class HourlyRollup:
    """A table of counts per event and hour (UTC), for totals and unique people that need nothing else."""

    table: Table
    event: Expr
    hour: Expr
    """Start of the hour: DateTime('UTC')."""
    events: Expr
    """How many events: to be summed."""
    people: Expr
    """AggregateFunction(groupBitmap, UInt32) of `PERSON_NUMBER`: to be merged."""


class EventLayout(Protocol):
    """Where events, persons and groups are, and how their fields are read."""

    @property
    def has_own_tables(self) -> bool:
        """Whether the gateway made the tables: it may write to them, and keeps what it needs beside the events."""
        ...

    @property
    def rollup(self) -> HourlyRollup | None:
        """The roll-up by hour, if there is one."""
        ...

    def lower(self, query: Query) -> Query:
        """The query over the layout's tables, reading no column that the query's fields do not need."""
        ...

    def count_people(self, numbers: Expr) -> Expr:
        """How many persons a bitmap state of `PERSON_NUMBER` holds, merged ones counted once."""
        ...


def check_own_tables(layout: EventLayout, what: str) -> None:
    """Raises NOT_AVAILABLE for what takes tables of the gateway's own; `what` begins the sentence."""
    if not layout.has_own_tables:
        raise NotAvailable(
            f"{what} not available here: the events are in another installation's tables, which are read only.",
            hint="docs/posthog.md lists what works on such tables.",
        )
