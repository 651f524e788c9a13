import gzip
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.loader.journal import Journal, repair
from datasource.loader.load import FileFormat
from errors import BadUserInput, NotFound
from tests.datasource.clickhouse.native_servers import open_native, serving
from tests.datasource.loader.load_files import Loader, event, write_lines
from tests.support.native_server import Backend

GARBAGE = b"{not json"


@pytest.fixture
def loader(engine: Engine, project_id: int, tmp_path: Path) -> Loader:
    return Loader(engine, project_id, tmp_path)


# One bad line makes the whole piece of the file be read line by line: both ways must agree.
BOTH_WAYS = pytest.mark.parametrize("extra", [(), (GARBAGE,)], ids=["all at once", "line by line"])

ODD_PROPERTIES: dict[str, object] = {
    "plain": "text",
    "empty": "",
    "number as text": "10",
    "date as text": "2020-01-01",
    "time as text": "2020-01-01T10:00:00",
    "integer": -7,
    "long": 2**62,
    "fraction": 1.25,
    "yes": True,
    "no": False,
    "": "empty key",
    "with.dot": 1,
    "`tick` \"quote\" 'single' \\back": "\t\n\\ \" ' ` \x00",
    "ключ 日本 🙂": "значение 🙂",
    "$group_0": "acme",
    "'; DROP TABLE events; --": "'; DROP TABLE events; --",
}


@BOTH_WAYS
async def test_load_odd_keys_and_values_are_stored_as_given(loader: Loader, extra: tuple[bytes, ...]) -> None:
    await loader.load_rows(event(properties=ODD_PROPERTIES), *extra)
    assert await loader.properties() == [ODD_PROPERTIES]


@BOTH_WAYS
async def test_load_nested_values_become_compact_json(loader: Loader, extra: tuple[bytes, ...]) -> None:
    nested = {"list": [1, "é\n", {"a": None}], "map": {"b.c": [], "d": 'q"'}, "none": [], "bare": {}}
    await loader.load_rows(
        event(properties={**nested, "flat": 1}), event(timestamp="2024-05-02", properties={"flat": 2}), *extra
    )
    texts = {key: orjson.dumps(value).decode() for key, value in nested.items()}
    assert await loader.properties() == [{**texts, "flat": 1}, {"flat": 2}]


@BOTH_WAYS
async def test_load_values_of_one_key_keep_their_own_types(loader: Loader, extra: tuple[bytes, ...]) -> None:
    values = ["10", 10, 10.5, True, "", [1], 2**63]
    rows = [event(timestamp=f"2024-05-01T10:00:0{i}Z", properties={"k": v}) for i, v in enumerate(values)]
    await loader.load_rows(*rows, *extra)
    types = await loader.column(
        "SELECT dynamicType(properties.k) FROM events WHERE project_id = {project:UInt32} ORDER BY timestamp"
    )
    assert types == ["String", "Int64", "Float64", "Bool", "String", "String", "UInt64"]


@BOTH_WAYS
async def test_load_long_strings_are_stored_whole(loader: Loader, extra: tuple[bytes, ...]) -> None:
    lengths = [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, 5]
    rows = [
        event(timestamp=f"2024-05-0{place}", properties={"t": "é" + "x" * length})
        for place, length in enumerate(lengths, 1)
    ]
    await loader.load_rows(*rows, *extra)
    assert (
        await loader.column(
            "SELECT lengthUTF8(properties.t::String) - 1 FROM events WHERE project_id = {project:UInt32} "
            "ORDER BY timestamp"
        )
        == lengths
    )


async def test_load_nulls_are_absent(loader: Loader) -> None:
    await loader.load_rows(event(properties={"a": None, "b": 1}), event(timestamp="2024-05-02", properties=None))
    assert await loader.properties() == [{"b": 1}, {}]


async def test_load_integer_beyond_64_bits_keeps_every_digit(loader: Loader) -> None:
    await loader.load_rows(
        b'{"event":"e","distinct_id":"d","timestamp":"2024-05-01","properties":{"n":123456789012345678901234567890}}'
    )
    assert await loader.properties() == [{"n": "123456789012345678901234567890"}]


@BOTH_WAYS
@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("2024-02-29T23:59:59.123456Z", 1709251199123456),
        ("2024-02-29T23:59:59.1Z", 1709251199100000),
        ("2024-02-29T23:59:59+05:30", 1709231399000000),
        ("2024-02-29T23:59:59.000001-08:00", 1709279999000001),
        ("2024-02-29T23:59:59", 1709251199000000),
        ("2024-02-29 23:59:59.123456", 1709251199123456),
        ("2024-02-29 23:59:59.123456789Z", 1709251199123456),
        ("2024-02-29", 1709164800000000),
        ("1970-01-02", 86_400_000_000),
        ("1970-01-02T14:00:00+14:00", 86_400_000_000),
        ("2105-12-31T23:59:59.999999Z", 4291747199999999),
    ],
)
async def test_load_timestamp_is_read_exactly(
    loader: Loader, text: str, micros: int, extra: tuple[bytes, ...]
) -> None:
    await loader.load_rows(event(timestamp=text), *extra)
    assert await loader.column(
        "SELECT toUnixTimestamp64Micro(timestamp) FROM events WHERE project_id = {project:UInt32}"
    ) == [micros]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (GARBAGE, "not valid JSON: unexpected character, expected a string key: line 1 column 2"),
        (b'{"event": "a\xff", "distinct_id": "d"}', "not valid JSON"),
        (b"[1]", "not a JSON object"),
        (event(event=None), "event is missing"),
        (event(event=""), "event is missing"),
        (event(event=5), "event is not a string"),
        (event(event="x" * 401), "event has 401 characters; at most 400 are allowed"),
        (event(distinct_id=""), "distinct_id is missing"),
        (event(distinct_id=None), "distinct_id is missing"),
        (event(distinct_id=["a"]), "distinct_id is neither a string nor a number"),
        (event(timestamp=None), "timestamp is missing"),
        (event(timestamp="yesterday"), "timestamp 'yesterday' is not a valid time"),
        (event(timestamp=True), "timestamp True is neither a string such as"),
        (event(timestamp="2024-02-30"), "timestamp '2024-02-30' does not exist"),
        (event(timestamp="2024-05-01T24:30:00Z"), "does not exist"),
        (
            event(timestamp="1969-12-31T23:59:59Z"),
            "to 2105-12-31 (UTC): the clock was probably not set",
        ),
        (event(timestamp="1970-01-01"), "timestamp '1970-01-01' is outside 1970-01-02 to 2105-12-31 (UTC)"),
        (event(timestamp="1970-01-01T23:59:59.999999Z"), "is outside 1970-01-02 to 2105-12-31 (UTC)"),
        (event(timestamp="1970-01-02T00:00:00+00:01"), "is outside 1970-01-02 to 2105-12-31 (UTC)"),
        (event(timestamp="2106-01-01"), "is outside 1970-01-02 to 2105-12-31 (UTC)"),
        (event(timestamp="2105-12-31T23:59:59-00:01"), "is outside 1970-01-02 to 2105-12-31 (UTC)"),
        (event(uuid="12"), "'12' is not a UUID"),
        (event(person_id="me"), "'me' is not a UUID"),
        (event(properties=[1]), "properties is not an object"),
        (event(properties="{"), "properties is not valid JSON"),
    ],
)
async def test_load_bad_row_is_rejected_and_the_rest_loads(loader: Loader, row: object, reason: str) -> None:
    report = await loader.load_rows(event(uuid=None), b"", row, event(distinct_id=7))
    ((number, told),) = loader.rejects()
    assert number == 3
    assert reason in told
    assert (report.rejected, report.rows) == (1, 3)
    assert await loader.column(
        "SELECT distinct_id FROM events WHERE project_id = {project:UInt32} ORDER BY distinct_id"
    ) == ["7", "ada"]


async def test_load_same_file_twice_stores_nothing_twice(loader: Loader) -> None:
    rows = [
        event(properties={"n": 1}),
        event(properties={"n": 1}),
        event(uuid="0190b0d0-0000-7000-8000-000000000001"),
    ]
    first = await loader.load_rows(*rows)
    second = await loader.load_rows(*rows, event(properties={"n": 4}))
    assert (first.already_stored, second.already_stored) == (0, 3)
    assert len(await loader.properties()) == 4


@BOTH_WAYS
async def test_load_same_uuid_is_stored_once_whatever_its_time(loader: Loader, extra: tuple[bytes, ...]) -> None:
    uuid = "0190B0D0-0000-7000-8000-00000000000A"
    report = await loader.load_rows(
        event(uuid=uuid), event(uuid=uuid.lower(), timestamp="2025-01-01"), event(timestamp="2024-06-01"), *extra
    )
    assert report.already_stored == 1
    again = await loader.load_rows(event(uuid=uuid, timestamp="2020-01-01"), name="other.jsonl")
    assert again.already_stored == 1
    assert len(await loader.properties()) == 2


async def test_load_uuid_of_another_project_is_stored(loader: Loader, engine: Engine, tmp_path: Path) -> None:
    await loader.load_rows(event(uuid="0190b0d0-0000-7000-8000-00000000000b"))
    other = Loader(engine, loader.project_id + 500_000, tmp_path)
    report = await other.load_rows(event(uuid="0190b0d0-0000-7000-8000-00000000000b"))
    assert report.already_stored == 0


async def test_load_duplicates_across_batches_are_found(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datasource.loader.load.BATCH_ROWS", 1)
    monkeypatch.setattr("datasource.loader.read_jsonl.CHUNK_BYTES", 400)
    uuids = [f"0190b0d0-0000-7000-8000-{number % 40:012x}" for number in range(100)]
    report = await loader.load_rows(*(event(uuid=uuid) for uuid in uuids))
    assert (report.rows, report.already_stored) == (100, 60)
    assert await loader.column("SELECT max(batch) > 3 FROM load_journal WHERE project_id = {project:UInt32}") == [
        1
    ]


async def test_load_many_months_in_one_file_is_stored(loader: Loader) -> None:
    months = [(year, month) for year in range(1975, 1990) for month in range(1, 13)]
    await loader.load_rows(*(event(timestamp=f"{year}-{month:02}-01") for year, month in months))
    assert len(await loader.properties()) == 180
    # Or each repair of the tests that follow would look at all of them, which takes it half a minute.
    drops = ", ".join(f"DROP PARTITION {year}{month:02}" for year, month in months)
    for table in ("events", "events_by_hour"):
        await loader.engine.command(f"ALTER TABLE {table} {drops}", {})


async def test_load_session_and_groups_are_columns_too(loader: Loader) -> None:
    await loader.load_rows(event(properties={"$session_id": "s1", "$group_0": "acme", "$group_4": 12}))
    assert await loader.run(
        "SELECT session_id, group_0, group_1, group_4 FROM events WHERE project_id = {project:UInt32}"
    ) == [("s1", "acme", "", "12")]


async def test_load_windows_line_ends_and_missing_last_one_are_read(loader: Loader, tmp_path: Path) -> None:
    lines = [orjson.dumps(event(properties={"n": n}, timestamp=f"2024-05-0{n}")) for n in (1, 2)]
    path = tmp_path / "windows.jsonl"
    path.write_bytes(b"\r\n".join(lines))
    assert (await loader.load(path)).rejected == 0
    assert await loader.properties() == [{"n": 1}, {"n": 2}]


@BOTH_WAYS
async def test_load_of_a_key_given_twice_the_last_value_counts(loader: Loader, extra: tuple[bytes, ...]) -> None:
    fields = b'"distinct_id":"d","timestamp":"2024-05-01","event":"a","event":"b"'
    await loader.load_rows(b"{" + fields + b',"properties":{"k":1,"k":"x","o":2,"o":3}}', *extra)
    assert await loader.properties() == [{"k": "x", "o": 3}]
    assert await loader.column("SELECT event FROM events WHERE project_id = {project:UInt32}") == ["b"]


async def test_load_byte_order_mark_is_skipped(loader: Loader) -> None:
    await loader.load_rows(b"\xef\xbb\xbf" + orjson.dumps(event()))
    assert loader.rejects() == []


async def test_load_two_objects_in_one_line_are_rejected(loader: Loader) -> None:
    line = orjson.dumps(event())
    await loader.load_rows(line + line, line)
    assert [row for row, _ in loader.rejects()] == [1]


async def test_load_posthog_export_is_read_and_the_unused_is_named(loader: Loader, tmp_path: Path) -> None:
    person = "01890000-0000-7000-8000-000000000001"
    rows = [
        {
            "uuid": f"0190b0d0-0000-7000-8000-0000000000{number:02}",
            "event": "$pageview",
            "properties": f'{{"$browser": "Firefox", "$tags": ["a", "b"], "n": {number}}}',
            "distinct_id": f"d{number}",
            "person_id": person,
            "timestamp": "2024-05-01 10:00:00.123000",
            "elements_chain": 'a.link:text="Go"',
            "created_at": "2024-05-01 10:00:01",
            "team_id": 2,
            "set": None,
            "set_once": None,
        }
        for number in (11, 12)
    ]
    report = await loader.load_rows(*rows)
    assert list(report.unused) == ["created_at", "team_id", "set", "set_once"]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "export.parquet")
    assert (await loader.load(tmp_path / "export.parquet")).already_stored == 2
    assert await loader.properties() == [
        {"$browser": "Firefox", "$tags": '["a","b"]', "n": number} for number in (11, 12)
    ]
    assert await loader.run(
        "SELECT DISTINCT person_no, toString(person_id), elements_chain FROM events "
        "WHERE project_id = {project:UInt32}"
    ) == [(1, person, 'a.link:text="Go"')]


@pytest.mark.parametrize(
    "properties",
    [
        pa.array(['{"a": 1, "b": "x"}', "{}"]),
        pa.array([{"a": 1, "b": "x"}, {"a": None, "b": None}]),
        pa.array([[("a", "1"), ("b", "x")], []], pa.map_(pa.string(), pa.string())),
    ],
    ids=["text", "struct", "map"],
)
async def test_load_parquet_properties_of_any_form(loader: Loader, tmp_path: Path, properties: pa.Array) -> None:
    times = pa.array([1714557600123, 1714557601000], pa.timestamp("ms", "Europe/Berlin"))
    table = pa.table(
        {"event": ["a", "a"], "distinct_id": ["d", "d"], "timestamp": times, "properties": properties}
    )
    pq.write_table(table, tmp_path / "events.parquet")
    await loader.load(tmp_path / "events.parquet")
    first, second = await loader.properties()
    assert (orjson.dumps(first), second) in [
        (orjson.dumps({"a": number, "b": "x"}), {})
        for number in ([1] if properties.type != pa.map_(pa.string(), pa.string()) else ["1"])
    ]
    assert await loader.column(
        "SELECT min(toUnixTimestamp64Micro(timestamp)) FROM events WHERE project_id = {project:UInt32}"
    ) == [1714557600123000]


CSV = (
    "event,distinct_id,timestamp,properties,properties.n,properties.flag,extra\r\n"
    'a,1,2024-05-01,"{""x"": [1], ""n"": 0}",12,true,\r\n'
    'b,2,2024-05-02,,"two\nlines",,e\r\n'
    "c,3\r\n"
    "d,4,never,,,,\r\n"
    "e,5,2024-05-03,,007,1e3,\r\n"
)


@pytest.mark.parametrize("name", ["events.csv", "events.csv.gz"])
async def test_load_csv_cells_become_values(loader: Loader, tmp_path: Path, name: str) -> None:
    data = CSV.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    report = await loader.load(tmp_path / name)
    assert await loader.properties() == [
        {"x": "[1]", "n": 12, "flag": True},
        {"n": "two\nlines"},
        {"n": "007", "flag": 1000.0},
    ]
    assert loader.rejects() == [
        (3, "has 2 cells, but the header has 7"),
        (4, "timestamp 'never' is not a valid time"),
    ]
    assert list(report.unused) == ["extra"]


async def test_load_gzipped_lines(loader: Loader, tmp_path: Path) -> None:
    (tmp_path / "e.jsonl.gz").write_bytes(gzip.compress(orjson.dumps(event(properties={"n": 1}))))
    await loader.load(tmp_path / "e.jsonl.gz")
    assert await loader.properties() == [{"n": 1}]


async def test_load_empty_file_loads_nothing(loader: Loader, tmp_path: Path) -> None:
    assert (await loader.load(write_lines(tmp_path / "empty.jsonl", []))).rows == 0


async def test_load_unusable_file_is_rejected(loader: Loader, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="File not found"):
        await loader.load(tmp_path / "gone.jsonl")
    with pytest.raises(BadUserInput, match="is not a file"):
        await loader.load(tmp_path)
    path = write_lines(tmp_path / "events.data", [event()])
    with pytest.raises(BadUserInput, match="cannot be detected from its name"):
        await loader.load(path)
    with pytest.raises(BadUserInput, match="not a valid Parquet file"):
        await loader.load(path, file_format=FileFormat.PARQUET)
    path.rename(tmp_path / "cut.jsonl.gz")
    with pytest.raises(BadUserInput, match="cannot be read"):
        await loader.load(tmp_path / "cut.jsonl.gz")
    (tmp_path / "twice.csv").write_text("event,event\n")
    with pytest.raises(BadUserInput, match=r"Duplicate columns in the header of .*: event"):
        await loader.load(tmp_path / "twice.csv")


async def test_load_failed_half_way_counts_no_event_twice(loader: Loader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch that began and never finished is rolled up again."""
    monkeypatch.setattr("datasource.loader.journal._ABANDONED_AFTER_S", 0)
    await repair(loader.engine)  # what other tests broke off
    await loader.load_rows(event(), event(timestamp="2024-05-01T11:30:00Z"))
    await loader.engine.command(
        "INSERT INTO events_by_hour SELECT project_id, event, hour, 5, groupBitmapState(toUInt32(99)) "
        "FROM events_by_hour WHERE project_id = {project:UInt32} GROUP BY project_id, event, hour",
        {"project": loader.project_id},
    )
    await Journal(loader.engine, loader.project_id).begin(1714557600000000, 1714563000000000)
    assert await repair(loader.engine) == 1
    assert await repair(loader.engine) == 0
    report = await loader.load_rows(event())
    assert report.already_stored == 1


async def test_batch_that_may_still_be_loaded_is_left_alone(
    backend: Backend, embedded: EmbeddedEngine, project_id: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(backend) as server:
        async with open_native(server) as engine:
            await Journal(engine, project_id).begin(1714557600000000, 1714563000000000)
            assert await repair(engine) == 0
            monkeypatch.setattr("datasource.loader.journal._ABANDONED_AFTER_S", -5)
            assert await repair(engine) == 1
    assert await repair(embedded) == 0
