"""The gateway's own tables (see schema.py): properties in JSON columns, people as dense numbers."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, is_dataclass, replace

from datasource.clickhouse.sql import (
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
    transform,
)
from datasource.events.elements_chain import first_href, texts
from datasource.events.layout import DISTINCT_ID, PERSON, PERSON_ID, HourlyRollup
from datasource.events.native_sessions import join_sessions

_TEXT = "Nullable(String)"
_FIGURE = "Nullable(Float64)"

_EVENT_COLUMNS = {
    "timestamp": "timestamp",
    "event": "event",
    "distinct_id": "distinct_id",
    "session_id": "session_id",
    "stored_person": "person_no",
    "elements_chain": "elements_chain",
    "uuid": "uuid",
}
_FROM_CHAIN = {"elements_href": first_href, "elements_texts": texts}
_ROLLUP = HourlyRollup(
    table=Table("events_by_hour", "h"),
    event=Column("event", "h"),
    hour=Column("hour", "h"),
    events=Column("events", "h"),
    people=Column("people", "h"),
)


class NativeLayout:
    """EventLayout over the tables that the gateway makes itself."""

    @property
    def rollup(self) -> HourlyRollup:
        """See EventLayout.rollup."""
        return _ROLLUP

    def lower(self, query: Query) -> Query:
        """See EventLayout.lower."""
        return transform(query, _lower_select)

    def count_people(self, numbers: Expr) -> Expr:
        """See EventLayout.count_people."""
        old, new = _merges()
        return call("bitmapCardinality", call("bitmapTransform", numbers, old, new))


@dataclass(frozen=True, slots=True)
class _Rows:
    """What a logical source stands for: its rows, the person of a row, and how their own fields are read."""

    source: Table | Derived
    person: Expr
    own: Callable[[Field], Expr]


def _lower_select(node: object) -> object:
    rows = _rows(node.source) if isinstance(node, Select) else None
    if rows is None or not isinstance(node, Select):
        return node
    wanted = tuple(dict.fromkeys(_fields_of(node)))
    joins = tuple(_joins(wanted, rows, node.source))
    columns: dict[Field, Expr] = {field: rows.own(field) for field in wanted if _owner(field) == "row"}
    for join in joins:
        columns |= join.columns
    source = replace(node, source=rows.source, joins=(*(join.join for join in joins), *node.joins))

    def lowered(part: object) -> object:
        if isinstance(part, CohortMember):
            return _is_member(rows.person, part)
        return columns[part] if isinstance(part, Field) else part

    return transform(source, lowered)


def _rows(source: object) -> _Rows | None:
    match source:
        case Events():
            return _Rows(Table("events", "e"), _merged(Column("person_no", "e")), _event_expression)
        case Persons():
            person = Column("person_no", "everyone")
            return _Rows(Derived(_everyone(), "everyone"), person, {PERSON: person}.__getitem__)
        case DistinctIds():
            table = Table("person_distinct_ids", "d", final=True)
            person_of_id = _merged(Column("person_no", "d"))
            fields_of_id: dict[Field, Expr] = {PERSON: person_of_id, DISTINCT_ID: Column("distinct_id", "d")}
            return _Rows(table, person_of_id, fields_of_id.__getitem__)
        case _:
            return None


def _everyone() -> Select:
    # A person may have distinct ids alone, or properties alone. Merged ones are found as whom they became.
    known = Union(
        tuple(
            Select((Named(_merged(Column("person_no", alias)), "person_no"),), Table(table, alias))
            for table, alias in (("person_distinct_ids", "d"), ("persons", "p"))
        )
    )
    number = Column("person_no")
    return Select((Named(number, "person_no"),), Derived(known, "known"), group_by=(number,))


def _fields_of(node: object) -> Iterator[Field]:
    if isinstance(node, Field):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from _fields_of(item)
    elif is_dataclass(node):
        for item in fields(node):
            yield from _fields_of(getattr(node, item.name))


def _owner(field: Field) -> str:
    """Whose field it is: that of the row itself, or of its person, group or session."""
    owner, _, form = field.name.partition("_")
    joined = owner in ("person", "group", "session")
    return owner if joined and (form in ("text", "number") or field == PERSON_ID) else "row"


def _event_expression(field: Field) -> Expr:
    if field.name in _EVENT_COLUMNS:
        return Column(_EVENT_COLUMNS[field.name], "e")
    if field.name in _FROM_CHAIN:
        return _FROM_CHAIN[field.name](Column("elements_chain", "e"))
    if field.name == "person":
        return _merged(Column("person_no", "e"))
    if field.name == "group_key":
        return Column(f"group_{field.group_type_index}", "e")
    return _property(Column("properties", "e"), field)


def _property(column: Column, field: Field) -> Expr:
    key = _path(field.key or "")
    if field.name.endswith("_number"):
        return _figure(column, key)
    return Cast(Subcolumn(column, key), _TEXT)


def _figure(column: Column, key: str) -> Expr:
    # The typed subcolumns cost half of parsing the text of every value.
    finite = call("ifNotFinite", call("toFloat64OrNull", Subcolumn(column, key, "String")), Null())
    return call(
        "coalesce",
        Subcolumn(column, key, "Float64"),
        *(Cast(Subcolumn(column, key, kind), _FIGURE) for kind in ("Int64", "UInt64")),
        finite,
    )


def _path(key: str) -> str:
    # A dot in a key is stored this way; a bare one would name a path inside an object.
    return key.replace(".", "%2E")


@dataclass(frozen=True, slots=True)
class _FieldJoin:
    join: Join
    columns: dict[Field, Expr]


def _joins(wanted: tuple[Field, ...], rows: _Rows, source: object) -> Iterator[_FieldJoin]:
    persons = [field for field in wanted if _owner(field) == "person"]
    groups = [field for field in wanted if _owner(field) == "group"]
    sessions = [field for field in wanted if _owner(field) == "session"]
    if persons:
        yield _join_persons(persons, rows.person)
    if not isinstance(source, Events):
        if groups or sessions:
            raise TypeError(f"{type(source).__name__} have neither groups nor sessions")
        return
    for index in dict.fromkeys(field.group_type_index for field in groups):
        yield _join_groups(index or 0, [field for field in groups if field.group_type_index == index])
    if sessions:
        yield _joined(sessions, join_sessions(sessions, source))


def _join_persons(wanted: list[Field], person: Expr) -> _FieldJoin:
    columns = (Named(Column("person_no", "p"), "person_no"), *_properties(wanted, "p"))
    query = Select(columns=columns, source=Table("persons", "p", final=True))
    condition = equals(person, Column("person_no", "person"))
    return _joined(wanted, Join("ANY LEFT", Derived(query, "person"), condition))


def _join_groups(index: int, wanted: list[Field]) -> _FieldJoin:
    query = Select(
        columns=(Named(Column("key", "g"), "key"), *_properties(wanted, "g")),
        source=Table("groups", "g", final=True),
        where=equals(Column("type_index", "g"), Number(index)),
    )
    alias = f"group{index}"
    condition = equals(Column(f"group_{index}", "e"), Column("key", alias))
    return _joined(wanted, Join("ANY LEFT", Derived(query, alias), condition))


def _properties(wanted: list[Field], table: str) -> Iterator[Named]:
    for position, field in enumerate(wanted):
        yield Named(_own_value(table, field), f"v{position}")


def _own_value(table: str, field: Field) -> Expr:
    if field == PERSON_ID:
        return Cast(Column("person_id", table), _TEXT)
    return _property(Column("properties", table), field)


def _joined(wanted: list[Field], join: Join) -> _FieldJoin:
    columns: dict[Field, Expr] = {field: Column(f"v{n}", join.source.alias) for n, field in enumerate(wanted)}
    return _FieldJoin(join, columns)


def _is_member(person: Expr, node: CohortMember) -> Expr:
    members = Select(
        columns=(Named(_merged(Column("person_no", "c")), "person_no"),),
        source=Table("cohort_members", "c"),
        where=every(
            equals(Column("cohort_id", "c"), Number(node.cohort_id)),
            equals(Column("version", "c"), Number(node.version)),
        ),
    )
    return Infix("IN", (person, Scalar(members)))


def _merged(number: Expr) -> Expr:
    old, new = _merges()
    return call("transform", number, old, new, number)


def _merges() -> tuple[Expr, Expr]:
    # One scalar with both lists: two would not be sure to come in the same order.
    lists = Call(
        "tuple",
        (call("groupArray", Column("old_no", "m")), call("groupArray", Column("new_no", "m"))),
    )
    query = Select(columns=(Named(lists, "lists"),), source=Table("person_merges", "m", final=True))
    merges = Alias(Scalar(query), "merges")
    return call("tupleElement", merges, Number(1)), call("tupleElement", Column("merges"), Number(2))
