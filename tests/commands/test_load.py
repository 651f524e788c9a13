import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from datasource.metadata.projects import ensure_project
from datasource.metadata.store import MetadataStore
from settings import Settings
from tests.support.command_line import Run, error_of
from tests.support.trendgate_process import ROOT, environment, query_events, run

EVENT = {"event": "seen", "distinct_id": "ada", "timestamp": "2024-05-01T10:00:00Z"}


@pytest.fixture
async def data_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    async with MetadataStore.open(Settings(data_dir=folder).metadata_url) as store:
        await store.migrate()
        await ensure_project(store, organization="O", name="P")
    return folder


def lines(*rows: object) -> bytes:
    return b"".join((row if isinstance(row, bytes) else orjson.dumps(row)) + b"\n" for row in rows)


def test_load_prints_the_three_most_frequent_reasons(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    times = ["soon", "it's", "later", 1, 2, None, 10**16]
    file.write_bytes(lines(EVENT, *({**EVENT, "timestamp": time} for time in times), {**EVENT, "event": 7}))
    done = run(data_dir, "load", "--project", "1", file)
    assert done.returncode == 3
    assert sorted(done.stderr.splitlines()[:2]) == [
        "rejected 3: timestamp … is not a valid time",
        "rejected 3: timestamp … is outside 1970-01-02 to 2105-12-31 (UTC): the clock was probably not set",
    ]
    assert done.stderr.splitlines()[2] == "rejected 1: timestamp is missing"
    assert len(done.stderr.splitlines()) == 3


def test_load_prints_counts_and_the_rejects_file(data_dir: Path, tmp_path: Path) -> None:
    events, people, groups = (tmp_path / name for name in ("events.jsonl", "people.jsonl", "groups.jsonl"))
    events.write_bytes(lines(EVENT, b"{", {**EVENT, "distinct_id": "bob", "ip": "::1"}))
    people.write_bytes(lines({"distinct_id": "ada", "properties": {"plan": "pro"}}))
    groups.write_bytes(lines({"group_type": "company", "group_key": "acme", "properties": {"size": 3}}))
    done = run(data_dir, "load", "--project", "1", people, events, groups)
    rejects = data_dir / "events.jsonl.rejects.jsonl"
    *_, unused, last = done.stdout.splitlines()
    assert done.returncode == 3
    assert unused == "not loaded: ip"
    assert last.startswith("loaded 2 events, 1 persons, 1 groups, 1 rejected, 0 already stored, in ")
    assert last.endswith(f" per second); rejects in {rejects}")
    (reject,) = map(orjson.loads, rejects.read_bytes().splitlines())
    assert (reject["file"], reject["row"], reject["line"]) == (str(events), 2, "{")
    assert done.stderr == f"rejected 1: {reject['reason']}\n"

    events.write_bytes(lines(EVENT, b"", {**EVENT, "distinct_id": "bob", "ip": "::1"}))
    again = run(data_dir, "load", "--project", "1", events)
    assert again.returncode == 0
    assert "loaded 0 events, 0 rejected, 1 already stored" not in again.stdout
    assert "loaded 0 events, 0 rejected, 2 already stored" in again.stdout
    assert not rejects.exists()
    assert query_events(
        data_dir,
        "SELECT count(), uniqExact(person_no) FROM events",
        "SELECT sum(events), groupBitmapMerge(people) FROM events_by_hour",
        "SELECT type_index, toString(properties) FROM groups",
    ) == ["(2, 2)", "(2, 2)", "(0, '{\"size\":3}')"]


def test_load_that_cannot_run_fails_with_status_1(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines(EVENT))
    unknown = run(data_dir, "load", "--project", "9", file)
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: Project 9 not found.\nhint: ")

    nowhere = run(data_dir, "load", "--project", "1", file, "--rejects", file / "below")
    assert nowhere.returncode == 1
    assert "cannot be written" in nowhere.stderr
    assert "Traceback" not in nowhere.stderr


def test_missing_file_is_a_clear_error(run: Run, tmp_path: Path) -> None:
    error = error_of(run("load", "--project", "1", f"{tmp_path}/gone.jsonl"))
    assert error == f"error: File not found: {tmp_path}/gone.jsonl.\nhint: Check the path.\n"


def test_interrupted_load_prints_counts_and_continues_when_repeated(data_dir: Path, tmp_path: Path) -> None:
    file, count = tmp_path / "many.jsonl", 1_000
    file.write_bytes(b"{\n" + lines(*({**EVENT, "properties": {"n": number}} for number in range(count))))
    command = [sys.executable, "-m", "tests.commands.interrupted_load", "load", "--project", "1", str(file)]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT, env=environment(data_dir), timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (130, "")
    assert done.stderr.startswith("interrupted: ")
    stored = int(done.stderr.split()[1])
    assert 0 < stored < count
    rolled_up = "SELECT sum(events) FROM events_by_hour"
    assert query_events(data_dir, "SELECT count() FROM events", rolled_up) == [f"({stored},)", f"({stored},)"]
    assert (
        f"loaded {count - stored} events, 1 rejected, {stored} already stored"
        in run(data_dir, "load", "--project", "1", file).stdout
    )
    assert query_events(data_dir, "SELECT count() FROM events", rolled_up) == [f"({count},)", f"({count},)"]


def test_load_on_a_terminal_shows_progress(data_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(lines(EVENT))
    shown = on_terminal(data_dir, "load", "--project", "1", file)
    assert "events.jsonl" in shown
    assert "1 rows" in shown
    assert "loaded 1 events" in shown


def on_terminal(data_dir: Path, *arguments: str | Path) -> str:
    ours, theirs = pty.openpty()
    command = [sys.executable, "server.py", *map(str, arguments)]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=ROOT, env=environment(data_dir)
    ):
        os.close(theirs)
        shown = b"".join(read_until_closed(ours))
    os.close(ours)
    return shown.decode()


def read_until_closed(terminal: int) -> Iterator[bytes]:
    # Linux tells the end of a terminal by an error.
    with suppress(OSError):
        while data := os.read(terminal, 65536):
            yield data
