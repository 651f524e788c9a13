"""What layouts have in common: sources and fields of a query give way to tables, joins and columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Protocol

from datasource.layouts.contract import PERSON, PERSON_ID
from datasource.sql.tree import (
    CohortMember,
    Column,
    Derived,
    Events,
    Expr,
    Field,
    Join,
    Named,
    Query,
    Select,
    Table,
    every,
    transform,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a logical source stands for: its rows, the person of a row, and how their own fields are read.

    `person_join` is what the person's expression needs beside the row, `condition` what makes a row count.
    `person_id` is the person's id as text where it can be told without the persons.
    """

    source: Table | Derived
    person: Expr
    own: Callable[[Field], Expr]
    person_join: Join | None = None
    condition: Expr | None = None
    person_id: Expr | None = None


class LayoutTables(Protocol):
    """In what layouts differ. A join selects the wanted fields under the names that `as_values` gives them."""

    def rows(self, source: object) -> Rows | None:
        """The rows of a logical source; None for what is none."""
        ...

    def join_persons(self, wanted: Sequence[Field], person: Expr) -> Join:
        """The properties of the person."""
        ...

    def join_groups(self, index: int, wanted: Sequence[Field]) -> Join:
        """The properties of the event's group of one type."""
        ...

    def join_sessions(self, wanted: Sequence[Field], events: Events) -> Join:
        """The fields of the event's session."""
        ...

    def is_member(self, person: Expr, member: CohortMember) -> Expr:
        """The condition that a person is in a cohort."""
        ...


def lower_query(query: Query, tables: LayoutTables) -> Query:
    """The query over these tables, which reads no column that its fields do not need."""
    return transform(query, lambda node: _lower_select(node, tables) if isinstance(node, Select) else node)


def as_values(wanted: Iterable[Field], value: Callable[[Field], Expr]) -> tuple[Named, ...]:
    """The columns v0, v1 ... of a joined query."""
    return tuple(Named(value(field), f"v{place}") for place, field in enumerate(wanted))


def _lower_select(node: Select, tables: LayoutTables) -> Select:
    rows = tables.rows(node.source)
    if rows is None:
        return node
    mentioned = tuple(dict.fromkeys(_mentioned(node)))
    columns: dict[Field, Expr] = {PERSON: rows.person}
    if rows.person_id is not None:
        columns[PERSON_ID] = rows.person_id
    wanted = tuple(item for item in mentioned if isinstance(item, Field) and item not in columns)
    columns |= {field: rows.own(field) for field in wanted if _owner(field) == "row"}
    joins = []
    if rows.person_join is not None and any(map(_needs_person, mentioned)):
        joins.append(rows.person_join)
    for join, of_join in _joins(wanted, rows, node.source, tables):
        joins.append(join)
        columns |= of_join

    def lowered(part: object) -> object:
        if isinstance(part, CohortMember):
            return tables.is_member(rows.person, part)
        return columns[part] if isinstance(part, Field) else part

    where = every(rows.condition, node.where)
    return transform(replace(node, source=rows.source, joins=(*joins, *node.joins), where=where), lowered)


def _mentioned(node: object) -> Iterator[Field | CohortMember]:
    if isinstance(node, Field | CohortMember):
        yield node
    elif isinstance(node, tuple):
        for item in node:
            yield from _mentioned(item)
    elif is_dataclass(node):
        for item in fields(node):
            yield from _mentioned(getattr(node, item.name))


def _owner(field: Field) -> str:
    """Whose field it is: that of the row itself, or of its person, group or session."""
    owner, _, form = field.name.partition("_")
    joined = owner in ("person", "group", "session")
    return owner if joined and (form in ("text", "number") or field == PERSON_ID) else "row"


def _needs_person(item: Field | CohortMember) -> bool:
    return isinstance(item, CohortMember) or item == PERSON or _owner(item) == "person"


def _joins(
    wanted: Sequence[Field], rows: Rows, source: object, tables: LayoutTables
) -> Iterator[tuple[Join, Mapping[Field, Expr]]]:
    persons, groups, sessions = (
        [field for field in wanted if _owner(field) == owner] for owner in ("person", "group", "session")
    )
    if persons:
        yield _joined(persons, tables.join_persons(persons, rows.person))
    if not isinstance(source, Events):
        if groups or sessions:
            raise TypeError(f"{type(source).__name__} have neither groups nor sessions")
        return
    for index in dict.fromkeys(field.group_type_index or 0 for field in groups):
        of_type = [field for field in groups if (field.group_type_index or 0) == index]
        yield _joined(of_type, tables.join_groups(index, of_type))
    if sessions:
        yield _joined(sessions, tables.join_sessions(sessions, source))


def _joined(wanted: Sequence[Field], join: Join) -> tuple[Join, Mapping[Field, Expr]]:
    return join, {field: Column(f"v{place}", join.source.alias) for place, field in enumerate(wanted)}
