"""No statement can read a row of another project."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Engine
from datasource.layouts.contract import PERSON, EventLayout, person_text
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import (
    CohortMember,
    Column,
    DistinctIds,
    Events,
    Infix,
    Join,
    Named,
    Param,
    Persons,
    Query,
    Select,
    Table,
    equals,
)
from resolvers.trends.compile import compile_trend, first_event
from resolvers.trends.query import (
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from tests.resolvers.trends.sample_queries import sample_queries
from tests.support.seeds.events import NOW, Event, EventSeeds, RawLayout, Value

PROJECT = 4_000_000_001
QUESTIONS = sample_queries()
WITH_SESSIONS = PostHogColumns(
    columns=frozenset({("raw_sessions", "session_id_v7"), ("events", "$session_id_uuid")})
)
STAFF = PropertyFilter("email", "@corp.com", PropertyOperator.NOT_ICONTAINS, PropertyType.PERSON)


def _nodes(node: object) -> Iterator[object]:
    yield node
    children = node if isinstance(node, tuple) else ()
    if is_dataclass(node) and not isinstance(node, type):
        children = tuple(getattr(node, item.name) for item in fields(node))
    for child in children:
        yield from _nodes(child)


def _statements(query: TrendQuery, project: TrendProject) -> Iterator[Query]:
    resolved = resolve(query, project, NOW)
    for layout in (NativeLayout(), RawLayout(), PostHogLayout(), PostHogLayout(WITH_SESSIONS, NOW, "other")):
        yield scope_to_project(layout.lower(first_event(resolved)), project.id)
        for part in compile_trend(resolved, layout).parts:
            yield scope_to_project(layout.lower(part.query), project.id)


def _condition(table: Table) -> Infix:
    return equals(Column(table.project_column, table.alias), Param(PROJECT, "UInt32"))


def _conjuncts(select: Select) -> tuple[object, ...]:
    where = select.where
    return where.operands if isinstance(where, Infix) and where.operator == "AND" else (where,)


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_table_of_a_statement_is_scoped_to_the_project(name: str) -> None:
    accounts = FilterGroup(children=(STAFF,))
    project = TrendProject(PROJECT, ZoneInfo("Asia/Kolkata"), test_account_filters=accounts)
    assert sum(_guarded_tables(statement) for statement in _statements(QUESTIONS[name], project))


SOURCES = (
    Select((Named(CohortMember(1, 2), "x"),), Events()),
    Select((Named(CohortMember(1, 0, is_static=True), "x"),), Events()),
    Select((Named(person_text("plan"), "x"),), Persons(), where=CohortMember(1, 0)),
    Select((Named(PERSON, "x"),), DistinctIds()),
)


@pytest.mark.parametrize("query", SOURCES)
@pytest.mark.parametrize("layout", [NativeLayout(), PostHogLayout(now=NOW)])
def test_cohorts_and_persons_are_scoped_to_the_project(layout: EventLayout, query: Select) -> None:
    assert _guarded_tables(scope_to_project(layout.lower(query), PROJECT))


def _guarded_tables(statement: Query) -> int:
    """How many tables the statement reads, all of which stand under the condition."""
    selects = [node for node in _nodes(statement) if isinstance(node, Select)]
    guarded = [select for select in selects if isinstance(select.source, Table)]
    assert all(
        _condition(select.source) in _conjuncts(select) for select in guarded if isinstance(select.source, Table)
    )
    found = [node for node in _nodes(statement) if isinstance(node, Table)]
    assert len(found) == len(guarded), "a table stands where no condition is added"
    assert not any(isinstance(node.source, Table) for node in _nodes(statement) if isinstance(node, Join))
    return len(found)


async def _fill(seeds: EventSeeds, salt: str) -> None:
    names = ("sign up", "paid", "a", "b")
    await seeds.add_events(
        [
            Event(
                names[n % 4],
                f"2020-01-{5 + n % 9:02} {n % 24:02}:30",
                n % 5,
                {
                    "price": n * (7 if salt else 1),
                    "plan": f"{salt}{'abc'[n % 3]}",
                    "$browser": f"{salt}{n % 4}",
                    "$current_url": f"http://x/{salt}{n % 3}/",
                    "$session_id": f"s{n % 6}",
                    "$group_0": f"g{n % 2}",
                    "$group_1": f"g{n % 2}",
                    "$group_2": f"g{n % 2}",
                    "$group_3": f"g{n % 2}",
                },
                f"{salt}d{n % 5}",
            )
            for n in range(40)
        ]
    )
    plans = ("pro", "a", "b")
    await seeds.add_persons(
        {
            n: {"plan": f"{salt}{plans[n % 3]}", "email": f"{salt}{n}@corp.com"[: 20 - n], "price": n}
            for n in range(4)
        },
        version=9 if salt else 1,
    )
    for index in range(4):
        groups: dict[str, dict[str, Value]] = {
            f"g{n}": {"plan": f"{salt}{n}", "price": n + len(salt)} for n in range(2)
        }
        await seeds.add_groups(index, groups, version=9 if salt else 1)
    await seeds.merge({1: 2} if not salt else {0: 3, 1: 4, 2: 3}, version=9 if salt else 1)


async def test_rows_of_another_project_change_no_result(engine: Engine) -> None:
    mine, other = EventSeeds.new(engine), EventSeeds.new(engine)
    same = re.compile("filter_(?!of|is_not$|nested)|math_.*_per_actor|interval_minute|math_p[79]")
    asked = {name: query for name, query in QUESTIONS.items() if not same.match(name)}
    await _fill(mine, "")
    before = {name: (await mine.run(query)).series for name, query in asked.items()}
    await _fill(other, "foreign ")
    assert {name: (await mine.run(query)).series for name, query in asked.items()} == before
    assert (
        sum(bool(any(found.data) or found.aggregated_value) for series in before.values() for found in series) > 40
    )
    theirs = {name: (await other.run(query)).series for name, query in asked.items()}
    assert sum(theirs[name] != before[name] for name in asked) > 15, "the other project's rows do differ"
