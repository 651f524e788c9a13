"""Errors of expressions name the part and its place, and hostile text never reaches a statement."""

import re

import pytest

from datasource.sql.tree import Events, Named, Select
from errors import BadUserInput
from resolvers.trends.hogql import breakdown_expression, filter_expression, math_expression
from tests.resolvers.trends.hogql.evaluation import PATH, error_of, lowered, utc_context


@pytest.mark.parametrize(
    ("text", "place", "named"),
    [
        ("sleep(1)", (1, 1), "sleep"),
        ("lower(event) ||\n  upperr(event)", (2, 3), "upperr"),
        ("event = 'a' AND plan = 'b'", (1, 17), "plan"),
        ("person.plan", (1, 1), "person.plan"),
        ("session.plan", (1, 1), "plan"),
        ("group_7.properties.x", (1, 1), "group_7.properties.x"),
        ("properties", (1, 1), "properties"),
        ("lower(event, 1)", (1, 1), "lower"),
        ("if(true, 1)", (1, 1), "if"),
        ("if(true, 'a', 1)", (1, 15), "a string and a number"),
        ("event > 5", (1, 9), "a string and a number"),
        ("lower(event) + 1", (1, 1), "a number"),
        ("timestamp + 1", (1, 13), "an interval"),
        ("timestamp > 'soon'", (1, 13), "soon"),
        ("timestamp > 5", (1, 13), "a time and a number"),
        ("timestamp - INTERVAL 1 BANANA", (1, 13), "BANANA"),
        ("dateDiff('eon', timestamp, now())", (1, 10), "eon"),
        ("formatDateTime(timestamp, '%')", (1, 27), "%"),
        ("match(event, '(')", (1, 14), "("),
        ("match(event, '(?=a)')", (1, 14), "(?="),
        (r"replaceRegexpOne(event, 'a', '\\1')", (1, 30), r"\1"),
        (r"event LIKE 'a\\'", (1, 12), "backslash"),
        ("event LIKE event", (1, 12), "in quotes"),
        ("event IN (event)", (1, 11), "constant"),
        ("event IN event", (1, 1), "list"),
        ("event IN ()", (1, 1), "list"),
        ("['a']", (1, 2), "list"),
        ("(1, 2)", (1, 2), "list"),
        ("splitByChar(',', event)[0]", (1, 25), "start at 1"),
        ("splitByChar('::', event)", (1, 13), "single"),
        ("substring(event, 0)", (1, 18), "start at 1"),
        ("properties.a[0]", (1, 14), "start at 1"),
        ("leftPad(event, 100000000)", (1, 16), "1000"),
        ("1e999", (1, 1), "too large"),
        ("count()", (1, 1), "count"),
        ("event event", (1, 7), "event"),
        ("event +", (1, 7), "+"),
        ("lower(event", (1, 7), "event"),
        ("'open", (1, 6), "quote"),
        ("", (1, 1), "empty"),
        ("   ", (1, 1), "empty"),
        ("AS x", (1, 1), "AS"),
        ("ELSE", (1, 1), "single expression"),
        ("concat(event AS x, x)", (1, 20), "unknown field `x`"),
    ],
)
def test_error_names_the_part_and_its_place(text: str, place: tuple[int, int], named: str) -> None:
    found = error_of(text)
    assert found.path == PATH
    assert found.message.startswith(f"Line {place[0]}, column {place[1]}: ")
    assert named in found.message


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("properties.price", "properties.price"),
        ("sum(properties.price) + properties.tax", "properties.tax"),
        ("avg(sum(properties.price))", "sum"),
        ("1 + 1", "aggregate"),
        ("sum(event)", "number"),
        ("max(event)", "number"),
        ("min(timestamp)", "number"),
        ("avg()", "avg"),
        ("countIf()", "condition"),
        ("count(event, uuid)", "count"),
        ("sum(DISTINCT properties.price)", "DISTINCT"),
        ("quantile(2)(properties.price)", "0 to 1"),
        ("quantile(properties.x)(properties.price)", "0 to 1"),
        ("avg(0.5)(properties.price)", "parameter"),
        ("lower(0.5)(properties.price)", "parameters"),
        ("argMax(properties.a, timestamp)", "argMax"),
        ("sumMerge(properties.a)", "sumMerge"),
        ("groupArray(event)", "groupArray"),
    ],
)
def test_math_without_valid_aggregates_is_an_error(text: str, named: str) -> None:
    assert named in error_of(text, aggregating=True).message


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("lowerr(event)", "lower"),
        ("event > 5", "toFloat()"),
        ("properties.a::Int64", "toInt()"),
        ("properties.a ? 1 : 2", "if("),
        ("properties.1a", "special characters"),
        ("plan", "properties"),
        ("properties.price / lower(event)", "toFloat()"),
    ],
)
def test_error_hints_at_what_works(text: str, hint: str) -> None:
    assert hint in (error_of(text).hint or "")


_HOSTILE = (
    # queries in every place
    "(SELECT 1)",
    "(select token from system.users limit 1)",
    "event IN (SELECT name FROM system.tables)",
    "event IN system.tables",
    "exists(SELECT 1)",
    "if((SELECT 1), 'a', 'b')",
    "coalesce((select 1), 1)",
    "properties.a = (select 1)",
    "properties[(select 1)]",
    "lower((SELECT distinct_id FROM events))",
    "event UNION ALL SELECT 1",
    "event) UNION ALL SELECT 1 FROM events --",
    "1) AS v FROM system.one; DROP TABLE events; --",
    "WITH (SELECT 1) AS x SELECT x",
    "event FROM system.users",
    "event, distinct_id",
    "event; SELECT 1",
    ";",
    # clauses
    "event SETTINGS max_execution_time = 0",
    "event FORMAT JSON",
    "event INTO OUTFILE '/tmp/x'",
    "event LIMIT 1",
    "event ORDER BY event",
    "event GROUP BY event WITH TOTALS",
    "count() OVER ()",
    "avg(properties.a) FILTER (WHERE true)",
    "event WHERE project_id = 2",
    # tables and the server
    "file('/etc/passwd')",
    "url('http://example.com/', CSV, 'a String')",
    "remote('localhost', system.one)",
    "s3('http://example.com/x')",
    "mysql('host:3306', 'a', 'b', 'c', 'd')",
    "numbers(10)",
    "dictGet('d', 'a', 1)",
    "joinGet('t', 'a', 1)",
    "getSetting('max_threads')",
    "hostName()",
    "currentUser()",
    "version()",
    "sleep(3)",
    "sleepEachRow(3)",
    "throwIf(1)",
    "getMacro('x')",
    "currentDatabase()",
    "system.tables",
    "SyStEm.users",
    "executable('x')",
    "catboostEvaluate('m', 1)",
    "SLEEP(3)",
    "sLeEp/**/(3)",
    '"sleep"(3)',
    "`sleep`(3)",
    '"lower"(event)',
    "system.lower(event)",
    "e.lower(event)",
    "arrayJoin([1, 2])",
    "arrayMap(x -> x, [1])",
    "generateUUIDv4()",
    "rand()",
    "rowNumberInAllBlocks()",
    "neighbor(event, 1)",
    "runningDifference(1)",
    "columns('.*')",
    "COLUMNS(project_id)",
    "event APPLY(toString)",
    "untuple(tuple(1))",
    "materialize(1)",
    "identity(event)",
    # names of the statement around it
    "project_id",
    "team_id",
    "e.project_id",
    "e.person_no",
    "person_no",
    "person.person_no",
    "person.v0",
    "stored_person",
    "events.event",
    "b0",
    "figure",
    "bucket",
    "merges",
    "*",
    "e.*",
    "properties.*",
    "events_by_hour.people",
    "_part",
    "_table",
    # parameters, identifiers, quotes
    "{p0:String}",
    "{p0}",
    "properties.{x:Identifier}",
    "event = {p0:String}",
    "{{ event }}",
    "{% raw %}",
    "{# note #} event",
    "@@version",
    "@x",
    "?",
    ":x",
    "$1",
    "$$event$$",
    "\\event",
    "event \\ 1",
    "'\\",
    "'a\\'",
    "“event”",
    "\u2018event\u2019",
    "event\uff1d'a'",
    "event\u00a0= 'a' \u2028 x",
    "\x00",
    "0x41",
    "b'a'",
    "x'41'",
    "N'a'",
    "'a' 'b'",
    # comments
    "event -- x",
    "event # x",
    "event /* x */",
    "/* /* nested */ */ event",
    "event /*! x */",
    "--",
    "1--1",
    "lower(event) /* sqlglot.anonymous */",
    # casts, types, operators that are not there
    "event::String",
    "CAST(event AS String)",
    "event AS String FROM x",
    "DATE '2020-01-01'",
    "event GLOBAL IN ('a')",
    "event COLLATE 'en'",
    "event ^ 1",
    "event & 1",
    "event ~ 'a'",
    "event <=> 'a'",
    "event := 1",
    "properties.a.^b",
    "properties.a.:String",
    "properties.`a`.:`Array(JSON)`",
    "tuple(1).1",
    "event IS DISTINCT FROM 'a'",
    "event LIKE ANY ('a')",
    "event BETWEEN SYMMETRIC 1 AND 2",
    "properties.a BETWEEN SYMMETRIC 1 AND 2",
    "timestamp - INTERVAL '1.5 day'",
    "timestamp - INTERVAL '1 day 2 hour'",
    "timestamp - INTERVAL 1 DAY TO HOUR",
    "count(properties.a) IGNORE NULLS",
    "any(properties.a IGNORE NULLS)",
    "properties.a IS NOT TRUE",
    "INTERVAL properties.a DAY",
    "NOT",
    "CASE END",
    "()",
    "[]",
    # size
    "(" * 30 + "1" + ")" * 30,
    "[" * 3000,
    "(" * 3000,
    "not " * 700 + "true",
    "- " * 700 + "1",
    "CASE WHEN " * 100,
    "if(true, " * 100 + "1" + ", 1)" * 100,
    "properties" + "[1]" * 500,
    "properties" + ".a" * 300,
    "event || " * 500 + "event",
    "a" * 1_000_000,
    "'" + "a" * 1_000_000 + "'",
    "1" * 3000,
    "1e999",
    "-1e309",
    "1e",
    "9" * 400,
    "\ud800",
    "'\ud800'",
    "properties.`\ud800`",
)


@pytest.mark.parametrize("text", _HOSTILE, ids=range(len(_HOSTILE)))
def test_hostile_text_is_a_clear_error_everywhere(text: str) -> None:
    for compile_ in (breakdown_expression, filter_expression, math_expression):
        with pytest.raises(BadUserInput, match=r"^Line \d+, column \d+: ") as caught:
            compile_(text, PATH, utc_context())
        assert len(caught.value.message) < 300
        assert len(caught.value.hint or "") < 800


def test_hostile_text_inside_an_aggregate_is_an_error() -> None:
    for text in ("sum((SELECT 1))", "count(project_id)", "avg(sleep(1))", "quantile((SELECT 1))(properties.a)"):
        assert "Line 1" in error_of(text, aggregating=True).message


_VOCABULARY = re.compile(r"[A-Za-z0-9_(){}:.,'+*/%<>=!\s-]+")


@pytest.mark.parametrize(
    "text",
    [
        "'; DROP TABLE events; --'",
        "properties.`x` || properties.`) FROM system.users --`",
        "properties.`a\\`b`",
        'properties."a\\"; SELECT 1"',
        "properties['\\'); DROP TABLE events']",
        "person.properties.`{p0:Identifier}`",
        "group_0.properties.`é; select`",
        "properties.a.`'); DROP`",
        "splitByString('\\'); DROP', event)[1]",
        "event IN ('a\\'', '\\\\', ') OR 1=1 --')",
        "match(event, '\\'\\\\\\\\')",
        "formatDateTime(timestamp, '%Y')",
        "event LIKE '%\\'; DROP%'",
        "event AS `; DROP TABLE events`",
        "JSONExtractString(properties.a, ''';DROP')",
        "multiIf(event = '/*', '*/', event = '--', '#', ';')",
    ],
)
def test_text_reaches_the_statement_as_parameters_only(text: str) -> None:
    expr = breakdown_expression(text, PATH, utc_context())
    statement = lowered(Select((Named(expr, "v"),), Events()), 7)
    assert _VOCABULARY.fullmatch(statement.text)
    for word in ("DROP", "--", "/*", "*/", ";", "#", "system", "'a", "select", "é"):
        assert word not in statement.text


def test_deepest_valid_expressions_become_statements() -> None:
    for text in (
        "(" * 24 + "event" + ")" * 24,
        "lower(" * 23 + "event" + ")" * 23,
        "if(properties.a = 'x', 1, " * 23 + "2" + ")" * 23,
        "properties.a + " * 190 + "1",
        " and ".join(["properties.a = 'x'"] * 120),
        " or ".join(["properties.a between 1 and 5"] * 80),
        "1 - properties.a / 2 * " * 15 + "3",
    ):
        expr = breakdown_expression(text, PATH, utc_context())
        assert len(lowered(Select((Named(expr, "v"),), Events()), 7).text) < 100_000


def test_expression_that_doubles_with_every_nesting_is_an_error() -> None:
    text = "properties.a"
    for _ in range(16):
        text = f"({text} between 1 and 5)"
    assert "too large" in error_of(text).message
