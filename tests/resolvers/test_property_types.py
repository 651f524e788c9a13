from dataclasses import dataclass, field, replace

import pytest

from datasource.clickhouse.engine import Engine, Limits, QueryResult
from datasource.events.definition_pages import ProjectReader
from datasource.events.definitions import PropertyOwner, PropertySet, find_properties_by_key
from resolvers.property_types import Property, PropertyKind, PropertyTypes, property_types_of
from resolvers.trends.query import PropertyType
from tests.support.seeds.events import Event, EventSeeds, Value

EVENT, PERSON, GROUP = PropertyType.EVENT, PropertyType.PERSON, PropertyType.GROUP


def of_events(*keys: str) -> list[Property]:
    return [(EVENT, None, key) for key in keys]


@pytest.fixture
async def seeds(engine: Engine) -> EventSeeds:
    return EventSeeds.new(engine)


def source(seeds: EventSeeds) -> ProjectReader:
    return ProjectReader(seeds.engine, seeds.project.id, Limits(seconds=20))


async def add(seeds: EventSeeds, *maps: dict[str, Value]) -> None:
    await seeds.add_events([Event("buy", "2020-01-10", properties=each) for each in maps])


@dataclass(slots=True)
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Listening:
    """Counts the queries on their way to an engine."""

    seeds: EventSeeds
    queries: list[str] = field(default_factory=list)

    def source(self) -> ProjectReader:
        engine = self.seeds.engine

        async def query(text: str, *args: object, **options: object) -> QueryResult:
            self.queries.append(text)
            return await engine.query(text, *args, **options)  # type: ignore[arg-type]  # passed on as they are

        listening = type("Listener", (), {"query": staticmethod(query)})()
        return replace(source(self.seeds), engine=listening)


async def test_types_follow_from_the_values(seeds: EventSeeds) -> None:
    await add(
        seeds,
        {
            "number": 1,
            "flag": True,
            "text": "x",
            "date": "2020-01-05",
            "mixed": 1,
            "a.b": 1,
            "some dates": "2020-01-05",
        },
        {
            "number": 1.5,
            "flag": False,
            "text": "1",
            "date": "2020-01-05T10:00:00Z",
            "mixed": "x",
            "some dates": "-",
        },
    )
    await seeds.add_persons({1: {"number": "no", "since": "2020-01-01 10:00"}})
    await seeds.add_groups(3, {"acme": {"number": False}})
    asked = [
        *of_events("number", "flag", "text", "date", "mixed", "a.b", "some dates", "no such"),
        (PERSON, None, "number"),
        (PERSON, None, "since"),
        (GROUP, 3, "number"),
        (GROUP, 2, "number"),
        (PropertyType.SESSION, None, "$session_duration"),
        (PropertyType.SESSION, None, "$entry_current_url"),
        (PropertyType.SESSION, None, "$start_timestamp"),
        (PropertyType.SESSION, None, "no such"),
        (PropertyType.COHORT, None, "number"),
        (PropertyType.HOGQL, None, "number"),
    ]
    kinds = ("Numeric", "Boolean", "String", "DateTime", "String", "Numeric", "String")
    found = await PropertyTypes().find(source(seeds), asked)
    assert found == {
        **dict(zip(asked, map(PropertyKind, kinds), strict=False)),
        (PERSON, None, "number"): PropertyKind.STRING,
        (PERSON, None, "since"): PropertyKind.DATE_TIME,
        (GROUP, 3, "number"): PropertyKind.BOOLEAN,
        (PropertyType.SESSION, None, "$session_duration"): PropertyKind.NUMERIC,
        (PropertyType.SESSION, None, "$entry_current_url"): PropertyKind.STRING,
        (PropertyType.SESSION, None, "$start_timestamp"): PropertyKind.DATE_TIME,
    }


async def test_types_of_another_project_are_not_shared(seeds: EventSeeds) -> None:
    other = EventSeeds.new(seeds.engine)
    types = PropertyTypes()
    await add(other, {"k": 1})
    assert await types.find(source(other), of_events("k")) == {(EVENT, None, "k"): PropertyKind.NUMERIC}
    assert await types.find(source(seeds), of_events("k")) == {}
    await add(seeds, {"k": "x"})
    assert await types.find(source(seeds), of_events("k")) == {(EVENT, None, "k"): PropertyKind.STRING}


async def test_types_are_remembered_for_their_time(seeds: EventSeeds) -> None:
    clock, listening = Clock(), Listening(seeds)
    types = PropertyTypes(ttl_s=60, clock=clock)
    await add(seeds, {"k": 1, "l": "x"})
    first = await types.find(listening.source(), of_events("k", "l"))
    asked = len(listening.queries)
    assert asked > 0
    clock.now = 59.9
    assert await types.find(listening.source(), of_events("k", "l")) == first
    assert len(listening.queries) == asked
    await add(seeds, {"k": "text"})
    clock.now = 60.0
    assert (await types.find(listening.source(), of_events("k")))[EVENT, None, "k"] is PropertyKind.STRING
    assert len(listening.queries) > asked


async def test_unknown_properties_are_not_remembered(seeds: EventSeeds) -> None:
    types = PropertyTypes(clock=Clock())
    assert await types.find(source(seeds), of_events("k")) == {}
    await add(seeds, {"k": True})
    assert await types.find(source(seeds), of_events("k")) == {(EVENT, None, "k"): PropertyKind.BOOLEAN}


async def test_memory_keeps_to_its_limit(seeds: EventSeeds) -> None:
    listening = Listening(seeds)
    types = PropertyTypes(limit=2, clock=Clock())
    await add(seeds, {"a": 1, "b": 2, "c": 3})
    for key in "abc":
        await types.find(listening.source(), of_events(key))
    asked = len(listening.queries)
    await types.find(listening.source(), of_events("b", "c"))
    assert len(listening.queries) == asked
    await types.find(listening.source(), of_events("a"))
    assert len(listening.queries) > asked


async def test_cached_kind_gives_way_to_the_data(seeds: EventSeeds) -> None:
    types = PropertyTypes(clock=Clock())
    everything, place = PropertySet(PropertyOwner.EVENT), source(seeds)

    async def kinds() -> dict[str, tuple[PropertyKind, ...]]:
        found = await find_properties_by_key(place, everything, ["k"])
        return await types.kinds_of(place, everything, found.values())

    await add(seeds, {"k": "2020-01-05"})
    assert await kinds() == {"k": (PropertyKind.DATE_TIME,)}
    await add(seeds, {"k": 5})
    assert await kinds() == {"k": (PropertyKind.NUMERIC, PropertyKind.STRING)}


def test_each_engine_has_one_memory(engine: Engine) -> None:
    assert property_types_of(engine) is property_types_of(engine)
