"""The embedded engine: one process per folder, and closing."""

import subprocess
import sys
from pathlib import Path

import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine

pytestmark = pytest.mark.slow


async def test_query_after_a_failed_one_returns_nothing_of_it(tmp_path: Path) -> None:
    script = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.errors import ClickHouseError

async def main() -> None:
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), sessions=1)
    for _ in range(3):
        try:
            await engine.query("SELECT number AS secret, throwIf(number = 29999) FROM numbers(30000)")
        except ClickHouseError:
            answer = await engine.query("SELECT 1 AS mine")
            print(answer.names, answer.columns)
    await engine.close()

asyncio.run(main())
"""
    assert _run(script, str(tmp_path)) == "('mine',) ([1],)\n" * 3


def test_open_in_another_process_is_rejected(embedded: EmbeddedEngine) -> None:
    folder = _folder_of(embedded)
    printed = _run(_open(folder))
    assert f"UPSTREAM_UNAVAILABLE The data folder {folder} is in use by another process." in printed


def test_open_of_a_file_is_rejected(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("text")
    assert f"UPSTREAM_UNAVAILABLE The data folder {file} cannot be opened." in _run(_open(file))


def test_open_of_a_read_only_folder_is_rejected() -> None:
    assert "UPSTREAM_UNAVAILABLE The data folder /proc/events cannot be opened." in _run(
        _open(Path("/proc/events"))
    )


def test_data_survives_closing(tmp_path: Path) -> None:
    write = "await engine.command('CREATE TABLE stored (x UInt8) ENGINE = MergeTree ORDER BY x AS SELECT 7 AS x')"
    read = "print((await engine.query('SELECT x FROM stored')).columns)"
    assert _run(_open(tmp_path / "new" / "folder", write)) == ""
    assert _run(_open(tmp_path / "new" / "folder", read)) == "([7],)\n"


def test_closed_engine_rejects_statements_and_frees_its_folder(tmp_path: Path) -> None:
    after = """await engine.close()
    await engine.close()
    for statement in (engine.ping(), engine.command("SELECT 1")):
        try:
            await statement
        except GatewayError as error:
            print(error.code, error.message)
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]))
    print((await engine.query("SELECT 1 AS x")).columns)"""
    closed = "UPSTREAM_UNAVAILABLE The embedded ClickHouse is closed.\n"
    assert _run(_open(tmp_path, after)) == f"{closed}{closed}([1],)\n"


async def test_close_ends_a_running_query(tmp_path: Path) -> None:
    after = """limits = Limits(seconds=600, rows_to_read=10**15)
    endless = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)"
    task = asyncio.create_task(engine.query(endless, limits=limits))
    running = "SELECT count() AS n FROM system.processes WHERE query LIKE '%sipHash64(number)%'"
    while (await engine.query(running)).columns != ([2],):  # that query itself is the second one
        pass
    await engine.close()
    try:
        await task
    except GatewayError as error:
        print(error.code)"""
    assert _run(_open(tmp_path, after)) == "CANCELLED\n"


async def test_all_queries_together_keep_to_the_total_memory(tmp_path: Path) -> None:
    script = """
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Limits
from errors import GatewayError

async def run(engine: EmbeddedEngine, limit: int) -> str:
    try:
        await engine.query(
            "SELECT length(groupArray(number)) AS n FROM numbers(16000000)", limits=Limits(memory_bytes=limit)
        )
    except GatewayError as error:
        return str(error.code)
    return "answered"

async def main() -> None:
    engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]), total_memory=400_000_000)
    print(await run(engine, 2 * 10**9), await run(engine, 10**8))
    await engine.ping()
    print(*{*await asyncio.gather(*(run(engine, 2 * 10**9) for _ in range(4)))} - {"answered"})
    await engine.close()

asyncio.run(asyncio.wait_for(main(), 50))
"""
    assert _run(script, str(tmp_path)) == "answered QUERY_TOO_EXPENSIVE\nRATE_LIMITED\n"


async def test_query_that_does_not_look_at_the_clock_ends_soon_after_its_time(tmp_path: Path) -> None:
    after = """import time
    from datasource.clickhouse import embedded_engine
    embedded_engine.GRACE_S = 0.2
    started = time.monotonic()
    try:
        # One block of rows, in whose middle ClickHouse cannot stop.
        block = "arrayMap(x -> sipHash64(toString(x), toString(x + 1)), range(60000000))"
        await engine.query(f"SELECT arraySum({block}) AS n", limits=Limits(seconds=0.5))
    except GatewayError as error:
        print(error.code, error.details["limit"], time.monotonic() - started < 8)"""
    assert _run(_open(tmp_path, after)) == "TIMEOUT 0.5 True\n"


def _folder_of(embedded: EmbeddedEngine) -> Path:
    return Path(embedded._lock.name).parent


def _open(folder: Path, then: str = "pass") -> str:
    """Return a script that opens the folder, does something and closes it: chdb allows one folder per process."""
    return f"""
import asyncio, pathlib, sys
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Limits
from errors import GatewayError

sys.argv.append({str(folder)!r})

async def main() -> None:
    try:
        engine = EmbeddedEngine.open(pathlib.Path(sys.argv[1]))
    except GatewayError as error:
        print(error.code, error.message)
        return
    {then}
    await engine.close()

asyncio.run(asyncio.wait_for(main(), 50))
"""


def _run(script: str, *arguments: str) -> str:
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
