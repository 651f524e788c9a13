"""Who is in a cohort, and trends of its members."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Limits
from datasource.layouts.native import NativeLayout
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Column, Infix, Join, Param, Select, Table, equals
from errors import BadUserInput
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortInterval
from resolvers.trends.cohorts import (
    CohortDefinition,
    CohortGroup,
    known_distinct_ids,
    listed_members,
    members,
)
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import (
    Cohort,
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendMath,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.run import TrendSource, run_trend
from resolvers.trends.saved_objects import SavedObjects
from tests.resolvers.trends.conftest import NewSeeds
from tests.support.seeds.cohorts import CohortSeeds, group, inside, person
from tests.support.seeds.events import NOW, Event, EventSeeds, data_of, series, trend

Op = PropertyOperator
SEEN = Behavior(CohortBehaviorKind.PERFORMED_EVENT, "a", time_value=7, time_interval=CohortInterval.DAY)
PAID = replace(SEEN, event="pay")


@pytest.fixture
async def cohorts(seeds: EventSeeds) -> CohortSeeds:
    """Persons 1 to 4 have properties, 5 and 6 only a distinct id; 1, 2 and 5 did `a`, 2 paid."""
    await seeds.add_persons(
        {
            1: {"plan": "pro", "age": 30, "since": "2020-01-01"},
            2: {"plan": "free", "age": 40},
            3: {"plan": "Pro plus", "age": "25", "since": "2019-06-01"},
            4: {"age": None},
        }
    )
    await seeds.add_distinct_ids({f"d{number}": number for number in (1, 2, 5, 6)})
    await seeds.add_events([Event("a", "2020-01-14", number) for number in (1, 2, 5)])
    await seeds.add_events([Event("pay", "2020-01-14", 2)])
    return CohortSeeds(seeds)


@pytest.mark.parametrize(
    ("key", "operator", "value", "expected"),
    [
        ("plan", Op.EXACT, "pro", {1}),
        ("plan", Op.EXACT, ("pro", "free"), {1, 2}),
        ("plan", Op.IS_NOT, "pro", {2, 3, 4, 5, 6}),
        ("plan", Op.ICONTAINS, "PRO", {1, 3}),
        ("plan", Op.NOT_ICONTAINS, "PRO", {2, 4, 5, 6}),
        ("plan", Op.REGEX, "^P", {3}),
        ("plan", Op.NOT_REGEX, "^P", {1, 2, 4, 5, 6}),
        ("age", Op.GT, 25, {1, 2}),
        ("age", Op.GTE, 25, {1, 2, 3}),
        ("age", Op.LT, 40, {1, 3}),
        ("age", Op.LTE, 40, {1, 2, 3}),
        ("age", Op.BETWEEN, (25, 30), {1, 3}),
        ("age", Op.NOT_BETWEEN, (25, 30), {2}),
        ("plan", Op.IS_SET, None, {1, 2, 3}),
        ("plan", Op.IS_NOT_SET, None, {4, 5, 6}),
        ("since", Op.IS_DATE_BEFORE, "2020-01-01", {3}),
        ("since", Op.IS_DATE_AFTER, "2019-12-31", {1}),
        ("since", Op.IS_DATE_EXACT, "2020-01-01", {1}),
        ("plan", Op.IN, ("free", "x"), {2}),
        ("plan", Op.NOT_IN, ("free", "pro"), {3, 4, 5, 6}),
        ("plan", Op.EXACT, (), {1, 2, 3, 4, 5, 6}),
    ],
)
async def test_person_filter_reads_every_person(
    key: str, operator: Op, value: str | int | tuple[str, ...] | None, expected: set[int], cohorts: CohortSeeds
) -> None:
    condition = PropertyFilter(key, value, operator, PropertyType.PERSON)
    assert await cohorts.members(group(condition)) == expected


async def test_criteria_of_a_group_must_all_hold(cohorts: CohortSeeds) -> None:
    assert await cohorts.members(group(person("age", 20, Op.GT), SEEN)) == {1, 2}
    assert await cohorts.members(group(person("age", 35, Op.GT), SEEN, PAID)) == {2}
    assert await cohorts.members(group(SEEN, PAID)) == {2}
    assert await cohorts.members(group(person("plan", "pro"), PAID)) == set()


async def test_negated_behavior_excludes_persons(cohorts: CohortSeeds) -> None:
    unpaid = replace(PAID, negated=True)
    assert await cohorts.members(group(SEEN, unpaid)) == {1, 5}
    assert await cohorts.members(group(unpaid, SEEN)) == {1, 5}
    assert await cohorts.members(group(person("age", 20, Op.GT), unpaid)) == {1, 3}


async def test_one_group_is_enough_and_persons_count_once(cohorts: CohortSeeds) -> None:
    groups = (group(person("plan", "pro")), group(SEEN), group(person("plan", "Pro plus")))
    assert await cohorts.members(*groups) == {1, 2, 3, 5}


async def test_nested_cohorts_count_as_of_their_calculation(cohorts: CohortSeeds) -> None:
    seen = await cohorts.calculate(group(SEEN))
    adults = await cohorts.calculate(group(person("age", 20, Op.GT)))
    assert await cohorts.members(group(inside(seen))) == {1, 2, 5}
    assert await cohorts.members(group(inside(seen), inside(adults))) == {1, 2}
    assert await cohorts.members(group(inside(seen), inside(adults, Op.NOT_IN))) == {5}
    assert await cohorts.members(group(PAID, inside(adults, Op.NOT_IN))) == set()
    either = PropertyFilter("id", (str(seen.id), str(adults.id)), Op.IN, PropertyType.COHORT)
    assert await cohorts.members(group(either)) == {1, 2, 3, 5}
    within = await cohorts.calculate(group(inside(seen), inside(adults)))
    assert await cohorts.members(group(inside(within, Op.NOT_IN), person("age", 0, Op.GT))) == {3}
    await cohorts.seeds.add_events([Event("a", "2020-01-14", 6)])
    assert await cohorts.members(group(inside(seen))) == {1, 2, 5}


async def test_cohort_within_an_event_filter_narrows_the_event(cohorts: CohortSeeds) -> None:
    payers = await cohorts.calculate(group(PAID))
    not_paying = replace(SEEN, properties=(inside(payers, Op.NOT_IN),))
    assert await cohorts.members(group(not_paying)) == {1, 5}


async def test_later_version_does_not_replace_the_earlier_one(cohorts: CohortSeeds) -> None:
    first = await cohorts.calculate(group(SEEN), version=1)
    second = await cohorts.calculate(group(PAID), cohort_id=first.id, version=2)
    assert await cohorts.stored(first) == {1, 2, 5}
    assert await cohorts.stored(second) == {2}
    assert await cohorts.members(group(inside(second))) == {2}


async def test_merged_persons_are_one_member(cohorts: CohortSeeds) -> None:
    before = await cohorts.calculate(group(SEEN))
    await cohorts.seeds.merge({2: 1, 5: 6})
    assert await cohorts.members(group(SEEN)) == {1, 6}
    assert await cohorts.members(group(PAID)) == {1}
    assert await cohorts.members(group(person("age", 0, Op.GT))) == {1, 3}
    assert await cohorts.members(group(person("plan", "free"))) == set()
    # Members that were stored before the merge are who they became.
    assert await cohorts.stored(before) == {1, 2, 5}
    assert await cohorts.members(group(inside(before))) == {1, 6}
    assert await cohorts.members(group(person("age", None, Op.IS_NOT_SET), inside(before))) == {6}


async def test_rows_of_another_project_add_no_members(cohorts: CohortSeeds, new_seeds: NewSeeds) -> None:
    other = CohortSeeds(new_seeds("UTC"))
    await other.seeds.add_persons({8: {"plan": "pro"}})
    await other.seeds.add_distinct_ids({"d9": 9})
    await other.seeds.add_events([Event("a", "2020-01-14", 8)])
    await other.seeds.merge({1: 8})
    for groups in ((group(SEEN),), (group(person("plan", "pro")),), (group(person("plan", "x", Op.IS_NOT)),)):
        assert (await cohorts.members(*groups)).isdisjoint({8, 9})
    mine = await cohorts.calculate(group(SEEN))
    other.cohorts[mine.id] = mine
    assert await other.members(group(inside(mine))) == set()
    assert await other.members(group(SEEN)) == {8}


async def test_trend_counts_the_members_as_they_are_now(cohorts: CohortSeeds) -> None:
    seeds = cohorts.seeds
    adults = await cohorts.calculate(group(person("age", 20, Op.GT)))

    async def counted(condition: PropertyFilter, kind: TrendMath = TrendMath.TOTAL) -> float | None:
        asked = trend(
            replace(series("a", kind), filters=FilterGroup(children=(condition,))),
            date_from="2020-01-14",
            date_to="2020-01-14",
        )
        source = TrendSource(seeds.engine, NativeLayout(), Limits(seconds=20))
        saved_objects = SavedObjects(cohorts=cohorts.cohorts)
        result = await run_trend(resolve(asked, seeds.project, NOW), source, saved_objects)
        return data_of(result)[0]

    assert await counted(inside(adults)) == 2
    assert await counted(inside(adults, Op.NOT_IN)) == 1
    await seeds.merge({5: 3, 2: 1})
    assert await counted(inside(adults)) == 3
    assert await counted(inside(adults), TrendMath.DAU) == 2


async def test_listed_members_are_the_persons_of_the_distinct_ids(cohorts: CohortSeeds) -> None:
    await cohorts.seeds.merge({5: 6})
    known = await cohorts.run(known_distinct_ids(("d1", "d5", "unknown")))
    assert sorted(map(str, known)) == ["d1", "d5"]
    listed = await cohorts.run(listed_members(("d1", "d5", "d6", "unknown")))
    assert sorted(map(str, listed)) == ["1", "6", "6"]


@pytest.mark.parametrize(
    ("bad", "path"),
    [
        (CohortGroup(path=("filters", 0)), ("filters", 0)),
        (CohortGroup(behaviors=(replace(SEEN, negated=True),), path=("filters", 1)), ("filters", 1)),
        (
            CohortGroup((PropertyFilter("id", 1, Op.NOT_IN, PropertyType.COHORT),), path=("filters", 2)),
            ("filters", 2),
        ),
        (CohortGroup((PropertyFilter("plan", "pro", path=("p",)),)), ("p", "type")),
        (CohortGroup((PropertyFilter("1 = 1", type=PropertyType.HOGQL, path=("p",)),)), ("p", "type")),
        (CohortGroup((PropertyFilter("a", 1, type=PropertyType.SESSION, path=("p",)),)), ("p", "type")),
        (CohortGroup((PropertyFilter("id", 77, Op.IN, PropertyType.COHORT, path=("p",)),)), ("p", "value")),
        (CohortGroup((PropertyFilter("a", None, type=PropertyType.PERSON, path=("p",)),)), ("p", "value")),
    ],
)
def test_invalid_group_is_rejected_with_its_path(bad: CohortGroup, path: tuple[str | int, ...]) -> None:
    context = CompileContext(ZoneInfo("UTC"), NOW, cohorts={1: Cohort(1, "known", 1)})
    with pytest.raises(BadUserInput) as caught:
        members(CohortDefinition((bad,)), context, SavedObjects())
    assert caught.value.path == path
    assert caught.value.hint


def test_definition_without_groups_has_no_members() -> None:
    assert members(CohortDefinition(), CompileContext(ZoneInfo("UTC"), NOW), SavedObjects()) is None


def _nodes(node: object) -> Iterator[object]:
    yield node
    children = node if isinstance(node, tuple) else ()
    if is_dataclass(node) and not isinstance(node, type):
        children = tuple(getattr(node, item.name) for item in fields(node))
    for child in children:
        yield from _nodes(child)


def test_every_table_of_a_definition_is_scoped_to_the_project() -> None:
    known = Cohort(1, "known", 3)
    context = CompileContext(ZoneInfo("UTC"), NOW, cohorts={1: known})
    sequence = replace(
        SEEN,
        kind=CohortBehaviorKind.PERFORMED_EVENT_SEQUENCE,
        seq_event="b",
        seq_time_value=1,
        seq_time_interval=CohortInterval.DAY,
        properties=(person("x", 1),),
    )
    groups = (group(person("x", 1), inside(known), sequence), group(SEEN, replace(PAID, negated=True)))
    query = members(CohortDefinition(groups), context, SavedObjects())
    assert query is not None
    statements = [query, listed_members(("a",)), known_distinct_ids(("a",))]
    lowered = [scope_to_project(NativeLayout().lower(each), 7) for each in statements]
    found = [node for each in lowered for node in _nodes(each)]
    guarded = [node for node in found if isinstance(node, Select) and isinstance(node.source, Table)]
    assert len(guarded) == sum(isinstance(node, Table) for node in found) > 12
    assert not any(isinstance(node.source, Table) for node in found if isinstance(node, Join))
    for select in guarded:
        assert isinstance(select.source, Table)
        condition = equals(Column(select.source.project_column, select.source.alias), Param(7, "UInt32"))
        where = select.where
        assert condition == where or (isinstance(where, Infix) and condition in where.operands)
