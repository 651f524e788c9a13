import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine, Identifier, ParamValue
from datasource.sql.render import render
from datasource.sql.tree import (
    Alias,
    Call,
    Cast,
    Column,
    Derived,
    Events,
    Expr,
    Field,
    Infix,
    Join,
    Lambda,
    Named,
    Null,
    Number,
    Order,
    Over,
    Param,
    Scalar,
    Select,
    Subcolumn,
    Table,
    Union,
    call,
    either,
    equals,
    every,
)

HOSTILE = [
    "'; DROP TABLE events; --",
    "{p0:String}",
    "\\'; SELECT 1",
    "`x` \" ' \\ \n\t\r -- /* */ # \u2028 \U0001f600",
    "%(x)s $1 ? :x",
    "",
]
ONE = Select((Named(Number(1), "x"),))


def text_of(node: Expr) -> str:
    """Render one expression."""
    return render(Select((Named(node, "it"),))).text.removeprefix("SELECT\n    ").removesuffix(" AS it")


@pytest.mark.parametrize(
    ("node", "text"),
    [
        (Column("a"), "a"),
        (Column("a", "t"), "t.a"),
        (Number(1), "1"),
        (Number(-1), "-1"),
        (Number(0.25), "0.25"),
        (Null(), "NULL"),
        (Param("x", "String"), "{p0:String}"),
        (Param(("x",), "Array(String)"), "{p0:Array(String)}"),
        (Param("2020-01-01 00:00:00", "DateTime64(6, 'UTC')"), "{p0:DateTime64(6, 'UTC')}"),
        (Subcolumn(Column("properties", "e"), "$browser"), "e.properties.{p0:Identifier}"),
        (Subcolumn(Column("properties", "e"), "n", "Int64"), "e.properties.{p0:Identifier}.:Int64"),
        (call("count"), "count()"),
        (call("min", Column("a"), Number(2)), "min(a, 2)"),
        (Call("quantile", (Column("a"),), (Number(0.9),)), "quantile(0.9)(a)"),
        (Infix("AND", (Column("a"), Column("b"), Column("c"))), "(a AND b AND c)"),
        (Infix("NOT IN", (Column("a"), Param((1,), "Array(UInt8)"))), "(a NOT IN {p0:Array(UInt8)})"),
        (Infix("-", (Column("a"), Number(-1))), "(a - -1)"),
        (Cast(Column("a"), "Nullable(String)"), "CAST(a, 'Nullable(String)')"),
        (Cast(Column("a"), "DateTime('UTC')"), "CAST(a, 'DateTime(\\'UTC\\')')"),
        (Alias(call("count"), "n"), "(count() AS n)"),
        (Lambda(("x", "y"), Infix("+", (Column("x"), Column("y")))), "(x, y) -> (x + y)"),
        (
            Over(call("row_number"), (Order(Column("a"), is_descending=True), Order(Column("b")))),
            "row_number() OVER (ORDER BY a DESC, b)",
        ),
        (
            Over(call("sum", Column("n")), partition_by=(Column("a"), Column("b"))),
            "sum(n) OVER (PARTITION BY a, b)",
        ),
        (
            Over(call("row_number"), (Order(Column("n")),), (Column("a"),)),
            "row_number() OVER (PARTITION BY a ORDER BY n)",
        ),
        (Scalar(ONE), "(\n        SELECT\n            1 AS x\n    )"),
    ],
)
def test_expression_is_rendered(node: Expr, text: str) -> None:
    assert text_of(node) == text


def test_statement_is_rendered() -> None:
    inner = Select((Named(Column("number", "n"), "n"),), Table("numbers", "n", is_final=True))
    joined = Select((Named(Column("key", "g"), "key"),), Table("groups", "g"))
    query = Select(
        columns=(Named(Column("n"), "n"), Named(call("count"), "total")),
        source=Derived(inner, "inner"),
        joins=(Join("ANY LEFT", Derived(joined, "g0"), equals(Column("n"), Column("key", "g0"))),),
        where=every(equals(Column("n"), Param(1, "UInt8")), either(Column("a"), Column("b"))),
        group_by=(Column("n"),),
        order_by=(Order(Column("n")), Order(Column("total"), is_descending=True)),
        limit=10,
    )
    assert (
        render(query).text
        == """\
SELECT
    n,
    count() AS total
FROM (
    SELECT
        n.number AS n
    FROM numbers AS n FINAL
) AS inner
ANY LEFT JOIN (
    SELECT
        g.key AS key
    FROM groups AS g
) AS g0 ON (n = g0.key)
WHERE (n = {p0:UInt8})
    AND (a OR b)
GROUP BY n
ORDER BY n, total DESC
LIMIT 10"""
    )


def test_union_is_rendered() -> None:
    assert render(Union((ONE, ONE))).text == "SELECT\n    1 AS x\nUNION ALL\nSELECT\n    1 AS x"


def test_defined_names_come_first() -> None:
    query = Select((Named(Column("a"), "a"),), defined=(Named(Scalar(ONE), "a"), Named(call("now"), "b")))
    assert render(query).text == "WITH (\n    SELECT\n        1 AS x\n) AS a, now() AS b\nSELECT\n    a"


def test_or_condition_keeps_its_parentheses() -> None:
    query = Select((Named(Number(1), "x"),), Table("t", "t"), where=either(Column("a"), Column("b")))
    assert render(query).text.endswith("WHERE (a OR b)")


def test_only_equal_values_of_one_type_share_a_parameter() -> None:
    values: list[Expr] = [
        Param("1", "String"),
        Param("1", "String"),
        Param(1, "UInt8"),
        Param(1, "UInt32"),
        Param(1.0, "UInt8"),
        Param(True, "UInt8"),
        Param(("1",), "Array(String)"),
        Subcolumn(Column("p"), "1"),
    ]
    statement = render(Select((Named(call("tuple", *values), "it"),)))
    names = re.findall(r"\{(p\d+):", statement.text)
    assert names == ["p0", "p0", "p1", "p2", "p3", "p4", "p5", "p6"]
    assert list(statement.params.items()) == [
        ("p0", "1"),
        ("p1", 1),
        ("p2", 1),
        ("p3", 1.0),
        ("p4", True),
        ("p5", ("1",)),
        ("p6", "1"),
    ]
    assert isinstance(statement.params["p6"], Identifier)
    assert statement.types["p6"] == "Identifier"


def test_rendering_is_repeatable() -> None:
    query = Select((Named(Param("x", "String"), "x"), Named(Param(2, "UInt8"), "y")))
    assert render(query) == render(query)


@given(st.text(), st.text())
def test_client_text_never_changes_the_sql(value: str, key: str) -> None:
    def shape(value: str, key: str) -> str:
        values = call(
            "tuple", Param(value, "String"), Subcolumn(Column("p"), key), Param((value,), "Array(String)")
        )
        return render(Select((Named(values, "it"),), where=equals(Column("a"), Param(value, "String")))).text

    assert shape(value, key) == shape("a", "b")


@pytest.mark.parametrize("name", ["", "a b", "a;", "1a", "a.b", "a`", "a\n", "a--", "\u00e4"])
@pytest.mark.parametrize(
    "kind", ["column", "table of column", "call", "named", "alias", "lambda", "table", "table alias", "derived"]
)
def test_invalid_name_is_rejected(kind: str, name: str) -> None:
    nodes: dict[str, Expr] = {
        "column": Column(name),
        "table of column": Column("a", name),
        "call": call(name),
        "alias": Alias(Null(), name),
        "lambda": Lambda((name,), Null()),
    }
    selects = {
        "named": Select((Named(Null(), name),)),
        "table": Select((Named(Null(), "x"),), Table(name, "t")),
        "table alias": Select((Named(Null(), "x"),), Table("t", name)),
        "derived": Select((Named(Null(), "x"),), Derived(ONE, name)),
    }
    query = selects[kind] if kind in selects else Select((Named(nodes[kind], "x"),))
    with pytest.raises(ValueError, match="is not a valid name"):
        render(query)


def test_column_with_a_dollar_is_quoted() -> None:
    assert text_of(Column("$group_0", "e")) == "e.`$group_0`"
    assert text_of(Column("mat_$browser", "e")) == "e.`mat_$browser`"


def test_table_of_another_database_is_qualified() -> None:
    query = Select((Named(Column("a", "t"), "a"),), Table("t", "t", is_final=True, database="other"))
    assert "FROM other.t AS t FINAL" in render(query).text
    with pytest.raises(ValueError, match="is not a valid name"):
        render(Select((Named(Null(), "x"),), Table("t", "t", database="a.b")))


@pytest.mark.parametrize("type_", ["", "String}", "String; SELECT", "A\\", "A\n", "`A`"])
def test_invalid_type_is_rejected(type_: str) -> None:
    for node in (Param("x", type_), Cast(Null(), type_)):
        with pytest.raises(ValueError, match="is not a valid type"):
            text_of(node)


@pytest.mark.parametrize("operator", ["", "OR 1=1 OR", "and", ";", "LIKE"])
def test_unknown_operator_is_rejected(operator: str) -> None:
    with pytest.raises(ValueError, match="is not a valid operator"):
        text_of(Infix(operator, (Null(), Null())))


def test_logical_nodes_are_rejected() -> None:
    with pytest.raises(TypeError, match="Field must be replaced by a layout"):
        text_of(Field("event"))
    with pytest.raises(TypeError, match="Events must be replaced by a layout"):
        render(Select((Named(Null(), "x"),), Events()))


@pytest.mark.parametrize("value", [*HOSTILE, 5, 1.5, None, ("a", "b\n'"), (1, 2)])
def test_description_shows_every_value_in_a_comment(value: ParamValue) -> None:
    kind = "Nullable(String)"
    first, *rest = render(Select((Named(Param(value, kind), "x"),))).describe().split("\n")
    head, _, shown = first.partition(" = ")
    assert head == f"-- p0 {kind}"
    assert json.loads(shown) == (list(value) if isinstance(value, tuple) else value)
    assert rest == ["SELECT", f"    {{p0:{kind}}} AS x"]


@pytest.mark.parametrize("value", HOSTILE)
async def test_hostile_text_reaches_clickhouse_unchanged(engine: Engine, value: str) -> None:
    query = Select((Named(Param(value, "String"), "one"), Named(Param((value, "x"), "Array(String)"), "two")))
    statement = render(query)
    for text in (statement.text, statement.describe()):
        result = await engine.query(text, statement.params)
        assert list(result.rows()) == [(value, [value, "x"])]
