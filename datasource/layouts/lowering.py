"""Lowering, shared by all layouts: sources and fields of a query become tables, joins and columns."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from datasource.event_times import within_event_times
from datasource.layouts.contract import PERSON, PERSON_ID, TIMESTAMP
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
    field_names,
    transform,
)


@dataclass(frozen=True, slots=True)
class SourceRows:
    """The rows of a logical source: their table, their person, and how their own fields are read.

    `person_join` is the join that `person` needs, `condition` excludes rows such as deleted ones. `person_id` is
    the person's id as a string where no join with the persons is needed for it.
    """

    source: Table | Derived
    person: Expr
    own: Callable[[Field], Expr]
    person_join: Join | None = None
    condition: Expr | None = None
    person_id: Expr | None = None


class LayoutTables(Protocol):
    """What differs between layouts. A join selects the wanted fields under the names of `as_values`."""

    def rows(self, source: object) -> SourceRows | None:
        """Return the rows of a logical source, None for any other source."""
        ...

    def join_persons(self, wanted: Sequence[Field], person: Expr) -> Join:
        """Join the properties of the person."""
        ...

    def join_groups(self, index: int, wanted: Sequence[Field]) -> Join:
        """Join the properties of the event's group of one type."""
        ...

    def join_sessions(self, wanted: Sequence[Field], events: Events) -> Join:
        """Join the fields of the event's session."""
        ...

    def is_member(self, person: Expr, member: CohortMember) -> Expr:
        """Return the condition that a person is in a cohort."""
        ...


def lower_query(query: Query, tables: LayoutTables) -> Query:
    """Return the query over these tables, reading only columns that its fields need."""
    return transform(query, lambda node: _lower_select(node, tables) if isinstance(node, Select) else node)


def as_values(wanted: Iterable[Field], value: Callable[[Field], Expr]) -> tuple[Named, ...]:
    """Return the columns v0, v1 ... of a joined query."""
    return tuple(Named(value(field), f"v{index}") for index, field in enumerate(wanted))


def _lower_select(node: Select, tables: LayoutTables) -> Select:
    rows = tables.rows(node.source)
    if rows is None:
        return node
    if isinstance(node.source, Events):
        node = replace(node, where=within_event_times(TIMESTAMP, node.where))
    mentioned = tuple(dict.fromkeys(_mentioned(node, set())))
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


def _mentioned(node: object, visited: set[int]) -> Iterator[Field | CohortMember]:
    """Yield fields and cohorts in the order of their first mention; a part that occurs twice is visited once."""
    if isinstance(node, tuple):
        for item in node:
            yield from _mentioned(item, visited)
        return
    names = field_names(type(node))
    if names is None or id(node) in visited:
        return
    visited.add(id(node))
    if isinstance(node, Field | CohortMember):
        yield node
        return
    for name in names:
        yield from _mentioned(getattr(node, name), visited)


def _owner(field: Field) -> str:
    """Return what a field belongs to: row, person, group or session."""
    owner, _, form = field.name.partition("_")
    joined = owner in ("person", "group", "session")
    return owner if joined and (form in ("text", "number") or field == PERSON_ID) else "row"


def _needs_person(item: Field | CohortMember) -> bool:
    return isinstance(item, CohortMember) or item == PERSON or _owner(item) == "person"


def _joins(
    wanted: Sequence[Field], rows: SourceRows, source: object, tables: LayoutTables
) -> Iterator[tuple[Join, Mapping[Field, Expr]]]:
    persons, groups, sessions = (
        [field for field in wanted if _owner(field) == owner] for owner in ("person", "group", "session")
    )
    if persons:
        yield _joined(persons, tables.join_persons(persons, rows.person))
    if not isinstance(source, Events):
        if groups or sessions:
            raise TypeError(f"{type(source).__name__} has neither groups nor sessions")
        return
    for type_index in dict.fromkeys(field.group_type_index or 0 for field in groups):
        of_type = [field for field in groups if (field.group_type_index or 0) == type_index]
        yield _joined(of_type, tables.join_groups(type_index, of_type))
    if sessions:
        yield _joined(sessions, tables.join_sessions(sessions, source))


def _joined(wanted: Sequence[Field], join: Join) -> tuple[Join, Mapping[Field, Expr]]:
    return join, {field: Column(f"v{index}", join.source.alias) for index, field in enumerate(wanted)}
