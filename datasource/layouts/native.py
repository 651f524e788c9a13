"""The layout of Trendgate's own tables (tables/steps.py): properties in JSON columns, numbered persons."""

from collections.abc import Sequence
from functools import partial

from datasource.layouts.contract import DISTINCT_ID, PERSON_ID, HourlyRollup
from datasource.layouts.elements_chain import first_href, texts
from datasource.layouts.lowering import SourceRows, as_values, lower_query
from datasource.layouts.sessions import EVENTS_ALIAS, SessionEvents, join_sessions
from datasource.sql.tree import (
    Alias,
    Call,
    Cast,
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
    Null,
    Number,
    Persons,
    Query,
    Scalar,
    Select,
    Subcolumn,
    Table,
    Union,
    call,
    equals,
    every,
)
from datasource.tables.property_tables import property_path

_TEXT = "Nullable(String)"
_NUMBER = "Nullable(Float64)"

_EVENT_COLUMNS = {
    "timestamp": "timestamp",
    "event": "event",
    "distinct_id": "distinct_id",
    "session_id": "session_id",
    "stored_person": "person_no",
    "elements_chain": "elements_chain",
    "uuid": "uuid",
}
_NO_FIELDS: dict[Field, Expr] = {}
_FROM_CHAIN = {"elements_href": first_href, "elements_texts": texts}
_ROLLUP = HourlyRollup(
    table=Table("events_by_hour", "h"),
    event=Column("event", "h"),
    hour=Column("hour", "h"),
    events=Column("events", "h"),
    people=Column("people", "h"),
)


_SESSION_EVENTS = SessionEvents(
    table=Table("events", EVENTS_ALIAS),
    session_id=Column("session_id", EVENTS_ALIAS),
    text=lambda key: Cast(Subcolumn(Column("properties", EVENTS_ALIAS), property_path(key)), _TEXT),
)


class NativeLayout:
    """EventLayout of the tables that Trendgate creates."""

    @property
    def has_own_tables(self) -> bool:
        return True

    @property
    def rollup(self) -> HourlyRollup:
        return _ROLLUP

    def lower(self, query: Query) -> Query:
        return lower_query(query, _NativeTables())

    def count_people(self, numbers: Expr) -> Expr:
        old, new = _merges()
        return call("bitmapCardinality", call("bitmapTransform", numbers, old, new))


class _NativeTables:
    """LayoutTables of tables/steps.py."""

    def rows(self, source: object) -> SourceRows | None:
        match source:
            case Events():
                return SourceRows(Table("events", "e"), _merged(Column("person_no", "e")), _event_expression)
            case Persons():
                everyone = Derived(_everyone(), "everyone")
                return SourceRows(everyone, Column("person_no", "everyone"), _NO_FIELDS.__getitem__)
            case DistinctIds():
                table = Table("person_distinct_ids", "d", is_final=True)
                of_id: dict[Field, Expr] = {DISTINCT_ID: Column("distinct_id", "d")}
                return SourceRows(table, _merged(Column("person_no", "d")), of_id.__getitem__)
            case _:
                return None

    def join_persons(self, wanted: Sequence[Field], person: Expr) -> Join:
        columns = (Named(Column("person_no", "p"), "person_no"), *as_values(wanted, partial(_own_value, "p")))
        query = Select(columns=columns, source=Table("persons", "p", is_final=True))
        return Join("ANY LEFT", Derived(query, "person"), equals(person, Column("person_no", "person")))

    def join_groups(self, index: int, wanted: Sequence[Field]) -> Join:
        query = Select(
            columns=(Named(Column("key", "g"), "key"), *as_values(wanted, partial(_own_value, "g"))),
            source=Table("groups", "g", is_final=True),
            where=equals(Column("type_index", "g"), Number(index)),
        )
        alias = f"group{index}"
        condition = equals(Column(f"group_{index}", "e"), Column("key", alias))
        return Join("ANY LEFT", Derived(query, alias), condition)

    def join_sessions(self, wanted: Sequence[Field], events: Events) -> Join:
        return join_sessions(wanted, events, Column("session_id", "e"), _SESSION_EVENTS)

    def is_member(self, person: Expr, member: CohortMember) -> Expr:
        members = Select(
            columns=(Named(_merged(Column("person_no", "c")), "person_no"),),
            source=Table("cohort_members", "c"),
            where=every(
                equals(Column("cohort_id", "c"), Number(member.cohort_id)),
                equals(Column("version", "c"), Number(member.version)),
            ),
        )
        return Infix("IN", (person, Scalar(members)))


def _everyone() -> Select:
    # A person may have only distinct ids or only properties. A merged one counts as the survivor.
    known = Union(
        tuple(
            Select((Named(_merged(Column("person_no", alias)), "person_no"),), Table(table, alias))
            for table, alias in (("person_distinct_ids", "d"), ("persons", "p"))
        )
    )
    number = Column("person_no")
    return Select((Named(number, "person_no"),), Derived(known, "known"), group_by=(number,))


def _event_expression(field: Field) -> Expr:
    if field.name in _EVENT_COLUMNS:
        return Column(_EVENT_COLUMNS[field.name], "e")
    if field.name in _FROM_CHAIN:
        return _FROM_CHAIN[field.name](Column("elements_chain", "e"))
    if field.name == "group_key":
        return Column(f"group_{field.group_type_index}", "e")
    return _property(Column("properties", "e"), field)


def _property(column: Column, field: Field) -> Expr:
    key = property_path(field.key or "")
    if field.name.endswith("_number"):
        return _number(column, key)
    return Cast(Subcolumn(column, key), _TEXT)


def _number(column: Column, key: str) -> Expr:
    # The typed subcolumns cost half of parsing every value's string.
    finite = call("ifNotFinite", call("toFloat64OrNull", Subcolumn(column, key, "String")), Null())
    return call(
        "coalesce",
        Subcolumn(column, key, "Float64"),
        *(Cast(Subcolumn(column, key, kind), _NUMBER) for kind in ("Int64", "UInt64")),
        finite,
    )


def _own_value(table: str, field: Field) -> Expr:
    if field == PERSON_ID:
        return Cast(Column("person_id", table), _TEXT)
    return _property(Column("properties", table), field)


def _merged(number: Expr) -> Expr:
    old, new = _merges()
    return call("transform", number, old, new, number)


def _merges() -> tuple[Expr, Expr]:
    # One scalar with both lists, since two could come in different orders.
    lists = Call(
        "tuple",
        (call("groupArray", Column("old_no", "m")), call("groupArray", Column("new_no", "m"))),
    )
    query = Select(columns=(Named(lists, "lists"),), source=Table("person_merges", "m", is_final=True))
    merges = Alias(Scalar(query), "merges")
    return call("tupleElement", merges, Number(1)), call("tupleElement", Column("merges"), Number(2))
