"""Lists of names with counts, page by page: the highest count first, then by name."""

import asyncio
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

from datasource.clickhouse.engine import Engine, Limits, QueryResult
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import (
    Column,
    Derived,
    Expr,
    Named,
    Number,
    Order,
    Param,
    Query,
    Select,
    Table,
    call,
    compare,
    either,
    equals,
    every,
)

Definition = TypeVar("Definition")

COUNT = "found"
"""The column by which a list is ordered."""


@dataclass(frozen=True, slots=True)
class ProjectReader:
    """A project's rows in an engine."""

    engine: Engine
    project_id: int
    limits: Limits

    async def ask(self, query: Query) -> QueryResult:
        """Run a query over tables, of which it sees the project's rows only."""
        statement = render(scope_to_project(query, self.project_id))
        return await self.engine.query(statement.text, statement.params, limits=self.limits)


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where a name stands in its list."""

    count: int
    name: str


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which page: `first` names behind `after`, of those that have `search` in them, whatever the case."""

    first: int
    after: ListPosition | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionPage(Generic[Definition]):
    """Some definitions in order, and how many there are on all pages."""

    definitions: tuple[Definition, ...]
    total: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class NameList:
    """A list: names in a column of a table's rows, and what is told of each, COUNT among it."""

    table: Table
    name: Column
    columns: tuple[Named, ...]
    where: Expr | None = None


async def fetch_page(
    source: ProjectReader, names: NameList, wanted: PageRequest
) -> DefinitionPage[tuple[object, ...]]:
    """Rows of the name and its columns."""
    where = every(names.where, contains(names.name, wanted.search))
    counted = Select((Named(names.name, "name"), *names.columns), names.table, where=where, group_by=(names.name,))
    page = Select(
        columns=tuple(Named(Column(name), name) for name in ("name", *(column.name for column in names.columns))),
        source=Derived(counted, "counted"),
        where=None if wanted.after is None else _follows(wanted.after),
        order_by=(Order(Column(COUNT), is_descending=True), Order(Column("name"))),
        limit=wanted.first + 1,
    )
    everything = Select((Named(call("uniqExact", names.name), "names"),), names.table, where=where)
    found, total = await asyncio.gather(source.ask(page), source.ask(everything))
    rows = tuple(found.rows())
    return DefinitionPage(rows[: wanted.first], cast(int, total.columns[0][0]), len(rows) > wanted.first)


def contains(text: Expr, search: str) -> Expr | None:
    """The condition that the text has another one in it, whatever the case; none for an empty one."""
    if not search:
        return None
    return compare(call("positionCaseInsensitiveUTF8", text, Param(search, "String")), ">", Number(0))


def _follows(place: ListPosition) -> Expr | None:
    count, name = Param(place.count, "UInt64"), Param(place.name, "String")
    same = every(equals(Column(COUNT), count), compare(Column("name"), ">", name))
    return either(compare(Column(COUNT), "<", count), same)
