from pathlib import Path
from uuid import UUID

import orjson
import pytest

from datasource.clickhouse.engine import Engine
from datasource.loader.load import RowKind
from tests.datasource.loader.load_files import Loader, event

PERSON_A = "01890000-0000-7000-8000-00000000000a"
PERSON_B = "01890000-0000-7000-8000-00000000000b"


@pytest.fixture
def loader(engine: Engine, project_id: int, tmp_path: Path) -> Loader:
    return Loader(engine, project_id, tmp_path)


async def test_people_are_numbered_without_gaps_in_any_number_of_loads(loader: Loader) -> None:
    await loader.load_rows(event(distinct_id="a"), event(distinct_id="b"), event(distinct_id="a"))
    await loader.load_rows(event(distinct_id="c"), event(distinct_id="b"), event(distinct_id="d'\\\n\t"))
    numbers = await loader.column(
        "SELECT DISTINCT person_no FROM events WHERE project_id = {project:UInt32} ORDER BY person_no"
    )
    assert numbers == [1, 2, 3, 4]
    assert await loader.number_of("d'\\\n\t") == 4


async def test_people_without_an_id_get_the_same_one_every_time(loader: Loader) -> None:
    await loader.load_rows(event(distinct_id="a"), event(distinct_id="b"))
    ids = await loader.column(
        "SELECT toString(person_id) FROM person_distinct_ids WHERE project_id = {project:UInt32}"
    )
    assert len(set(ids)) == 2
    assert all(UUID(str(each)).version == 5 for each in ids)


async def test_people_of_one_person_id_are_one(loader: Loader) -> None:
    await loader.load_rows(
        event(distinct_id="a", person_id=PERSON_A),
        event(distinct_id="b", person_id=PERSON_A),
        event(distinct_id="a", person_id=PERSON_B),
    )
    await loader.load_rows(event(distinct_id="c", person_id=PERSON_A, properties={"n": 1}))
    assert {await loader.number_of(text) for text in "abc"} == {1}
    assert await loader.column(
        "SELECT DISTINCT toString(person_id) FROM events WHERE project_id = {project:UInt32}"
    ) == [PERSON_A]


async def test_person_rows_newest_version_wins_whole(loader: Loader) -> None:
    await loader.load_rows({"distinct_id": "a", "properties": {"old": 1, "both": 1}})
    await loader.load_rows({"distinct_id": "a", "properties": {"both": 2, "list": [1]}})
    await loader.load_rows({"distinct_id": "a", "version": 5, "properties": {"late": True}})
    assert await loader.persons() == {1: {"both": 2, "list": "[1]"}}


async def test_person_rows_given_versions_decide_in_any_order(loader: Loader) -> None:
    rows = [{"distinct_id": "a", "version": version, "properties": {"v": version}} for version in (3, 9, 4)]
    await loader.load_rows(*rows)
    await loader.load_rows({"distinct_id": "a", "version": 8, "properties": {"v": 8}})
    assert await loader.persons() == {1: {"v": 9}}


async def test_person_rows_before_and_after_events_mean_the_same_person(loader: Loader) -> None:
    await loader.load_rows({"distinct_ids": ["a", "b"], "person_id": PERSON_A, "properties": {}})
    await loader.load_rows(event(distinct_id="b"), event(distinct_id="c"))
    await loader.load_rows({"distinct_id": "c", "properties": {"n": 1}})
    assert [await loader.number_of(text) for text in "abc"] == [1, 1, 2]
    assert await loader.persons() == {1: {}, 2: {"n": 1}}


async def test_merge_keeps_the_lowest_number_and_the_rows_properties(loader: Loader) -> None:
    await loader.load_rows(event(distinct_id="a"), event(distinct_id="b"), event(distinct_id="c"))
    await loader.load_rows({"distinct_id": "a", "properties": {"of": "a"}})
    await loader.load_rows({"distinct_ids": ["c", "a"], "properties": {"of": "both"}})
    assert await loader.merges() == {3: 1}
    assert await loader.persons() == {1: {"of": "both"}}
    await loader.load_rows(event(distinct_id="c", timestamp="2024-07-01"))
    assert await loader.column(
        "SELECT person_no FROM events WHERE project_id = {project:UInt32} AND timestamp > '2024-06-01'"
    ) == [1]


@pytest.mark.parametrize("one_file", [True, False])
async def test_merge_chain_is_kept_flat(loader: Loader, one_file: bool) -> None:
    await loader.load_rows(*(event(distinct_id=text) for text in "abcd"))
    merges = [{"distinct_ids": pair} for pair in (["c", "b"], ["d", "c"], ["b", "a"])]
    if one_file:
        await loader.load_rows(*merges)
    else:
        for merge in merges:
            await loader.load_rows(merge)
    assert await loader.merges() == {2: 1, 3: 1, 4: 1}
    assert {await loader.number_of(text) for text in "abcd"} == {1}


@pytest.mark.parametrize("one_file", [True, False])
@pytest.mark.parametrize(
    ("described", "kept"), [("ab", {"of": "a"}), ("a", {"of": "a"}), ("b", {"of": "b"}), ("", None)]
)
async def test_merge_without_properties_keeps_the_survivors_else_the_others(
    loader: Loader, one_file: bool, described: str, kept: object
) -> None:
    await loader.load_rows(event(distinct_id="a"), event(distinct_id="b"))
    rows: list[object] = [{"distinct_id": text, "properties": {"of": text}} for text in described]
    rows.append({"distinct_ids": ["b", "a"]})
    for part in [rows] if one_file else [[row] for row in rows]:
        await loader.load_rows(*part)
    assert await loader.persons() == ({} if kept is None else {1: kept})


async def test_merged_person_id_leads_to_the_survivor(loader: Loader) -> None:
    await loader.load_rows(event(distinct_id="a", person_id=PERSON_A), event(distinct_id="b", person_id=PERSON_B))
    await loader.load_rows({"distinct_ids": ["a", "b"]})
    await loader.load_rows(event(distinct_id="new", person_id=PERSON_B))
    assert await loader.number_of("new") == 1
    await loader.load_rows(event(distinct_id="newer"))
    assert await loader.number_of("newer") == 3


async def test_merge_of_thousands_in_one_file(loader: Loader) -> None:
    await loader.load_rows(*(event(distinct_id=f"d{n}") for n in range(4000)))
    await loader.load_rows(*({"distinct_ids": [f"d{n}", f"d{n + 1}"]} for n in range(0, 4000, 2)))
    merges = await loader.merges()
    assert merges == {number: number - 1 for number in range(2, 4001, 2)}


def export(distinct_id: str, person_id: str, version: int, **fields: object) -> dict[str, object]:
    return {
        "team_id": 1,
        "distinct_id": distinct_id,
        "person_id": person_id,
        "properties": orjson.dumps({"v": fields.get("person_version", 1)}).decode(),
        "person_version": 1,
        "person_distinct_id_version": version,
        "created_at": "2024-01-02 03:04:05.000000",
        "is_deleted": False,
        **fields,
    }


async def test_posthog_persons_load(loader: Loader) -> None:
    report = await loader.load_rows(
        export("a", PERSON_A, 0), export("b", PERSON_A, 0), export("a", PERSON_A, 0, person_version=3)
    )
    assert list(report.unused) == ["team_id"]
    assert report.stored[RowKind.PERSONS] == 3
    assert await loader.persons() == {1: {"v": 3}}
    assert await loader.column(
        "SELECT toString(created_at) FROM persons FINAL WHERE project_id = {project:UInt32}"
    ) == ["2024-01-02 03:04:05.000000"]


async def test_posthog_deleted_person_has_no_properties(loader: Loader) -> None:
    await loader.load_rows(export("a", PERSON_A, 0), export("a", PERSON_A, 0, person_version=2, is_deleted=True))
    assert await loader.persons() == {1: {}}


@pytest.mark.parametrize("one_file", [True, False])
async def test_posthog_last_distinct_id_that_moves_merges_the_person(loader: Loader, one_file: bool) -> None:
    rows = [export("a", PERSON_A, 0), export("b", PERSON_B, 0), export("b", PERSON_A, 1)]
    for part in [rows] if one_file else [[row] for row in rows]:
        await loader.load_rows(*part)
    assert await loader.merges() == {2: 1}
    assert await loader.number_of("b") == 1


@pytest.mark.parametrize("one_file", [True, False])
async def test_posthog_distinct_id_that_leaves_others_behind_moves_alone(loader: Loader, one_file: bool) -> None:
    rows = [
        export("a", PERSON_A, 0),
        export("b", PERSON_A, 0),
        export("b", PERSON_B, 2),
        export("b", PERSON_A, 1),
    ]
    for part in [rows] if one_file else [[row] for row in rows]:
        await loader.load_rows(*part)
    assert await loader.merges() == {}
    assert [await loader.number_of(text) for text in "ab"] == [1, 2]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"distinct_ids": []}, "distinct_id is missing"),
        ({"distinct_ids": "[1"}, "distinct_ids is not a JSON list"),
        ({"distinct_ids": {"a": 1}}, "distinct_ids is not a list"),
        ({"distinct_id": "a", "person_id": "x"}, "'x' is not a UUID"),
        ({"distinct_id": "a", "version": -1}, "version is not an integer"),
        ({"distinct_id": "a", "created_at": "x"}, "timestamp 'x' is not a valid time"),
        ({"distinct_id": "a", "event": "e"}, "this is an event, and the file holds persons"),
        ({"distinct_id": "a", "properties": 5}, "properties is not an object"),
    ],
)
async def test_bad_person_row_is_rejected(loader: Loader, row: dict[str, object], reason: str) -> None:
    await loader.load_rows({"distinct_id": "first"}, row)
    ((number, told),) = loader.rejects()
    assert number == 2
    assert reason in told


async def test_groups_of_named_and_numbered_types(loader: Loader) -> None:
    loader.group_types = ["airline"]
    report = await loader.load_rows(
        {"group_type": "airport", "group_key": "JFK", "properties": {"name": "Kennedy", "lat": 40.6}},
        {"group_type_index": 0, "group_key": "UA", "properties": '{"name": "old"}'},
        {"group_type": "airline", "group_key": "UA", "properties": {"name": "United"}},
        {"group_type": "airport", "group_key": 7},
        {"group_type": "airport", "group_key": ""},
        {"group_key": "x"},
        {"group_type_index": 5, "group_key": "x"},
    )
    assert await loader.run(
        "SELECT type_index, key, toJSONString(properties) FROM groups FINAL "
        "WHERE project_id = {project:UInt32} ORDER BY type_index, key"
    ) == [(0, "UA", '{"name":"United"}'), (1, "7", "{}"), (1, "JFK", '{"lat":40.6,"name":"Kennedy"}')]
    assert report.stored[RowKind.GROUPS] == 4
    assert [reason for _, reason in loader.rejects()] == [
        "group_key is missing",
        "group_type and group_type_index are both missing",
        "group_type_index is not from 0 to 4",
    ]


async def test_sixth_group_type_is_rejected(loader: Loader) -> None:
    await loader.load_rows(*({"group_type": f"t{n}", "group_key": "k"} for n in range(6)))
    assert loader.rejects() == [(6, "group type 't5' is one too many: a project can have 5")]


async def test_groups_later_load_replaces_properties(loader: Loader) -> None:
    for number in (1, 2):
        await loader.load_rows({"group_type": "t", "group_key": "k", "properties": {f"k{number}": number}})
    assert await loader.column(
        "SELECT toJSONString(properties) FROM groups FINAL WHERE project_id = {project:UInt32}"
    ) == ['{"k2":2}']
