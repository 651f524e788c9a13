from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasource.sql.tree import (
    Call,
    Column,
    Derived,
    Expr,
    Infix,
    Join,
    Named,
    Null,
    Number,
    Param,
    Scalar,
    Select,
    Table,
    Union,
    call,
    compare,
    either,
    equals,
    every,
    transform,
)

A, B, C = (equals(Column(name), Number(1)) for name in "abc")


def test_shorthands_build_nodes() -> None:
    assert call("min", Column("a"), Null()) == Call("min", (Column("a"), Null()))
    assert equals(Column("a"), Number(1)) == Infix("=", (Column("a"), Number(1)))
    assert compare(Column("a"), "<", Number(1)) == Infix("<", (Column("a"), Number(1)))


@pytest.mark.parametrize(
    ("conditions", "joined"),
    [
        ((), None),
        ((None, None), None),
        ((A,), A),
        ((None, A, None), A),
        ((A, B), Infix("AND", (A, B))),
        ((A, None, B), Infix("AND", (A, B))),
        ((Infix("AND", (A, B)), C), Infix("AND", (A, B, C))),
        ((A, Infix("AND", (B, C))), Infix("AND", (A, B, C))),
        ((Infix("OR", (A, B)), C), Infix("AND", (Infix("OR", (A, B)), C))),
    ],
)
def test_every_joins_conditions_with_and(conditions: tuple[Expr | None, ...], joined: Expr | None) -> None:
    assert every(*conditions) == joined


@pytest.mark.parametrize(
    ("conditions", "joined"),
    [
        ((), None),
        ((A,), A),
        ((A, None), None),
        ((None,), None),
        ((A, B), Infix("OR", (A, B))),
        ((Infix("OR", (A, B)), C), Infix("OR", (A, B, C))),
        ((Infix("AND", (A, B)), C), Infix("OR", (Infix("AND", (A, B)), C))),
    ],
)
def test_either_joins_conditions_with_or(conditions: tuple[Expr | None, ...], joined: Expr | None) -> None:
    assert either(*conditions) == joined


TREES = st.recursive(
    st.sampled_from([A, B, C, None]),
    lambda inner: st.tuples(st.sampled_from([every, either]), st.lists(inner, min_size=1, max_size=3)).map(
        lambda pair: pair[0](*pair[1])
    ),
    max_leaves=8,
)


def _holds(condition: Expr | None, facts: dict[Expr, bool]) -> bool:
    if condition is None:
        return True
    if isinstance(condition, Infix) and condition.operator in ("AND", "OR"):
        parts = [_holds(part, facts) for part in condition.operands]
        return all(parts) if condition.operator == "AND" else any(parts)
    return facts[condition]


@given(st.lists(TREES, min_size=1, max_size=4), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_joined_conditions_hold_when_their_parts_do(
    parts: list[Expr | None], truths: tuple[bool, bool, bool]
) -> None:
    facts: dict[Expr, bool] = dict(zip((A, B, C), truths, strict=True))
    assert _holds(every(*parts), facts) == all(_holds(part, facts) for part in parts)
    assert _holds(either(*parts), facts) == any(_holds(part, facts) for part in parts)


DEEP = Select(
    columns=(Named(Scalar(Select((Named(Column("old"), "x"),), Table("t1", "a"))), "x"),),
    source=Derived(Union((Select((Named(Column("old"), "y"),), Table("t2", "b")),)), "inner"),
    joins=(Join("LEFT", Derived(Select((Named(Column("old"), "z"),), Table("t3", "c")), "other"), A),),
    where=every(A, either(B, equals(Column("old"), Param("old", "String")))),
    group_by=(Column("old"),),
)


def test_transform_reaches_every_node() -> None:
    def rename(node: object) -> object:
        return Column("new") if node == Column("old") else node

    found = repr(transform(DEEP, rename))
    assert found.count("Column(name='new'") == 5
    assert "Column(name='old'" not in found
    assert "Param(value='old'" in found


def test_transform_visits_children_first() -> None:
    seen: list[str] = []

    def visit(node: object) -> object:
        seen.append(type(node).__name__)
        return replace(node, name="sum") if isinstance(node, Call) else node

    assert transform(call("count", call("count", Number(1))), visit) == call("sum", call("sum", Number(1)))
    assert seen == ["Number", "Call", "Call"]


def test_transform_without_changes_returns_the_same_tree() -> None:
    assert transform(DEEP, lambda node: node) is DEEP


def test_transform_does_not_visit_values() -> None:
    listed = Param(("a", "b"), "Array(String)")
    assert transform(listed, lambda node: node) is listed
