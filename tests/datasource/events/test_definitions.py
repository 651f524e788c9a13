"""Definitions are compared with what plain Python counts in the same events."""

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from datasource.clickhouse.engine import Engine, Limits, ParamValue
from datasource.clickhouse.native_format import NativeBlock
from datasource.events.definition_pages import ListPosition, PageRequest, ProjectReader
from datasource.events.definitions import (
    EventDefinition,
    PropertyDefinition,
    PropertyOwner,
    PropertySet,
    find_events,
    find_properties,
    find_properties_by_key,
)
from datasource.loader.load import RowKind, repair
from tests.datasource.loader.load_files import Loader, event
from tests.support.seeds.events import Event, EventSeeds, Value

EVENTS, PERSONS = PropertySet(PropertyOwner.EVENT), PropertySet(PropertyOwner.PERSON)
ALL = PageRequest(500)
ODD: dict[str, Value] = {
    "$browser": "Chrome",
    "a.b": 1,
    "a b": True,
    "it's": "x",
    "`tick`": 1.5,
    'say "hi"': "y",
    "日本": "z",
    "back\\slash": "w",
    "'; DROP TABLE events; --": "v",
    "a%b": "u",
}
KINDS = {str: "String", bool: "Boolean", int: "Numeric", float: "Numeric"}


def source(engine: Engine, project_id: int) -> ProjectReader:
    return ProjectReader(engine, project_id, Limits(seconds=20))


def groups_of(index: int) -> PropertySet:
    return PropertySet(PropertyOwner.GROUP, index)


async def properties(
    place: ProjectReader, of: PropertySet, wanted: PageRequest = ALL
) -> dict[str, tuple[tuple[str, ...], int]]:
    """Kinds and count by key, in the order of the list."""
    page = await find_properties(place, of, wanted)
    return {found.key: (found.kinds, found.count) for found in page.definitions}


def counted(maps: Sequence[Mapping[str, object]]) -> dict[str, tuple[tuple[str, ...], int]]:
    """The same by plain Python, in the order that the list should have."""
    counts = Counter(key for each in maps for key, value in each.items() if value is not None)
    kinds = {
        key: tuple(sorted({KINDS[type(each[key])] for each in maps if each.get(key) is not None}))
        for key in counts
    }
    keys = sorted(counts, key=lambda key: (-counts[key], key))
    return {key: (kinds[key], counts[key]) for key in keys}


@pytest.fixture
async def place(engine: Engine, seeds: EventSeeds) -> ProjectReader:
    return source(engine, seeds.project.id)


@pytest.fixture
async def seeds(engine: Engine) -> EventSeeds:
    return EventSeeds.new(engine)


@pytest.fixture
def loader(engine: Engine, project_id: int, tmp_path: Path) -> Loader:
    return Loader(engine, project_id, tmp_path)


async def test_events_have_their_count_and_exact_times(seeds: EventSeeds, place: ProjectReader) -> None:
    times = ["2020-01-10 10:59:59.999999", "2020-01-10 10:00:00.000001", "2021-06-01 23:59:59.5", "2020-05-01"]
    await seeds.add_events([Event("buy", time) for time in times])
    await seeds.add_events([Event("once", "2020-02-29 12:00")])
    assert (await find_events(place, ALL)).definitions == (
        EventDefinition(
            "buy",
            4,
            datetime(2020, 1, 10, 10, 0, 0, 1, tzinfo=UTC),
            datetime(2021, 6, 1, 23, 59, 59, 500000, tzinfo=UTC),
        ),
        EventDefinition("once", 1, *[datetime(2020, 2, 29, 12, tzinfo=UTC)] * 2),
    )


async def test_events_of_another_project_are_not_there(engine: Engine, seeds: EventSeeds) -> None:
    other = EventSeeds.new(engine)
    await seeds.add_events([Event("mine", "2020-01-10", properties={"k": 1})])
    await other.add_events([Event("theirs", "2020-01-01", properties={"l": 1})] * 3)
    await other.add_events([Event("mine", "2019-01-01"), Event("mine", "2022-01-01")])
    await other.add_persons({1: {"email": "x"}})
    await other.add_groups(0, {"acme": {"size": 3}})
    place = source(engine, seeds.project.id)
    page = await find_events(place, ALL)
    moment = datetime(2020, 1, 10, tzinfo=UTC)
    assert (page.definitions, page.total) == ((EventDefinition("mine", 1, moment, moment),), 1)
    assert list(await properties(place, EVENTS)) == ["k"]
    assert await properties(place, PERSONS) == {}
    assert await properties(place, groups_of(0)) == {}
    assert await find_properties_by_key(place, EVENTS, ["k", "l"]) == {
        "k": PropertyDefinition("k", ("Numeric",), 1)
    }


async def test_project_without_events_has_no_definitions(place: ProjectReader) -> None:
    for page in (await find_events(place, ALL), await find_properties(place, EVENTS, ALL)):
        assert (page.definitions, page.total, page.has_next) == ((), 0, False)


NAMES = {"view": 4, "Sign Up": 2, "sign out": 2, "é": 2, "100%": 1, "a_b": 1}


async def add_names(seeds: EventSeeds) -> None:
    await seeds.add_events([Event(name, "2020-01-10") for name, count in NAMES.items() for _ in range(count)])


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("sign", ["Sign Up", "sign out"]),
        ("SIGN U", ["Sign Up"]),
        ("É", ["é"]),
        ("%", ["100%"]),
        ("_", ["a_b"]),
        ("'", []),
        ("", ["view", "Sign Up", "sign out", "é", "100%", "a_b"]),
    ],
)
async def test_search_is_case_insensitive(
    seeds: EventSeeds, place: ProjectReader, search: str, found: list[str]
) -> None:
    await add_names(seeds)
    page = await find_events(place, PageRequest(500, search=search))
    assert ([each.name for each in page.definitions], page.total) == (found, len(found))


@pytest.mark.parametrize("size", [1, 2, 4, 6, 7])
async def test_pages_together_are_the_whole_list(seeds: EventSeeds, place: ProjectReader, size: int) -> None:
    await add_names(seeds)
    seen: list[str] = []
    after: ListPosition | None = None
    while True:
        page = await find_events(place, PageRequest(size, after))
        assert page.total == len(NAMES)
        seen += [each.name for each in page.definitions]
        if not page.has_next:
            break
        assert len(page.definitions) == size
        after = ListPosition(page.definitions[-1].count, page.definitions[-1].name)
    assert seen == sorted(NAMES, key=lambda name: (-NAMES[name], name))


async def test_properties_of_events_past_the_loader_are_counted(seeds: EventSeeds, place: ProjectReader) -> None:
    if seeds.engine.cluster is not None:
        pytest.skip("what a view counts on one shard takes replication to reach the others")
    maps: list[dict[str, Value]] = [ODD, {"a.b": "text", "it's": None}, {"a b": False, "$browser": "Opera"}, {}]
    await seeds.add_events([Event("buy", "2020-01-10", properties=each) for each in maps])
    assert await properties(place, EVENTS) == counted(maps)


async def test_properties_that_were_loaded_are_counted_the_same(loader: Loader) -> None:
    maps: list[dict[str, object]] = [
        {**ODD, "big": 2**63},
        {"a.b": "text", "it's": None, "only null": None},
        {"$browser": "Opera", "a b": 3, "a.b": 2.5},
        {"a.b": False},
    ]
    names = ["buy", "view", "buy", "buy"]
    rows = [
        event(event=name, properties=each, uuid=f"{n:032x}")
        for n, (name, each) in enumerate(zip(names, maps, strict=True))
    ]
    await loader.load_rows(*rows)
    place = source(loader.engine, loader.project_id)
    assert await properties(place, EVENTS) == counted(maps)
    assert await properties(place, PropertySet(PropertyOwner.EVENT, event="buy")) == counted(
        [each for name, each in zip(names, maps, strict=True) if name == "buy"]
    )
    assert await properties(place, PropertySet(PropertyOwner.EVENT, event="nothing")) == {}


async def test_lists_and_objects_count_as_strings(loader: Loader) -> None:
    await loader.load_rows(event(properties={"list": [1, 2], "object": {"inner": 1}}))
    place = source(loader.engine, loader.project_id)
    assert await properties(place, EVENTS) == {"list": (("String",), 1), "object": (("String",), 1)}


async def test_event_that_is_loaded_again_is_counted_once(loader: Loader) -> None:
    rows = [event(properties={"k": n}, uuid=f"{n:032x}") for n in range(5)]
    await loader.load_rows(*rows[:3])
    await loader.load_rows(*rows, *rows[:2], name="more.jsonl")
    assert await properties(source(loader.engine, loader.project_id), EVENTS) == {"k": (("Numeric",), 5)}


class Failing:
    """An engine that is cut off before it stores events."""

    def __init__(self, engine: Engine) -> None:
        self.query, self.insert, self._command = engine.query, engine.insert, engine.command
        self.cluster = engine.cluster

    async def command(
        self, text: str, params: Mapping[str, ParamValue] | None = None, *, blocks: Sequence[NativeBlock] = ()
    ) -> None:
        if text.lstrip().startswith("INSERT INTO events\n"):
            raise ConnectionResetError
        await self._command(text, params, blocks=blocks)


async def test_load_that_breaks_off_loses_no_key(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [event(properties={f"k{n}": n}, uuid=f"{n:032x}") for n in range(3)]
    with monkeypatch.context() as patch:
        patch.setattr(loader, "engine", Failing(loader.engine))
        with pytest.raises(ConnectionResetError):
            await loader.load_rows(*rows)
    await repair(loader.engine)
    await loader.load_rows(*rows)
    found = await properties(source(loader.engine, loader.project_id), EVENTS)
    assert {key: kinds for key, (kinds, _) in found.items()} == {f"k{n}": ("Numeric",) for n in range(3)}
    assert {count for _, count in found.values()} <= {1, 2}


async def test_person_counts_once_for_properties_it_has_or_had(seeds: EventSeeds, place: ProjectReader) -> None:
    await seeds.add_persons({1: {"email": "a", "age": 3}, 2: {"email": "b"}, 3: {"email": "c", "plan.x": True}})
    await seeds.add_persons({1: {"email": "changed", "age": "three"}, 2: {}}, version=2)
    await seeds.merge({3: 1})
    assert await properties(place, PERSONS) == {
        "email": (("String",), 2),
        "age": (("Numeric", "String"), 1),
        "plan.x": (("Boolean",), 1),
    }


async def test_groups_count_by_type(seeds: EventSeeds, place: ProjectReader) -> None:
    await seeds.add_groups(0, {"acme": {"size": 3, "name": "Acme"}, "init": {"size": 4}})
    await seeds.add_groups(0, {"acme": {"size": 5}}, version=2)
    await seeds.add_groups(1, {"acme": {"lat.x": 1.5}})
    assert await properties(place, groups_of(0)) == {"size": (("Numeric",), 2), "name": (("String",), 1)}
    assert await properties(place, groups_of(1)) == {"lat.x": (("Numeric",), 1)}
    assert await properties(place, groups_of(2)) == {}


async def test_loaded_persons_and_groups_are_counted(loader: Loader) -> None:
    people = [{"distinct_id": f"d{n}", "properties": {"email": "x", "age": n}} for n in range(3)]
    await loader.load_rows(*people, kind=RowKind.PERSONS)
    await loader.load_rows(
        {"group_type": "company", "group_key": "acme", "properties": {"a.b": 1}}, kind=RowKind.GROUPS
    )
    place = source(loader.engine, loader.project_id)
    assert await properties(place, PERSONS) == {"age": (("Numeric",), 3), "email": (("String",), 3)}
    assert await properties(place, groups_of(0)) == {"a.b": (("Numeric",), 1)}


async def test_properties_by_key_are_those_that_exist(seeds: EventSeeds, place: ProjectReader) -> None:
    if seeds.engine.cluster is not None:
        pytest.skip("what a view counts on one shard takes replication to reach the others")
    await seeds.add_events([Event("buy", "2020-01-10", properties=ODD), Event("view", "2020-01-10")])
    found = await find_properties_by_key(place, EVENTS, [*ODD, "no such"])
    assert found == {key: PropertyDefinition(key, (KINDS[type(value)],), 1) for key, value in ODD.items()}
    assert await find_properties_by_key(place, EVENTS, []) == {}


def test_property_tables_created_later_include_earlier_rows(tmp_path: Path) -> None:
    script = """
import asyncio, pathlib, sys
from datasource.clickhouse.native_format import NativeBlock
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.tables import migrate
from datasource.tables import steps

async def main() -> None:
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    every_step, migrate.STEPS = migrate.STEPS, migrate.STEPS[:3]
    await migrate.migrate(engine)
    for table, columns, values in (
        ("events", "event, timestamp, loaded_at", "'buy', '2020-01-10', 1"),
        ("persons", "person_no", "7"),
        ("groups", "type_index, key", "2, 'acme'"),
    ):
        text = '{"a.b": 1, "c": "x"}'
        await engine.command(
            f"INSERT INTO {table} (project_id, properties, {columns}) SETTINGS {steps.JSON_INSERT_SETTINGS} "
            f"SELECT 1, CAST('{text}', 'JSON'), {values}"
        )
    migrate.STEPS = every_step
    await migrate.migrate(engine)
    for select in (
        "SELECT event, property, kind, sum(events) AS n FROM event_properties",
        "SELECT 'person', property, kind, groupBitmapMerge(persons) AS n FROM person_properties",
        "SELECT type_index, property, kind, uniqMerge(groups) AS n FROM group_properties",
    ):
        print(list((await engine.query(f"{select} GROUP BY ALL ORDER BY property")).rows()))
    await engine.close()

asyncio.run(main())
"""
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert done.stdout.splitlines() == [
        f"[({name!r}, 'a.b', 'Numeric', 1), ({name!r}, 'c', 'String', 1)]" for name in ("buy", "person", 2)
    ]
