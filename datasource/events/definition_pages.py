"""Pages of names with counts, the highest count first, then by name."""

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
"""The column that orders a list."""


@dataclass(frozen=True, slots=True)
class ProjectReader:
    """Queries that see only one project's rows."""

    engine: Engine
    project_id: int
    limits: Limits

    async def query(self, query: Query) -> QueryResult:
        """Run a query over tables, limited to the project's rows."""
        statement = render(scope_to_project(query, self.project_id))
        return await self.engine.query(statement.text, statement.params, limits=self.limits)


@dataclass(frozen=True, slots=True)
class ListPosition:
    """The position of a name in its list."""

    count: int
    name: str


@dataclass(frozen=True, slots=True)
class PageRequest:
    """The first names after a position, of those that contain `search`, case-insensitively."""

    first: int
    after: ListPosition | None = None
    search: str = ""


@dataclass(frozen=True, slots=True)
class DefinitionPage(Generic[Definition]):
    """Some definitions in order, and the number on all pages."""

    definitions: tuple[Definition, ...]
    total: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class NameList:
    """A list: the column with the names, and aggregates of each name, COUNT among them."""

    table: Table
    name: Column
    columns: tuple[Named, ...]
    where: Expr | None = None


async def fetch_page(
    reader: ProjectReader, names: NameList, request: PageRequest
) -> DefinitionPage[tuple[object, ...]]:
    """Fetch a page of rows with the name and its columns."""
    where = every(names.where, contains(names.name, request.search))
    counted = Select((Named(names.name, "name"), *names.columns), names.table, where=where, group_by=(names.name,))
    page = Select(
        columns=tuple(Named(Column(name), name) for name in ("name", *(column.name for column in names.columns))),
        source=Derived(counted, "counted"),
        where=None if request.after is None else _follows(request.after),
        order_by=(Order(Column(COUNT), is_descending=True), Order(Column("name"))),
        limit=request.first + 1,
    )
    all_names = Select((Named(call("uniqExact", names.name), "names"),), names.table, where=where)
    found, total = await asyncio.gather(reader.query(page), reader.query(all_names))
    rows = tuple(found.rows())
    return DefinitionPage(rows[: request.first], cast(int, total.columns[0][0]), len(rows) > request.first)


def contains(text: Expr, search: str) -> Expr | None:
    """Return the case-insensitive condition that a string contains `search`, None for an empty one."""
    if not search:
        return None
    return compare(call("positionCaseInsensitiveUTF8", text, Param(search, "String")), ">", Number(0))


def _follows(position: ListPosition) -> Expr | None:
    count, name = Param(position.count, "UInt64"), Param(position.name, "String")
    same = every(equals(Column(COUNT), count), compare(Column("name"), ">", name))
    return either(compare(Column(COUNT), "<", count), same)
