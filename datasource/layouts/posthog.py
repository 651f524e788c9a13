"""The layout of a PostHog installation's tables, which are read and never written.

Properties are JSON strings, some of them also materialized columns. Persons are UUIDs: an event's person is the
one stored with it, unless its distinct id has moved to another one since.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from datasource.layouts import posthog_persons, posthog_sessions
from datasource.layouts.elements_chain import first_href, texts
from datasource.layouts.lowering import SourceRows, as_values, lower_query
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.layouts.posthog_persons import ID_OF_PERSON, PERSON_OF_EVENT, property_of
from datasource.layouts.posthog_properties import JsonProperties, is_equality, is_unambiguous
from datasource.layouts.posthog_sessions import SESSION_KEY
from datasource.layouts.posthog_tables import PostHogTables
from datasource.sql.tree import (
    CohortMember,
    Column,
    Derived,
    DistinctIds,
    Events,
    Expr,
    Field,
    Infix,
    Join,
    Named,
    Number,
    Param,
    Persons,
    Query,
    Select,
    equals,
    every,
    transform,
)

_EVENT_COLUMNS = ("timestamp", "event", "distinct_id", "elements_chain", "uuid")
_FROM_CHAIN = {"elements_href": first_href, "elements_texts": texts}


@dataclass(frozen=True, slots=True)
class PostHogLayout:
    """EventLayout of a PostHog installation's tables, with the columns that find_columns found there.

    Persons created more than a day after `now` are ignored. `database` is None for the engine's own one.
    """

    columns: PostHogColumns = field(default_factory=PostHogColumns)
    now: datetime | None = None
    database: str | None = None

    @property
    def has_own_tables(self) -> bool:
        return False

    @property
    def rollup(self) -> None:
        return None

    def lower(self, query: Query) -> Query:
        tables = _LoweredTables(PostHogTables(self.columns, self.now, self.database))
        return lower_query(transform(query, tables.read_columns), tables)

    def count_people(self, numbers: Expr) -> Expr:  # noqa: ARG002 - the protocol's signature
        raise TypeError("this layout has no roll-up")


@dataclass(frozen=True, slots=True)
class _LoweredTables:
    """LayoutTables of the installation."""

    tables: PostHogTables

    def rows(self, source: object) -> SourceRows | None:
        match source:
            case Events():
                return SourceRows(
                    self.tables.table("events", "e"),
                    PERSON_OF_EVENT,
                    self._event_field,
                    person_join=posthog_persons.join_overrides(self.tables),
                    person_id=ID_OF_PERSON,
                    condition=self.tables.is_not_deleted("events", "e"),
                )
            case Persons():
                return posthog_persons.rows_of_persons(self.tables)
            case DistinctIds():
                return posthog_persons.rows_of_distinct_ids(self.tables)
            case _:
                return None

    def join_persons(self, wanted: Sequence[Field], person: Expr) -> Join:
        return posthog_persons.join_persons(self.tables, wanted, person)

    def join_groups(self, index: int, wanted: Sequence[Field]) -> Join:
        properties = self.tables.group_properties("g")
        query = Select(
            columns=(
                Named(Column("group_key", "g"), "key"),
                *as_values(wanted, lambda field: property_of(properties, field)),
            ),
            source=self.tables.table("groups", "g", latest=True),
            where=every(
                equals(Column("group_type_index", "g"), Number(index)), self.tables.is_not_deleted("groups", "g")
            ),
        )
        alias = f"group{index}"
        return Join("ANY LEFT", Derived(query, alias), equals(self._group_key(index), Column("key", alias)))

    def join_sessions(self, wanted: Sequence[Field], events: Events) -> Join:
        return posthog_sessions.join_sessions(self.tables, wanted, events)

    def is_member(self, person: Expr, member: CohortMember) -> Expr:
        return posthog_persons.is_member(self.tables, person, member)

    def read_columns(self, node: object) -> object:
        """Compare materialized columns in the conditions of a SELECT, where that selects the same events."""
        if not isinstance(node, Select) or not isinstance(node.source, Events) or node.where is None:
            return node
        return replace(node, where=self._read_columns(node.where))

    def _read_columns(self, condition: Expr) -> Expr:
        if isinstance(condition, Infix) and condition.operator in ("AND", "OR"):
            return replace(condition, operands=tuple(map(self._read_columns, condition.operands)))
        # The column is '' where the property is NULL: a difference below a NOT, but not below AND and OR.
        if not isinstance(condition, Infix) or not is_equality(condition):
            return condition
        left, value = condition.operands
        column = self._unambiguous_column(left, value)
        return condition if column is None else replace(condition, operands=(column, value))

    def _unambiguous_column(self, left: Expr, value: Expr) -> Expr | None:
        if not isinstance(left, Field) or left.name != "event_text" or not isinstance(value, Param):
            return None
        values = value.value if isinstance(value.value, tuple) else (value.value,)
        return self._properties.plain_column(left.key or "") if all(map(is_unambiguous, values)) else None

    @property
    def _properties(self) -> JsonProperties:
        return self.tables.event_properties("e")

    def _group_key(self, index: int) -> Expr:
        return self._properties.identity(f"$group_{index}")

    def _event_field(self, field: Field) -> Expr:
        match field.name:
            case name if name in _EVENT_COLUMNS:
                return Column(name, "e")
            case name if name in _FROM_CHAIN:
                return _FROM_CHAIN[name](Column("elements_chain", "e"))
            case "session_id":
                return self._properties.identity(SESSION_KEY)
            case "group_key":
                return self._group_key(field.group_type_index or 0)
            case "event_text" | "event_number":
                return property_of(self._properties, field)
            case other:
                raise TypeError(f"unknown field of events: {other}")
