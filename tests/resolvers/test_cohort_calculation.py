"""The calculation of cohorts, with the metadata store and ClickHouse."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from datasource.clickhouse.engine import Engine, Limits, ParamValue
from datasource.clickhouse.errors import ClickHouseError
from datasource.clickhouse.native_format import NativeBlock
from datasource.metadata import cohorts
from datasource.metadata.actions import ACTION_REPOSITORY, create_action, update_action
from datasource.metadata.cohorts import COHORT_REPOSITORY, all_cohorts, switch_version
from datasource.metadata.models import Project
from datasource.metadata.projects import ensure_project, get_project
from datasource.metadata.records import CohortRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, ErrorCode, GatewayError, NotFound
from resolvers import cohort_calculation
from resolvers.cohort_calculation import CohortCalculator
from resolvers.cohort_queries import Membership, StaticMembers
from resolvers.trends.behaviors import Behavior, CohortBehaviorKind, CohortInterval
from resolvers.trends.cohorts import CohortDefinition
from resolvers.trends.query import PropertyFilter, PropertyOperator, PropertyType
from tests.support.metadata_stores import database_url, store
from tests.support.seeds.cohorts import group, person
from tests.support.seeds.events import NOW, Event, EventSeeds

__all__ = ["database_url", "store"]

Op = PropertyOperator
SEEN = Behavior(CohortBehaviorKind.PERFORMED_EVENT, "a", time_value=7, time_interval=CohortInterval.DAY)
BEHAVED = CohortDefinition((group(SEEN),))
PROS = CohortDefinition((group(person("plan", "pro")),))
FREE = CohortDefinition((group(person("plan", "free")),))


@dataclass
class Place:
    """A project with persons 1 and 2, pro and free, and what calculates its cohorts."""

    calculator: CohortCalculator
    seeds: EventSeeds
    engine: Engine
    store: MetadataStore

    @property
    def id(self) -> int:
        return self.calculator.project.id

    async def create(self, membership: Membership = PROS, name: str = "c") -> CohortRecord:
        return await self.calculator.create(name=name, membership=membership)

    async def read(self, record: CohortRecord) -> CohortRecord:
        key = (self.id, record.id)
        return (await COHORT_REPOSITORY.find(self.store, [key]))[key]

    async def versions(self, record: CohortRecord) -> dict[int, set[int]]:
        """The stored members by version."""
        answer = await self.engine.query(
            "SELECT version, groupArray(person_no) FROM cohort_members WHERE project_id = {project:UInt32} "
            "AND cohort_id = {cohort:UInt32} GROUP BY version",
            {"project": self.id, "cohort": record.id},
        )
        return {int(str(version)): set(numbers) for version, numbers in answer.rows() if isinstance(numbers, list)}

    async def members(self, record: CohortRecord) -> set[int]:
        current = await self.read(record)
        found = (await self.versions(record)).get(current.version, set())
        assert len(found) == current.size
        return found


async def open_place(engine: Engine, store: MetadataStore, name: str = "shop") -> Place:
    # The shared engine keeps the events of other tests, so the project's number must be a fresh one.
    organization = (await ensure_project(store, organization="Org", name="first")).organization_id
    seeds = EventSeeds.new(engine)
    async with store.write() as session:
        session.add(Project(id=seeds.project.id, organization_id=organization, name=name, test_account_filters=[]))
    project = await get_project(store, seeds.project.id)
    assert project is not None
    await seeds.add_persons({1: {"plan": "pro"}, 2: {"plan": "free"}})
    await seeds.add_distinct_ids({"ada": 1, "bob": 2})
    calculator = CohortCalculator(store, engine, Limits(seconds=20), NOW, project)
    return Place(calculator, seeds, engine, store)


@pytest.fixture
async def place(engine: Engine, store: MetadataStore) -> Place:
    return await open_place(engine, store)


def using(record: CohortRecord, operator: Op = Op.IN) -> CohortDefinition:
    return CohortDefinition((group(PropertyFilter("id", record.id, operator, PropertyType.COHORT)),))


async def test_created_cohort_has_its_members(place: Place) -> None:
    record = await place.create(PROS)
    assert (record.version, record.size, record.calculated_at, record.error) == (1, 1, NOW, None)
    assert await place.members(record) == {1}
    assert await place.members(await place.create(CohortDefinition())) == set()


@pytest.mark.parametrize(
    ("membership", "path"),
    [
        (CohortDefinition((group(replace(SEEN, count=1, path=("filters", 0, "behaviors", 0))),)), "count"),
        (CohortDefinition((group(replace(SEEN, event=None, action_id=99, path=("b",))),)), "action_id"),
        (CohortDefinition((group(replace(person("plan", "(", Op.REGEX), path=("f",))),)), "value"),
        (StaticMembers(("ada", "carl", "dora")), "distinct_ids"),
    ],
)
async def test_cohort_that_cannot_be_calculated_is_not_created(
    membership: Membership, path: str, place: Place
) -> None:
    with pytest.raises(BadUserInput) as caught:
        await place.create(membership)
    assert caught.value.path[-1] == path
    assert await all_cohorts(place.store, place.id) == {}


async def test_unknown_distinct_ids_are_named(place: Place) -> None:
    with pytest.raises(
        BadUserInput, match=r"Unknown distinct ids \(7\): 'x1', 'x2', 'x3', 'x4', 'x5', and more"
    ) as caught:
        await place.create(StaticMembers(("bob", *(f"x{number}" for number in range(1, 8)))))
    assert "bob" not in caught.value.message


async def test_static_cohort_follows_the_distinct_ids_when_calculated(place: Place) -> None:
    record = await place.create(StaticMembers(("ada", "bob")))
    assert record.is_static
    assert await place.members(record) == {1, 2}
    await place.seeds.add_distinct_ids({"bob": 9}, version=1)
    assert await place.members(record) == {1, 2}
    await place.calculator.calculate([record.id])
    assert await place.members(record) == {1, 9}


async def test_static_cohort_can_be_long(place: Place) -> None:
    many = {f"{number:036}": number for number in range(10, 30_010)}
    await place.seeds.add_distinct_ids(many)
    record = await place.create(StaticMembers(tuple(many)))
    assert record.size == 30_000


async def test_failed_creation_leaves_nothing(place: Place) -> None:
    tight = replace(place.calculator, limits=Limits(rows_to_read=1))
    with pytest.raises(GatewayError) as caught:
        await tight.create(name="c", membership=PROS)
    assert caught.value.code is ErrorCode.QUERY_TOO_EXPENSIVE
    assert await all_cohorts(place.store, place.id) == {}


async def test_update_switches_definition_and_members_at_once(place: Place) -> None:
    record = await place.create(PROS)
    updated = await place.calculator.update(record.id, name="free ones", membership=FREE)
    assert (updated.name, updated.version, updated.size) == ("free ones", 2, 1)
    assert await place.versions(record) == {1: {1}, 2: {2}}, "trends that began before still read version 1"
    await place.calculator.update(record.id, membership=StaticMembers(("ada", "bob")))
    assert await place.versions(record) == {2: {2}, 3: {1, 2}}


async def test_failed_update_changes_nothing(place: Place) -> None:
    record = await place.create(PROS)
    tight = replace(place.calculator, limits=Limits(rows_to_read=1))
    with pytest.raises(GatewayError):
        await tight.update(record.id, name="new", membership=FREE)
    assert await place.read(record) == record
    assert await place.versions(record) == {1: {1}}


async def test_update_of_the_name_calculates_nothing(place: Place) -> None:
    record = await place.create(PROS)
    await place.seeds.add_persons({3: {"plan": "pro"}})
    renamed = await place.calculator.update(record.id, name="renamed")
    assert (renamed.name, renamed.version, renamed.size) == ("renamed", 1, 1)


async def test_calculation_finds_the_members_as_of_now(place: Place) -> None:
    await place.seeds.add_events([Event("a", "2020-01-10", 1)])
    record = await place.create(BEHAVED)
    assert await place.members(record) == {1}
    await place.seeds.add_events([Event("a", "2020-01-20", 2)])
    later = replace(place.calculator, now=NOW + timedelta(days=6))
    (outcome,) = await later.calculate([record.id])
    assert outcome.error is None
    assert outcome.cohort.calculated_at == later.now
    assert await place.members(record) == {2}


async def test_cohorts_are_calculated_after_their_dependencies(place: Place) -> None:
    top = await place.create(name="top")
    middle = await place.create(name="middle")
    base = await place.create(PROS, name="base")
    await place.calculator.update(middle.id, membership=using(base))
    await place.calculator.update(top.id, membership=using(middle))
    await place.seeds.add_persons({3: {"plan": "pro"}})
    outcomes = await place.calculator.calculate([top.id])
    assert [outcome.cohort.name for outcome in outcomes] == ["base", "middle", "top"]
    assert await place.members(top) == {1, 3}
    assert [outcome.cohort.id for outcome in await place.calculator.calculate([base.id])] == [base.id]
    assert len(await place.calculator.calculate_all()) == 3
    assert await place.calculator.calculate([base.id + 100]) == ()


async def test_changed_cohort_recalculates_its_dependents(place: Place) -> None:
    base = await place.create(PROS)
    middle = await place.create(using(base))
    outer = await place.create(
        CohortDefinition((group(person("plan", None, Op.IS_SET), *using(middle, Op.NOT_IN).groups[0].properties),))
    )
    other = await place.create(PROS)
    assert [await place.members(each) for each in (middle, outer)] == [{1}, {2}]
    await place.calculator.update(base.id, membership=FREE)
    assert [await place.members(each) for each in (middle, outer)] == [{2}, {1}]
    assert (await place.read(other)).version == 1


async def test_cohorts_cannot_depend_on_themselves(place: Place) -> None:
    base = await place.create(PROS)
    middle = await place.create(using(base))
    for record, membership in ((base, using(base)), (base, using(middle))):
        with pytest.raises(BadUserInput, match="would depend on itself") as caught:
            await place.calculator.update(record.id, membership=membership)
        assert caught.value.path == ("filters",)
    assert await place.members(base) == {1}


async def test_dependencies_through_actions_count(place: Place) -> None:
    base = await place.create(PROS)
    steps = [{"event": "a", "properties": [{"type": "COHORT", "key": "id", "value": base.id, "operator": "IN"}]}]
    action = await create_action(place.store, project_id=place.id, name="x", steps=steps, now=NOW)
    await place.seeds.add_events([Event("a", "2020-01-14", number) for number in (1, 2)])
    acted = await place.create(CohortDefinition((group(replace(SEEN, event=None, action_id=action.id)),)))
    assert await place.members(acted) == {1}
    await place.calculator.update(base.id, membership=FREE)
    assert await place.members(acted) == {2}
    with pytest.raises(BadUserInput, match="would depend on itself"):
        await place.calculator.update(
            base.id, membership=CohortDefinition((group(replace(SEEN, event=None, action_id=action.id)),))
        )
    with pytest.raises(BadUserInput, match=rf"used by action 'x' \({action.id}\), cohort 'c' \({acted.id}\)\."):
        await place.calculator.delete(base.id)
    # An action can close a cycle later: then calculations report it.
    await update_action(
        place.store,
        (place.id, action.id),
        now=NOW,
        steps=[{**steps[0], "properties": [{**steps[0]["properties"][0], "value": acted.id}]}],  # type: ignore[dict-item]  # written so above
    )
    with pytest.raises(BadUserInput, match="would depend on itself"):
        await place.calculator.calculate([acted.id])


async def test_failed_calculation_keeps_the_members_and_stores_the_error(place: Place) -> None:
    action = await create_action(place.store, project_id=place.id, name="x", steps=[{"event": "a"}], now=NOW)
    await place.seeds.add_events([Event("a", "2020-01-14", 1)])
    acted = await place.create(
        CohortDefinition((group(replace(SEEN, event=None, action_id=action.id)),)), name="acted"
    )
    dependent = await place.create(using(acted))
    await ACTION_REPOSITORY.delete(place.store, (place.id, action.id), now=NOW)
    outcomes = await place.calculator.calculate([dependent.id])
    messages = [outcome.error.message for outcome in outcomes if outcome.error]
    assert messages[0] == f"Cohort {acted.id}, 'acted', could not be calculated: There is no action {action.id}."
    assert f"uses cohort {acted.id}" in messages[1]
    assert [(await place.read(each)).error for each in (acted, dependent)] == messages
    assert await place.members(acted) == {1}
    await place.calculator.update(acted.id, membership=BEHAVED)
    assert [(await place.read(each)).error for each in (acted, dependent)] == [None, None]


async def test_clickhouse_error_is_stored_without_its_message(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    record = await place.create(PROS)

    async def fail(
        text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        if text.startswith("INSERT"):
            raise ClickHouseError(999, "secret SQL")
        await command(text, params, blocks=blocks)

    command = place.engine.command
    monkeypatch.setattr(place.engine, "command", fail)
    (outcome,) = await place.calculator.calculate([record.id])
    assert outcome.error is not None
    assert outcome.error.code is ErrorCode.INTERNAL
    assert "secret" not in (await place.read(record)).error  # type: ignore[operator]  # a failure was noted
    assert "secret SQL" in caplog.text


async def test_deleted_cohort_loses_its_rows(place: Place) -> None:
    record = await place.create(PROS)
    user = await place.create(using(record), name="user")
    with pytest.raises(BadUserInput, match="used by cohort 'user'"):
        await place.calculator.delete(record.id)
    await place.calculator.delete(user.id)
    await place.calculator.delete(record.id)
    assert await place.versions(record) == {}
    for gone in (place.calculator.delete, place.calculator.update):
        with pytest.raises(NotFound):
            await gone(record.id)
    with pytest.raises(NotFound):
        await place.calculator.update(record.id, membership=PROS)


async def test_overtaken_calculation_starts_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    record = await place.create(PROS)
    overtaken = False

    async def late(*args: object, **options: object) -> CohortRecord | None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            await place.calculator.update(record.id, membership=FREE)
        return await switch_version(*args, **options)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(cohorts, "switch_version", late)
    (outcome,) = await place.calculator.calculate([record.id])
    assert outcome.error is None
    assert await place.members(record) == {2}
    assert set(await place.versions(record)) == {3, 4}, "the members that came too late are gone"


async def test_concurrent_calculations_end_with_complete_members(place: Place) -> None:
    record = await place.create(PROS)
    definitions = (FREE, PROS, FREE)
    await asyncio.gather(
        *(place.calculator.update(record.id, membership=each) for each in definitions),
        place.calculator.calculate([record.id]),
        return_exceptions=True,
    )
    current = await place.read(record)
    expected = {2} if "free" in str(current.groups) else {1}
    assert await place.members(record) == expected


async def test_cancelled_creation_leaves_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = asyncio.Event()

    async def hang(*_: object, **__: object) -> int:
        begun.set()
        await asyncio.sleep(60)
        return 0

    monkeypatch.setattr(cohort_calculation, "store_members", hang)
    task = asyncio.create_task(place.create(PROS))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await all_cohorts(place.store, place.id) == {}


async def test_cohorts_of_another_project_are_out_of_reach(
    place: Place, engine: Engine, store: MetadataStore
) -> None:
    record = await place.create(PROS)
    other = await open_place(engine, store, "elsewhere")
    with pytest.raises(BadUserInput, match="There is no cohort"):
        await other.create(using(record))
    with pytest.raises(NotFound):
        await other.calculator.update(record.id, membership=PROS)
    with pytest.raises(NotFound):
        await other.calculator.delete(record.id)
    assert await other.calculator.calculate([record.id]) == ()
