"""Fields of events, persons and groups, read back from the tables of a PostHog installation."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import (
    DISTINCT_ID,
    EVENT,
    EVENT_ID,
    PERSON,
    PERSON_ID,
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
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.sql.render import Statement, render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import (
    CohortMember,
    Column,
    DistinctIds,
    Events,
    Expr,
    Field,
    Named,
    Order,
    Param,
    Persons,
    Select,
    call,
    compare,
    either,
    equals,
    every,
)
from tests.datasource.layouts.test_native import KEYS
from tests.support.posthog_tables import DATABASE, PostHogSeeds, person_id, without_materialized
from tests.support.seeds.events import NOW, Event


@pytest.fixture(params=["materialized", "json"])
def columns(request: pytest.FixtureRequest, posthog: PostHogColumns) -> PostHogColumns:
    """With the materialized columns that there are, and without any."""
    return posthog if request.param == "materialized" else without_materialized(posthog)


@pytest.fixture
def seeds(engine: Engine, columns: PostHogColumns) -> PostHogSeeds:
    return PostHogSeeds.new(engine, columns)


def _statement(seeds: PostHogSeeds, *columns: Expr, where: Expr | None = None) -> Statement:
    named = tuple(Named(column, f"c{n}") for n, column in enumerate(columns))
    query = Select(named, Events(), where=where, order_by=(Order(TIMESTAMP),))
    return render(scope_to_project(seeds.layout.lower(query), seeds.project.id))


async def _read(seeds: PostHogSeeds, *columns: Expr, where: Expr | None = None) -> list[tuple[object, ...]]:
    """The columns of every event, in the order of time."""
    statement = _statement(seeds, *columns, where=where)
    return list((await seeds.engine.query(statement.text, statement.params)).rows())


async def _add_json(seeds: PostHogSeeds, *properties: str) -> None:
    """Events of exactly these JSON texts, a second apart."""
    await seeds.insert(
        "events",
        {
            "event": ["e"] * len(properties),
            "timestamp": [f"2020-01-10 00:00:{second:02}" for second in range(len(properties))],
            "properties": list(properties),
        },
    )


VALUES = [
    ("10", "10", 10),
    ("0", "0", 0),
    ("-7", "-7", -7),
    (str(2**53 + 1), str(2**53 + 1), 2.0**53),
    (str(2**63 - 1), str(2**63 - 1), 2.0**63),
    (str(-(2**63)), str(-(2**63)), -(2.0**63)),
    (str(2**64 - 1), str(2**64 - 1), 2.0**64),
    (str(2**70), str(2**70), 2.0**70),
    ("12.5", "12.5", 12.5),
    ("-0.001", "-0.001", -0.001),
    ("19.99", "19.99", 19.99),
    ("1.0", "1", 1),
    ("1e3", "1000", 1000),
    ("1e300", "1e300", 1e300),
    ("true", "true", None),
    ("false", "false", None),
    ("null", None, None),
    ('""', "", None),
    ('"null"', "null", None),
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
    ("[1, 2]", "[1,2]", None),
    ('["a\\"b", {"c": null}]', '["a\\"b",{"c":null}]', None),
    ('{"b": [true]}', '{"b":[true]}', None),
    (r'"say \"hi\" \\ \n é"', 'say "hi" \\ \n é', None),
    (r'"\"quoted\""', '"quoted"', None),
    (r'"https:\/\/x\/?a=b"', "https://x/?a=b", None),
    ('"caf\\u00e9"', "café", None),
]


@pytest.mark.parametrize("key", ["x", "plan", "$current_url"])
async def test_property_of_each_kind_reads_as_string_and_number(seeds: PostHogSeeds, key: str) -> None:
    await _add_json(seeds, *(f'{{"{key}": {value}, "y": 1}}' for value, _, _ in VALUES), '{"y": 1}')
    rows = await _read(seeds, event_text(key), event_number(key))
    assert rows.pop() == (None, None)
    found = [
        (value, text, float(number) if isinstance(number, int) else number)
        for (value, _, _), (text, number) in zip(VALUES, rows, strict=True)
    ]
    assert found == VALUES


@pytest.mark.parametrize("key", ["x", "plan", "price", "a.b"])
async def test_property_of_changing_kind_is_read_row_by_row(seeds: PostHogSeeds, key: str) -> None:
    values = ("1", '"2"', "2.5", "true", None, '"z"', "null", '""')
    await _add_json(seeds, *("{}" if value is None else f'{{"{key}": {value}}}' for value in values))
    assert await _read(seeds, event_text(key), event_number(key)) == [
        ("1", 1),
        ("2", 2),
        ("2.5", 2.5),
        ("true", None),
        (None, None),
        ("z", None),
        (None, None),
        ("", None),
    ]


async def test_property_of_odd_key_is_found_in_its_own_row(seeds: PostHogSeeds) -> None:
    await _add_json(seeds, *(json.dumps({key: str(n), "other": "x"}) for n, key in enumerate(KEYS)))
    await seeds.override({"": 1})
    await seeds.add_persons({1: {**{key: f"person's {key}" for key in KEYS}, "other": "x"}})
    for column, key in enumerate(KEYS):
        rows = await _read(seeds, event_text(key), event_number(key), person_text(key))
        found = {row: values for row, (*values, _) in enumerate(rows) if values != [None, None]}
        assert found == {column: [str(column), column]}, key
        assert {value for *_, value in rows} == {f"person's {key}"}, key


@settings(max_examples=40, deadline=None)
@given(key=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8))
async def test_property_of_any_key_is_found(engine: Engine, posthog: PostHogColumns, key: str) -> None:
    seeds = PostHogSeeds.new(engine, posthog)
    await seeds.add_events([Event("e", "2020-01-10", 1, {key: "hit", key + "?": 1})])
    assert await _read(seeds, event_text(key), event_number(key + "?")) == [("hit", 1)]


async def test_dotted_key_is_not_a_path_into_another(seeds: PostHogSeeds) -> None:
    await _add_json(seeds, '{"a": {"b": "inside"}, "a.b": "dotted"}')
    assert await _read(seeds, event_text("a"), event_text("a.b")) == [('{"b":"inside"}', "dotted")]


async def test_invalid_json_has_no_properties(seeds: PostHogSeeds) -> None:
    await _add_json(seeds, "", "{", '["x"]')
    assert await _read(seeds, event_text("x"), event_number("plan")) == [(None, None)] * 3


async def test_event_columns_are_read(seeds: PostHogSeeds) -> None:
    properties: Mapping[str, str | int] = {"$session_id": "s1", "$group_0": "acme", "$group_4": 7}
    await seeds.add_events([Event("e", "2020-01-10 01:02:03.000004", 5, properties, distinct_id="ann")])
    await seeds.add_events([Event("e2", "2020-01-11", 6)])
    fields = (TIMESTAMP, EVENT, DISTINCT_ID, PERSON_ID, SESSION_ID, *map(group_key, range(5)))
    assert await _read(seeds, *fields) == [
        ("2020-01-10 01:02:03.000004", "e", "ann", str(person_id(5)), "s1", "acme", "", "", "", "7"),
        ("2020-01-11 00:00:00.000000", "e2", "d6", str(person_id(6)), "", "", "", "", "", ""),
    ]
    assert len(set(await _read(seeds, EVENT_ID))) == 2


async def test_group_keys_with_escapes_are_decoded_and_null_is_absent(seeds: PostHogSeeds) -> None:
    key = 'a "b" \\ \n é'
    await seeds.add_events(
        [Event("e", f"2020-01-1{n}", 1, {"$group_0": each}) for n, each in enumerate((key, None))]
    )
    await seeds.add_groups(0, {key: {"name": "odd"}})
    assert await _read(seeds, group_key(0), group_text(0, "name")) == [(key, "odd"), ("", None)]


async def test_person_properties_are_the_latest_version(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 1)])
    await seeds.add_persons({1: {"plan": "new", "age": 30, "email": "a@x"}}, version=5)
    await seeds.add_persons({1: {"plan": "old", "city": "gone"}}, version=4)
    fields = (person_text("plan"), person_number("age"), person_text("city"), person_text("email"))
    assert await _read(seeds, *fields) == [("new", 30, None, "a@x")]


async def test_deleted_persons_and_those_from_the_future_have_no_properties(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{n}", n) for n in (1, 2, 3)])
    await seeds.add_persons({1: {"plan": "a"}}, version=1)
    await seeds.add_persons({1: {}}, version=2, is_deleted=True)
    await seeds.add_persons({2: {"plan": "b"}}, created_at=NOW + timedelta(days=2))
    await seeds.add_persons({3: {"plan": "c"}}, created_at=NOW + timedelta(hours=23))
    assert await _read(seeds, person_text("plan")) == [(None,), (None,), ("c",)]
    later = replace(seeds, layout=replace(seeds.layout, now=NOW + timedelta(days=3)))
    assert await _read(later, person_text("plan")) == [(None,), ("b",), ("c",)]


async def test_event_belongs_to_the_person_who_has_its_distinct_id_now(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{person}", person) for person in (1, 2, 3, 4)])
    await seeds.add_persons(
        {1: {"plan": "merged away"}, 2: {"plan": "kept"}, 3: {"plan": "own"}, 4: {"plan": "4"}}
    )
    await seeds.override({"d1": 3}, version=1)
    await seeds.override({"d1": 2}, version=2)
    await seeds.override({"d4": 2}, version=1)
    await seeds.override({"d4": 2}, version=2, is_deleted=True)
    rows = await _read(seeds, PERSON, PERSON_ID, person_text("plan"))
    ids = [str(person_id(number)) for number in (2, 2, 3, 4)]
    assert rows == [(id_, id_, plan) for id_, plan in zip(ids, ("kept", "kept", "own", "4"), strict=True)]


async def test_event_without_a_known_person_has_no_person_properties(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 9)])
    assert await _read(seeds, person_text("plan"), person_number("age")) == [(None, None)]


async def test_group_properties_are_the_latest_of_the_events_own_group(seeds: PostHogSeeds) -> None:
    keys: tuple[dict[str, str], ...] = ({"$group_1": "acme"}, {"$group_1": "gone"}, {}, {"$group_0": "acme"})
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


async def test_rows_are_not_multiplied_by_joins(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", "2020-01-10", 1, {"$group_0": "a"}) for _ in range(3)])
    for version in (1, 2, 3):
        await seeds.add_persons({1: {"x": version}}, version=version)
        await seeds.add_groups(0, {"a": {"x": version}}, version=version)
        await seeds.override({"d1": 1}, version=version)
    assert await _read(seeds, person_text("x"), group_text(0, "x")) == [("3", "3")] * 3


async def test_nothing_of_another_team_is_joined(seeds: PostHogSeeds, columns: PostHogColumns) -> None:
    other = PostHogSeeds.new(seeds.engine, columns)
    await seeds.add_events([Event("e", "2020-01-10", 1, {"$group_0": "a"})])
    await other.add_persons({1: {"x": "foreign"}, 2: {"x": "foreign"}}, version=9)
    await other.add_groups(0, {"a": {"x": "foreign"}}, version=9)
    await other.override({"d1": 2})
    mine = str(person_id(1))
    assert await _read(seeds, PERSON, person_text("x"), group_text(0, "x")) == [(mine, None, None)]


async def test_members_of_a_cohort_are_those_of_the_version(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{person}", person) for person in (1, 2, 3)])
    await seeds.merge({3: 1})
    await seeds.add_cohort(7, [2], version=4)
    await seeds.add_cohort(7, [1], version=5)
    await seeds.add_cohort(8, [1, 2, 3], version=5)
    assert await _read(seeds, CohortMember(7, 5), CohortMember(7, 4)) == [(1, 0), (0, 1), (1, 0)]


async def test_cancelled_members_are_not_members(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{person}", person) for person in (1, 2)])
    await seeds.add_cohort(7, [1, 2], version=1)
    await seeds.add_cohort(7, [1], version=2)
    assert await _read(seeds, CohortMember(7, 0), CohortMember(7, 1)) == [(1, 1), (1, 1)]
    await seeds.add_cohort(7, [1, 2], version=1, sign=-1)
    assert await _read(seeds, CohortMember(7, 0), CohortMember(7, 1)) == [(1, 0), (0, 0)]


async def test_members_of_a_static_cohort_are_those_listed(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{person}", person) for person in (1, 2)])
    await seeds.add_static_cohort(7, [2])
    await seeds.add_static_cohort(7, [2])
    await seeds.add_cohort(7, [1], version=1)
    assert await _read(seeds, CohortMember(7, 0, is_static=True)) == [(0,), (1,)]


async def test_persons_and_distinct_ids_are_those_that_exist(seeds: PostHogSeeds) -> None:
    await seeds.add_persons({1: {"plan": "a"}, 2: {}, 3: {}})
    await seeds.add_persons({3: {}}, version=2, is_deleted=True)
    await seeds.add_distinct_ids({"d1": 1, "d5": 5})
    await seeds.add_distinct_ids({"d5": 1}, version=1)

    async def ask(query: Select) -> list[tuple[object, ...]]:
        statement = render(scope_to_project(seeds.layout.lower(query), seeds.project.id))
        return list((await seeds.engine.query(statement.text, statement.params)).rows())

    everyone = Select((Named(PERSON, "p"), Named(person_text("plan"), "t")), Persons(), order_by=(Order(PERSON),))
    assert await ask(everyone) == [(str(person_id(1)), "a"), (str(person_id(2)), None)]
    known = Select((Named(DISTINCT_ID, "d"), Named(PERSON, "p")), DistinctIds(), order_by=(Order(DISTINCT_ID),))
    assert await ask(known) == [("d1", str(person_id(1))), ("d5", str(person_id(1)))]


TABLES = {"events", "person", "person_distinct_id_overrides", "groups", "raw_sessions"}


@pytest.mark.parametrize(
    ("fields", "tables"),
    [
        ((TIMESTAMP, EVENT, DISTINCT_ID, SESSION_ID), {"events"}),
        ((event_text("x"), event_number("x"), group_key(0)), {"events"}),
        ((PERSON,), {"events", "person_distinct_id_overrides"}),
        ((PERSON_ID,), {"events", "person_distinct_id_overrides"}),
        ((person_text("x"),), {"events", "person", "person_distinct_id_overrides"}),
        ((group_text(0, "x"),), {"events", "groups"}),
        ((CohortMember(1, 1),), {"events", "person_distinct_id_overrides"}),
    ],
)
def test_statement_reads_only_the_tables_it_needs(
    seeds: PostHogSeeds, fields: tuple[Field, ...], tables: set[str]
) -> None:
    def read(*columns: Expr, where: Expr | None = None) -> set[str]:
        text = _statement(seeds, *columns, where=where).text
        return {table for table in TABLES if f"FROM {DATABASE}.{table} " in text}

    assert read(*fields) == tables
    assert read(TIMESTAMP, where=equals(fields[0], Param("x", "String"))) == tables


def test_query_without_properties_reads_no_property(posthog: PostHogColumns) -> None:
    text = render(
        PostHogLayout(posthog).lower(
            Select(
                tuple(
                    Named(each, f"c{n}")
                    for n, each in enumerate((TIMESTAMP, PERSON, group_key(1), SESSION_ID, event_number("price")))
                ),
                Events(),
            )
        )
    ).text
    assert "properties" not in text


def _texts_of(seeds: PostHogSeeds, where: Expr | None) -> str:
    return _statement(seeds, TIMESTAMP, where=where).text


def test_condition_on_an_unambiguous_string_reads_only_the_column(engine: Engine, posthog: PostHogColumns) -> None:
    seeds = PostHogSeeds.new(engine, posthog)
    plan, names = event_text("plan"), Param(("a b", "é/c"), "Array(String)")
    assert "properties" not in _texts_of(seeds, equals(plan, Param("pro", "String")))
    assert "properties" not in _texts_of(
        seeds, every(compare(plan, "IN", names), equals(EVENT, Param("e", "String")))
    )
    either_of = either(equals(plan, Param("a", "String")), equals(event_text("$browser"), Param("b", "String")))
    assert "properties" not in _texts_of(seeds, either_of)


@pytest.mark.parametrize("text", ["", "null", 'a"b', "a\\b", "a\nb"])
def test_condition_on_an_ambiguous_string_reads_the_json(
    engine: Engine, posthog: PostHogColumns, text: str
) -> None:
    seeds = PostHogSeeds.new(engine, posthog)
    assert "properties" in _texts_of(seeds, equals(event_text("plan"), Param(text, "String")))
    among = compare(event_text("plan"), "IN", Param(("a", text), "Array(String)"))
    assert "properties" in _texts_of(seeds, among)
    assert "properties" in _texts_of(seeds, call("not", equals(event_text("plan"), Param("a", "String"))))


PLANS = ("a", "", "null", None, 'a"b', "é", 5, True)


async def test_condition_on_any_string_selects_the_same_events(seeds: PostHogSeeds) -> None:
    await seeds.add_events([Event("e", f"2020-01-1{n}", 1, {"plan": plan}) for n, plan in enumerate(PLANS)])
    await seeds.add_events([Event("e", "2020-01-19", 1)])
    plan = event_text("plan")
    stored = [None if each is None else "true" if each is True else str(each) for each in (*PLANS, None)]
    for value in ("a", "", "null", 'a"b', "é", "5", "true", "b"):
        is_value = equals(plan, Param(value, "String"))
        is_among = compare(plan, "IN", Param((value, "other"), "Array(String)"))
        expected = [(each,) for each in stored if each == value]
        others = [(each,) for each in stored if each not in (value, None)]
        assert await _read(seeds, plan, where=is_value) == expected, value
        assert await _read(seeds, plan, where=is_among) == expected, value
        assert await _read(seeds, plan, where=call("not", is_value)) == others, value


def test_events_marked_as_deleted_do_not_count_where_they_can_be(posthog: PostHogColumns) -> None:
    marked = replace(posthog, columns=posthog.columns | {("events", "is_deleted"), ("groups", "is_deleted")})
    layout = PostHogLayout(marked)
    text = render(layout.lower(Select((Named(group_text(0, "x"), "x"),), Events()))).text
    assert "e.is_deleted = 0" in text
    assert "g.is_deleted = 0" in text


async def test_statement_joins_a_table_once_for_many_properties(seeds: PostHogSeeds) -> None:
    fields = (person_text("x"), person_text("y"), person_number("x"), group_text(0, "a"), group_text(0, "b"))
    text = _statement(seeds, *fields, group_text(3, "a")).text
    assert [text.count(f"FROM {DATABASE}.{table} ") for table in ("person", "groups")] == [1, 2]


async def test_keys_are_parameters_and_never_sql(seeds: PostHogSeeds) -> None:
    statement = _statement(seeds, event_text("SECRET`key"), person_number("SECRET'key"))
    assert "SECRET" not in statement.text
    assert set(statement.params.values()) >= {"SECRET`key", "SECRET'key"}


def test_query_over_other_sources_is_left_as_it_is() -> None:
    query = Select((Named(Column("x"), "x"),))
    assert PostHogLayout().lower(query) == query


def test_layout_has_no_rollup_and_no_person_numbers() -> None:
    assert PostHogLayout().rollup is None
    with pytest.raises(TypeError):
        PostHogLayout().lower(Select((Named(PERSON_NUMBER, "x"),), Events()))
    with pytest.raises(TypeError):
        PostHogLayout().count_people(Column("x"))
