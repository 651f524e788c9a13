"""Whatever a file contains, a load keeps a bounded part of it in memory, and rejects rows with a reason."""

import gzip
import re
from collections.abc import Mapping
from pathlib import Path

import orjson
import pytest

from commands.load import summary
from datasource.loader import limits, load
from datasource.loader.chunks import Record, Rejects
from datasource.loader.groups import parse_group
from datasource.loader.parse_events import ParsedEvents, parse_events
from datasource.loader.parse_persons import parse_person
from datasource.loader.read_csv_parquet import read_csv
from datasource.loader.read_jsonl import JsonTyping, is_plain_jsonl, is_small_table, read_jsonl
from datasource.loader.rejects import RejectsFile
from datasource.loader.sinks import PersonSink
from errors import BadUserInput
from tests.datasource.loader.load_files import event, write_lines

GOOD = event(properties={"n": 1})


def parse_file(path: Path) -> list[ParsedEvents]:
    typing = JsonTyping()
    reader = read_csv if path.suffix == ".csv" else read_jsonl
    return [parse_events(chunk, typing) for chunk in reader(path)]


def reasons(parsed: list[ParsedEvents]) -> list[tuple[int, str]]:
    return [(reject.row, reject.reason) for each in parsed for reject in each.rejects.kept]


def stored(parsed: list[ParsedEvents]) -> int:
    return sum(len(part) for each in parsed for part in each.events)


def nested(levels: int) -> bytes:
    line = orjson.dumps(event(properties={"k": "HERE"}))
    return line.replace(b'"HERE"', b"[" * levels + b"]" * levels)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (event(properties={f"k{n}": n for n in range(1001)}), "has 1,001 properties; at most 1,000 are allowed"),
        (event(properties={"k" * 401: 1}), "the key of a property has 401 characters; at most 400 are allowed"),
        (
            event(properties={"k": "v" * (4 * 2**20 + 1)}),
            "property 'k' has 4,194,305 characters; at most 4,194,304 are allowed",
        ),
        (nested(101), "property 'k' is nested more than 100 levels deep"),
        (nested(300), "property 'k' is nested more than 100 levels deep"),
        (nested(100_000), "not valid JSON: depth limit exceeded"),
        (event(event="e" * 401), "event has 401 characters; at most 400 are allowed"),
        (event(distinct_id="d" * 1001), "distinct_id has 1,001 characters; at most 1,000 are allowed"),
        (
            event(elements_chain="e" * (4 * 2**20 + 1)),
            "elements_chain has 4,194,305 characters; at most 4,194,304 are allowed",
        ),
        (event(properties={"k": "v" * (9 * 2**20)}), "the line is longer than 8,388,608 bytes"),
        (b'{"event":"' + b"x" * (40 * 2**20), "the line is longer than 8,388,608 bytes"),
    ],
)
def test_row_beyond_a_limit_is_rejected_and_the_others_are_not(tmp_path: Path, row: object, reason: str) -> None:
    parsed = parse_file(write_lines(tmp_path / "rows.jsonl", [GOOD, row, GOOD]))
    ((number, told),) = reasons(parsed)
    assert number == 2
    assert told.startswith(reason)
    assert stored(parsed) == 2


@pytest.mark.parametrize(
    "row",
    [
        event(properties={f"k{n}": n for n in range(1000)}),
        event(properties={"k" * 400: "v" * (4 * 2**20)}),
        event(event="e" * 400, distinct_id="d" * 1000),
        event(event="é" * 400, distinct_id="é" * 1000),
        nested(100),
    ],
)
def test_row_at_the_limit_is_loaded(tmp_path: Path, row: object) -> None:
    parsed = parse_file(write_lines(tmp_path / "rows.jsonl", [GOOD, row]))
    assert reasons(parsed) == []
    assert stored(parsed) == 2


def test_last_line_can_be_too_long(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(orjson.dumps(GOOD) + b"\n" + b"x" * (20 * 2**20))
    parsed = parse_file(path)
    assert reasons(parsed) == [(2, "the line is longer than 8,388,608 bytes")]
    assert stored(parsed) == 1


def test_arrow_reads_no_deep_or_wide_lines() -> None:
    assert is_plain_jsonl(nested(98) + b"\n" + nested(98))
    assert not is_plain_jsonl(nested(98) + b"\n" + nested(200))
    brackets_in_text = orjson.dumps(event(properties={"k": "["}))
    assert is_plain_jsonl(b"\n".join([brackets_in_text] * 1000))
    assert is_small_table(b"\n".join(orjson.dumps({f"key {n % 10}": n}) for n in range(1000)))
    assert not is_small_table(b"\n".join(orjson.dumps({f"key {n}": n}) for n in range(1001)))


def test_different_keys_are_stored_in_parts(tmp_path: Path) -> None:
    rows = [event(properties={f"k{n}": n}) for n in range(3000)]
    (parsed,) = parse_file(write_lines(tmp_path / "rows.jsonl", rows))
    cells = [len(part) * len(part.properties.columns) for part in parsed.events]
    assert max(cells) <= limits.MAX_CELLS
    assert len(cells) == 3
    assert [column.key for part in parsed.events for column in part.properties.columns] == [
        f"k{n}" for n in range(3000)
    ]


def test_rejects_beyond_the_limit_are_only_counted(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    rejects = Rejects()
    for row in range(1, 12_001):
        rejects.add(Record(row, b"x" * 5000, None), "r" * 1000)
    assert (len(rejects.kept), rejects.count) == (10_000, 12_000)
    with RejectsFile(path) as file:
        file.add(Path("rows.jsonl"), rejects)
        file.add(Path("rows.jsonl"), rejects)
    lines = path.read_bytes().splitlines()
    assert (len(lines), file.count, file.left_out) == (10_000, 24_000, 14_000)
    first = orjson.loads(lines[0])
    assert len(first["line"]) == 2000
    assert len(first["reason"]) <= 320


def test_batch_is_bounded_by_decompressed_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The real limit would take a file five times as large.
    monkeypatch.setattr(load, "BATCH_BYTES", 20 * 2**20)
    path = tmp_path / "rows.jsonl.gz"
    line = orjson.dumps({"distinct_id": "d", "properties": {"k": "v" * 2**20}}) + b"\n"
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(60):
            file.write(line)
    assert path.stat().st_size < 2**20
    batches = list(load._batches(read_jsonl(path), PersonSink.__new__(PersonSink)))
    assert len(batches) == 2


def fields(**values: object) -> Mapping[str, object]:
    return values


def test_persons_and_groups_have_limits_too() -> None:
    with pytest.raises(ValueError, match="has 10,001 distinct ids; at most 10,000 are allowed"):
        parse_person(Record(1, b"", fields(distinct_ids=[str(n) for n in range(10_001)])))
    with pytest.raises(ValueError, match="distinct_id has 1,001 characters"):
        parse_person(Record(1, b"", fields(distinct_id="d" * 1001)))
    with pytest.raises(ValueError, match="has 1,001 properties"):
        parse_person(Record(1, b"", fields(distinct_id="d", properties={f"k{n}": n for n in range(1001)})))
    with pytest.raises(ValueError, match="group_key has 1,001 characters"):
        parse_group(Record(1, b"", fields(group_type="t", group_key="g" * 1001)))
    with pytest.raises(ValueError, match="group_type has 401 characters"):
        parse_group(Record(1, b"", fields(group_type="t" * 401, group_key="g")))


def test_csv_line_beyond_the_limit_is_rejected_and_the_next_one_read(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    row = "e,d,2024-05-01,x\n"
    path.write_text(f"event,distinct_id,timestamp,properties.k\n{row}e,d,2024-05-01,{'x' * (20 * 2**20)}\n{row}")
    parsed = parse_file(path)
    assert reasons(parsed) == [(2, "not valid CSV: the line is longer than 8,388,608 characters")]
    assert stored(parsed) == 2


def test_csv_header_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(",".join(f"properties.k{n}" for n in range(2001)) + "\n")
    with pytest.raises(BadUserInput, match="has 2,001 columns; at most 2,000 are allowed"):
        parse_file(path)


def test_limits_are_those_of_the_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "loading.md").read_text(encoding="utf-8")
    values = re.findall(r"^\| [^|]+ \| ([\d,]+)(?: MiB)? \|$", page, re.MULTILINE)
    assert [int(value.replace(",", "")) for value in values] == [
        limits.MAX_LINE_BYTES // 2**20,
        limits.MAX_PROPERTIES,
        limits.MAX_KEY_LENGTH,
        limits.MAX_VALUE_LENGTH,
        limits.MAX_DEPTH,
        limits.MAX_ID_LENGTH,
        limits.MAX_DISTINCT_IDS,
    ]
    assert f"{limits.MAX_REJECTS:,} rejected rows" in page
    assert f"{limits.MAX_COLUMNS:,} columns" in page


def test_summary_names_the_file_of_rejects_and_how_many_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    rejects = Rejects()
    for row in range(10_005):
        rejects.add(Record(row, b"", None), "r")
    with RejectsFile(path) as file:
        file.add(Path("rows.jsonl"), rejects)
    assert summary(load.LoadReport(rejected=10_005), [file]).endswith(f"; rejects in {path} (without the last 5)")
