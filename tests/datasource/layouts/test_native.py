"""Fields of events, persons and groups, read back from the real tables."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import (
    DISTINCT_ID,
    EVENT,
    PERSON,
    PERSON_NUMBER,
    SESSION_ID,
    TIMESTAMP,
    event_number,
    event_text,
    group_key,
    group_number,
    group_text,
    person_number,
    person_text,
)
from datasource.layouts.native import NativeLayout
from datasource.sql.render import Statement, render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Column, Events, Expr, Field, Named, Order, Param, Select, equals
from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.seeds.events import Event, EventSeeds, Value


@pytest.fixture
async def seeds(engine: Engine) -> EventSeeds:
    return EventSeeds.new(engine)


def _statement(seeds: EventSeeds, *columns: Expr, where: Expr | None = None) -> Statement:
    named = tuple(Named(column, f"c{n}") for n, column in enumerate(columns))
    query = Select(named, Events(), where=where, order_by=(Order(TIMESTAMP),))
    return render(scope_to_project(NativeLayout().lower(query), seeds.project.id))


async def _read(seeds: EventSeeds, *columns: Expr) -> list[tuple[object, ...]]:
    """The columns of every event, in the order of time."""
    statement = _statement(seeds, *columns)
    return list((await seeds.engine.query(statement.text, statement.params)).rows())


async def _add_json(seeds: EventSeeds, *properties: str) -> None:
    """Events of exactly these JSON texts, a second apart."""
    for second, text in enumerate(properties):
        await seeds.engine.command(
            "INSERT INTO events (project_id, event, timestamp, person_no, properties) "
            f"SETTINGS {JSON_INSERT_SETTINGS} "
            "SELECT {p:UInt32}, 'e', {t:DateTime64(6, 'UTC')}, 1, {j:String}::JSON",
            {"p": seeds.project.id, "t": f"2020-01-10 00:00:{second:02}", "j": text},
        )


VALUES = [
    ("10", "10", 10),
    ("0", "0", 0),
    ("-7", "-7", -7),
    (str(2**53 + 1), str(2**53 + 1), 2.0**53),
    (str(2**63 - 1), str(2**63 - 1), 2.0**63),
    (str(-(2**63)), str(-(2**63)), -(2.0**63)),
    (str(2**63), str(2**63), 2.0**63),
    (str(2**64 - 1), str(2**64 - 1), 2.0**64),
    ("12.5", "12.5", 12.5),
    ("-0.001", "-0.001", -0.001),
    ("1.0", "1", 1),
    ("1e3", "1000", 1000),
    ("1e300", "1e300", 1e300),
    ("true", "true", None),
    ("false", "false", None),
    ("null", None, None),
    ('""', "", None),
    ('"12.5"', "12.5", 12.5),
    ('"-3"', "-3", -3),
    ('"1e3"', "1e3", 1000),
    ('"1.0"', "1.0", 1),
    ('"nan"', "nan", None),
    ('"inf"', "inf", None),
    ('"-Infinity"', "-Infinity", None),
    ('"abc"', "abc", None),
    ('"5 apples"', "5 apples", None),
    ('"12.5 "', "12.5 ", None),
    ('" 12"', " 12", None),
    ('"0x10"', "0x10", None),
    ('"1,000"', "1,000", None),
    ('"1_000"', "1_000", None),
    ('"true"', "true", None),
    ('"2020-01-01"', "2020-01-01", None),
    ('"2020-01-01 10:00:00"', "2020-01-01 10:00:00", None),
    ('"[1,2]"', "[1,2]", None),
    (r'"say \"hi\" \\ \n é"', 'say "hi" \\ \n é', None),
]


async def test_property_of_each_kind_reads_as_string_and_number(seeds: EventSeeds) -> None:
    # A key for each value, so that no two values share a dynamically typed column.
    await _add_json(seeds, *(f'{{"x{n}": {value}, "y": 1}}' for n, (value, _, _) in enumerate(VALUES)))
    found = []
    for n, (value, _, _) in enumerate(VALUES):
        text, number = (await _read(seeds, event_text(f"x{n}"), event_number(f"x{n}")))[n]
        # A float prints its shortest digits, which name an integer nearby when it is large.
        found.append((value, text, float(number) if isinstance(number, int) else number))
    assert found == VALUES


async def test_property_of_changing_kind_is_read_row_by_row(seeds: EventSeeds) -> None:
    await _add_json(
        seeds, '{"x": 1}', '{"x": "2"}', '{"x": 2.5}', '{"x": true}', "{}", '{"x": "z"}', '{"x": null}'
    )
    assert await _read(seeds, event_text("x"), event_number("x")) == [
        ("1", 1),
        ("2", 2),
        ("2.5", 2.5),
        ("true", None),
        (None, None),
        ("z", None),
        (None, None),
    ]


KEYS = (
    "a.b",
    "a..b",
    ".a.",
    ".",
    "`tick`",
    "it's",
    'say "x"',
    "back\\slash",
    "with blank",
    "naïve 😀",
    "$browser",
    "^caret",
    "^",
    "a[]",
    "[0]",
    "a[].b",
    ":String",
    ".:String",
    "a.:Int64",
    "@type",
    "size0",
    "null",
    "a\nb\tc",
    "nul\0byte",
    "{p0:String}",
    "%",
    "%25",
    "a%2",
    "*",
    "events",
    "properties",
    "project_id",
    "SELECT",
    "0",
)


async def test_property_of_odd_key_is_found_in_its_own_row(seeds: EventSeeds) -> None:
    await _add_json(seeds, *(json.dumps({key: str(n), "other": "x"}) for n, key in enumerate(KEYS)))
    await seeds.add_persons({1: {**{key: f"person's {key}" for key in KEYS}, "other": "x"}})
    for column, key in enumerate(KEYS):
        rows = await _read(seeds, event_text(key), event_number(key), person_text(key))
        found = {row: values for row, (*values, _) in enumerate(rows) if values != [None, None]}
        assert found == {column: [str(column), column]}, key
        assert {value for *_, value in rows} == {f"person's {key}"}, key


@settings(max_examples=40, deadline=None)
@given(
    key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8).filter(lambda k: "%2E" not in k)
)
async def test_property_of_any_key_is_found(engine: Engine, key: str) -> None:
    seeds = EventSeeds.new(engine)
    await seeds.add_events([Event("e", "2020-01-10", 1, {key: "hit", key + "?": 1})])
    assert await _read(seeds, event_text(key), event_number(key + "?")) == [("hit", 1)]


async def test_dotted_key_is_one_with_its_escaped_form(seeds: EventSeeds) -> None:
    """The price of keeping dots: a key that really has %2E in it cannot be told from one with a dot."""
    await _add_json(seeds, '{"a.b": "dot"}', '{"a%2Eb": "escaped"}')
    assert await _read(seeds, event_text("a.b"), event_text("a%2Eb")) == [("dot", "dot"), ("escaped", "escaped")]


async def test_dotted_key_is_not_a_path_into_another(seeds: EventSeeds) -> None:
    await _add_json(seeds, '{"a": "whole", "a.b": "dotted"}')
    assert await _read(seeds, event_text("a"), event_text("a.b")) == [("whole", "dotted")]


async def test_event_columns_are_read(seeds: EventSeeds) -> None:
    properties: dict[str, Value] = {"$session_id": "s1", "$group_0": "acme", "$group_4": 7}
    await seeds.add_events([Event("e", "2020-01-10 01:02:03.000004", 5, properties, distinct_id="ann")])
    await seeds.add_events([Event("e2", "2020-01-11", 6)])
    fields = (TIMESTAMP, EVENT, DISTINCT_ID, PERSON_NUMBER, SESSION_ID, *map(group_key, range(5)))
    assert await _read(seeds, *fields) == [
        ("2020-01-10 01:02:03.000004", "e", "ann", 5, "s1", "acme", "", "", "", "7"),
        ("2020-01-11 00:00:00.000000", "e2", "d6", 6, "", "", "", "", "", ""),
    ]


async def test_person_properties_are_the_latest_version(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 1)])
    await seeds.add_persons({1: {"plan": "new", "age": 30}}, version=5)
    await seeds.add_persons({1: {"plan": "old", "city": "gone"}}, version=4)
    fields = (person_text("plan"), person_number("age"), person_text("city"))
    assert await _read(seeds, *fields) == [("new", 30, None)]


async def test_merged_person_has_the_survivors_properties(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{person}", person) for person in (1, 2, 3)])
    await seeds.add_persons({1: {"plan": "merged away"}, 2: {"plan": "kept"}, 3: {"plan": "own"}})
    await seeds.merge({1: 3})
    await seeds.merge({1: 2}, version=2)
    rows = await _read(seeds, PERSON, PERSON_NUMBER, person_text("plan"))
    assert [row[1:] for row in rows] == [(1, "kept"), (2, "kept"), (3, "own")]
    assert rows[0][0] == rows[1][0] != rows[2][0]


async def test_event_without_a_person_has_no_person_properties(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 9)])
    assert await _read(seeds, person_text("plan"), person_number("age")) == [(None, None)]


async def test_group_properties_are_the_latest_of_the_events_own_group(seeds: EventSeeds) -> None:
    keys: tuple[dict[str, Value], ...] = ({"$group_1": "acme"}, {"$group_1": "gone"}, {}, {"$group_0": "acme"})
    await seeds.add_events([Event("e", f"2020-01-1{n}", 1, properties) for n, properties in enumerate(keys)])
    await seeds.add_groups(1, {"acme": {"size": 20, "name": "Acme 2"}}, version=2)
    await seeds.add_groups(1, {"acme": {"size": 10, "name": "Acme 1"}}, version=1)
    await seeds.add_groups(0, {"acme": {"name": "of type 0"}, "gone": {"name": "of type 0"}})
    assert await _read(seeds, group_text(1, "name"), group_number(1, "size"), group_text(0, "name")) == [
        ("Acme 2", 20, None),
        (None, None, None),
        (None, None, None),
        (None, None, "of type 0"),
    ]


async def test_rows_are_not_multiplied_by_joins(seeds: EventSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 1, {"$group_0": "a"}) for _ in range(3)])
    for version in (1, 2, 3):
        await seeds.add_persons({1: {"x": version}}, version=version)
        await seeds.add_groups(0, {"a": {"x": version}}, version=version)
    assert await _read(seeds, person_text("x"), group_text(0, "x")) == [("3", "3")] * 3


async def test_nothing_of_another_project_is_joined(seeds: EventSeeds) -> None:
    other = EventSeeds.new(seeds.engine)
    await seeds.add_events([Event("e", "2020-01-10", 1, {"$group_0": "a"})])
    await other.add_persons({1: {"x": "foreign"}, 2: {"x": "foreign"}}, version=9)
    await other.add_groups(0, {"a": {"x": "foreign"}}, version=9)
    await other.merge({1: 2})
    assert await _read(seeds, PERSON, person_text("x"), group_text(0, "x")) == [(1, None, None)]


def _tables(seeds: EventSeeds, *columns: Expr, where: Expr | None = None) -> set[str]:
    text = _statement(seeds, *columns, where=where).text
    tables = {"events", "persons", "groups", "person_merges", "events_by_hour", "person_distinct_ids"}
    return {table for table in tables if f"FROM {table} " in text}


@pytest.mark.parametrize(
    ("fields", "tables"),
    [
        ((TIMESTAMP, EVENT, DISTINCT_ID, SESSION_ID), {"events"}),
        ((event_text("x"), event_number("x"), group_key(0), PERSON_NUMBER), {"events"}),
        ((PERSON,), {"events", "person_merges"}),
        ((person_text("x"),), {"events", "persons", "person_merges"}),
        ((group_text(0, "x"),), {"events", "groups"}),
        ((group_number(0, "x"), person_number("y")), {"events", "groups", "persons", "person_merges"}),
    ],
)
async def test_statement_reads_only_the_tables_it_needs(
    seeds: EventSeeds, fields: tuple[Field, ...], tables: set[str]
) -> None:
    assert _tables(seeds, *fields) == tables
    assert _tables(seeds, TIMESTAMP, where=equals(fields[0], Param("x", "String"))) <= tables


async def test_query_without_properties_reads_no_property(seeds: EventSeeds) -> None:
    assert "properties" not in _statement(seeds, TIMESTAMP, EVENT, PERSON, group_key(1)).text
    assert "group_" not in _statement(seeds, TIMESTAMP, EVENT, PERSON).text


async def test_statement_joins_a_table_once_for_many_properties(seeds: EventSeeds) -> None:
    fields = (person_text("x"), person_text("y"), person_number("x"), group_text(0, "a"), group_text(0, "b"))
    text = _statement(seeds, *fields, group_text(3, "a")).text
    assert (text.count("FROM persons "), text.count("FROM groups ")) == (1, 2)


async def test_keys_are_parameters_and_never_sql(seeds: EventSeeds) -> None:
    statement = _statement(seeds, event_text("SECRET`key"), person_number("SECRET'key"))
    assert "SECRET" not in statement.text
    assert set(statement.params.values()) >= {"SECRET`key", "SECRET'key"}


def test_query_over_other_sources_is_left_as_it_is() -> None:
    query = Select((Named(Column("x"), "x"),))
    assert NativeLayout().lower(query) == query
