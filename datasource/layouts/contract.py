"""The fields of events by name, and the contract of a layout, which maps them to tables and columns.

A query over `Events` has `Field` nodes; an `EventLayout` replaces both by its tables and columns.
"""

from dataclasses import dataclass
from typing import Protocol

from datasource.sql.tree import Expr, Field, Query, Table
from errors import NotAvailable

TIMESTAMP = Field("timestamp")
"""The time of the event: DateTime64(6, 'UTC')."""

EVENT = Field("event")
"""The event's name: String."""

DISTINCT_ID = Field("distinct_id")
"""The distinct id as sent: String."""

PERSON = Field("person")
"""An opaque key of the person as of now; merged persons are one."""

PERSON_NUMBER = Field("stored_person")
"""The person's number as stored with the event, before merges: UInt32. Only where a layout has a roll-up."""

PERSON_ID = Field("person_id")
"""The id of the same person, NULL where it is unknown: Nullable(String)."""

EVENT_ID = Field("uuid")
"""The event's own id: UUID."""

SESSION_ID = Field("session_id")
"""The session's id, '' without one: String."""

ELEMENTS_CHAIN = Field("elements_chain")
"""The elements of an interaction as one string, '' without any (see elements_chain.py): String."""

ELEMENTS_HREF = Field("elements_href")
"""The link of the innermost of them that has one, '' without any: String."""

ELEMENTS_TEXTS = Field("elements_texts")
"""The texts of the elements that have one, innermost first: Array(String)."""


def group_key(group_type_index: int) -> Field:
    """The key of the event's group of that type, '' without one: String."""
    return Field("group_key", group_type_index=group_type_index)


def event_text(key: str) -> Field:
    """A property of the event as a string, NULL where absent: Nullable(String). Lists are JSON."""
    return Field("event_text", key)


def event_number(key: str) -> Field:
    """The same as a number, NULL where the string is not one: Nullable(Float64)."""
    return Field("event_number", key)


def person_text(key: str) -> Field:
    """A property of the event's person as of now, as a string."""
    return Field("person_text", key)


def person_number(key: str) -> Field:
    """The same as a number."""
    return Field("person_number", key)


def group_text(group_type_index: int, key: str) -> Field:
    """A property of the event's group of that type as of now, as a string."""
    return Field("group_text", key, group_type_index)


def group_number(group_type_index: int, key: str) -> Field:
    """The same as a number."""
    return Field("group_number", key, group_type_index)


SESSION_NUMBERS = frozenset({"$session_duration", "$pageview_count", "$autocapture_count", "$screen_count"})
"""Session fields that are numbers; a duration is in whole seconds."""

SESSION_STRINGS = frozenset(
    {
        "$start_timestamp",
        "$end_timestamp",
        *(f"${end}_{key}" for end in ("entry", "end") for key in ("current_url", "pathname", "hostname")),
        *(f"$entry_utm_{key}" for key in ("source", "medium", "campaign", "term", "content")),
        "$entry_referring_domain",
    }
)
"""Session fields that are strings, from the session's first or last event with the property."""


ADVERTS = ("gclid", "fbclid", "gad_source")
"""What advertisements add to addresses: $entry_gclid and so on are fields of sessions too, for other fields."""


def session_text(key: str) -> Field:
    """A field of the event's session as a string, NULL without a session. `key` is in one of the sets above."""
    return Field("session_text", key)


def session_number(key: str) -> Field:
    """The same as a number; NULL for a string that is not one."""
    return Field("session_number", key)


@dataclass(frozen=True, slots=True)
class HourlyRollup:
    """A table of counts and people per event and hour (UTC)."""

    table: Table
    event: Expr
    hour: Expr
    """Start of the hour: DateTime('UTC')."""
    events: Expr
    """The number of events, to be summed."""
    people: Expr
    """AggregateFunction(groupBitmap, UInt32) of `PERSON_NUMBER`, to be merged."""


class EventLayout(Protocol):
    """The tables of events, persons and groups, and how their fields are read."""

    @property
    def has_own_tables(self) -> bool:
        """Whether the tables are Trendgate's own, which it writes to."""
        ...

    @property
    def rollup(self) -> HourlyRollup | None:
        """The roll-up by hour, if there is one."""
        ...

    def lower(self, query: Query) -> Query:
        """Return the query over the layout's tables, reading only columns that its fields need."""
        ...

    def count_people(self, numbers: Expr) -> Expr:
        """Return the number of persons in a bitmap state of `PERSON_NUMBER`, merged ones counted once."""
        ...


def check_own_tables(layout: EventLayout, feature: str) -> None:
    """Raise NOT_AVAILABLE unless the layout has Trendgate's own tables. `feature` begins the message."""
    if not layout.has_own_tables:
        raise NotAvailable(
            "{feature} is not available: the events are in a PostHog installation's tables, which are read-only.",
            feature=feature,
            hint="docs/posthog.md lists what works with these tables.",
        )
