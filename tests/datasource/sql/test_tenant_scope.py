from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import pytest

from datasource.layouts.contract import (
    EVENT,
    PERSON,
    event_text,
    group_number,
    group_text,
    person_number,
    person_text,
)
from datasource.layouts.native import NativeLayout
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import (
    Column,
    Derived,
    Events,
    Expr,
    Field,
    Infix,
    Join,
    Named,
    Number,
    Param,
    Query,
    Scalar,
    Select,
    Table,
    Union,
    call,
    either,
    equals,
    every,
)

PROJECT = 7
A, B = (equals(Column(name), Number(1)) for name in "ab")


def table(name: str, where: Expr | None = None) -> Select:
    """Return a query of one table."""
    return Select((Named(Column("x", name), "x"),), Table(name, name), where=where)


def of_project(name: str) -> Expr:
    """Return the project's condition on a table."""
    return equals(Column("project_id", name), Param(PROJECT, "UInt32"))


def selects_of(node: object) -> Iterator[Select]:
    """Find every SELECT of a tree, without the code under test."""
    if isinstance(node, Select):
        yield node
    if isinstance(node, tuple):
        for item in node:
            yield from selects_of(item)
    elif is_dataclass(node) and not isinstance(node, type):
        for item in fields(node):
            yield from selects_of(getattr(node, item.name))


def unscoped(query: Query) -> list[str]:
    """Return the tables that are read without the project's condition as part of an AND."""
    missing = []
    for select in selects_of(query):
        if isinstance(select.source, Table):
            where = select.where
            parts = where.operands if isinstance(where, Infix) and where.operator == "AND" else (where,)
            if of_project(select.source.alias) not in parts:
                missing.append(select.source.name)
    return missing


@pytest.mark.parametrize(
    ("where", "scoped"),
    [
        (None, of_project("t")),
        (A, Infix("AND", (of_project("t"), A))),
        (every(A, B), Infix("AND", (of_project("t"), A, B))),
        (either(A, B), Infix("AND", (of_project("t"), Infix("OR", (A, B))))),
    ],
)
def test_condition_is_added_to_any_other_condition(where: Expr | None, scoped: Expr) -> None:
    found = scope_to_project(table("t", where), PROJECT)
    assert found == Select((Named(Column("x", "t"), "x"),), Table("t", "t"), where=scoped)


def test_condition_uses_the_project_column_of_the_table() -> None:
    source = Table("cohortpeople", "c", project_column="team_id")
    found = scope_to_project(Select((Named(Number(1), "x"),), source), PROJECT)
    assert isinstance(found, Select)
    assert found.where == equals(Column("team_id", "c"), Param(PROJECT, "UInt32"))


NESTED = Select(
    columns=(Named(Scalar(table("in_column")), "x"), Named(call("f", Scalar(table("in_call"))), "y")),
    source=Derived(Union((table("first_of_union"), table("second_of_union", either(A, B)))), "d"),
    joins=(
        Join("LEFT", Derived(table("joined"), "j"), equals(Column("x"), Scalar(table("in_join_condition")))),
        Join("LEFT", Derived(Select((Named(Column("x"), "x"),), Derived(table("deep"), "k")), "l"), A),
    ),
    where=either(A, equals(Column("x"), Scalar(table("in_where", A)))),
    group_by=(Scalar(table("in_group_by")),),
)


def test_every_table_gets_the_condition_wherever_it_is_read() -> None:
    assert len(unscoped(NESTED)) == 9
    assert unscoped(scope_to_project(NESTED, PROJECT)) == []


def test_query_without_a_table_keeps_its_condition() -> None:
    found = scope_to_project(NESTED, PROJECT)
    assert isinstance(found, Select)
    assert isinstance(found.where, Infix)
    assert found.where.operator == "OR"


def test_every_query_of_a_union_gets_the_condition() -> None:
    found = scope_to_project(Union((table("t"), table("u"))), PROJECT)
    assert isinstance(found, Union)
    assert [select.where for select in found.queries] == [of_project("t"), of_project("u")]


@pytest.mark.parametrize(
    ("fields_read", "tables"),
    [
        ((EVENT,), {"events"}),
        ((PERSON,), {"events", "person_merges"}),
        ((event_text("x"), person_text("x"), person_number("y")), {"events", "persons", "person_merges"}),
        ((group_text(0, "x"), group_number(3, "x")), {"events", "groups"}),
    ],
)
def test_every_table_of_the_native_layout_is_scoped(fields_read: tuple[Field, ...], tables: set[str]) -> None:
    columns = tuple(Named(field, f"c{n}") for n, field in enumerate(fields_read))
    lowered = NativeLayout().lower(Select(columns, Events(), where=either(A, B)))
    assert set(unscoped(lowered)) == tables
    assert unscoped(scope_to_project(lowered, PROJECT)) == []
