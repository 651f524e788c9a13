"""The command line with its events on a ClickHouse server."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import orjson
import pytest

from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.open_engine import open_engine
from errors import ErrorCode, GatewayError
from settings import Settings
from tests.datasource.clickhouse.native_servers import serving
from tests.support import trendgate_process
from tests.support.command_line import Run, error_of
from tests.support.native_server import Backend, NativeServer
from tests.support.trendgate_process import ROOT, serve

PROJECT = 987_001
"""Not 1: other tests use that on the shared ClickHouse."""
UP_TO_DATE = "The metadata store and the ClickHouse server are up to date.\n"


@pytest.fixture
def server(backend: Backend) -> Iterator[NativeServer]:
    with serving(backend, password="secret") as server:
        yield server


def url_of(server: NativeServer) -> str:
    return f"clickhouse://default:secret@127.0.0.1:{server.port}/default"


def start(data_dir: Path, url: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return trendgate_process.run(data_dir, *arguments, TRENDGATE_CLICKHOUSE_URL=url)


async def test_serve_and_load_share_a_server(
    embedded: EmbeddedEngine, server: NativeServer, tmp_path: Path
) -> None:
    url = url_of(server)
    assert start(tmp_path, url, "migrate").stdout == UP_TO_DATE
    assert start(tmp_path, url, "project", "create", "P").returncode == 0
    with sqlite3.connect(tmp_path / "metadata.sqlite3") as metadata:
        metadata.execute("UPDATE projects SET id = ?", (PROJECT,))
    metadata.close()
    same = {"event": "e", "timestamp": "2024-05-01T10:00:00Z", "properties": {"n.x": 1.5, "t": "a"}}
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps({**same, "distinct_id": f"d{n}"}) for n in range(50)))

    with serve(tmp_path, TRENDGATE_CLICKHOUSE_URL=url) as (_, address):
        done = start(tmp_path, url, "load", "--project", str(PROJECT), str(file))
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("loaded 50 events, 0 rejected, 0 already stored")
        again = start(tmp_path, url, "load", "--project", str(PROJECT), str(file))
        assert again.stdout.startswith("loaded 0 events, 0 rejected, 50 already stored")

        assert httpx2.get(f"{address}/readyz").json()["stores"] == {"metadata": "ok", "events": "ok"}
        server.stop()
        response = httpx2.get(f"{address}/readyz")
        assert response.status_code == 503
        assert response.json()["stores"] == {"metadata": "ok", "events": "ClickHouse cannot be reached."}
        server.start()
        assert httpx2.get(f"{address}/readyz").status_code == 200

    answer = await embedded.query(
        "SELECT count() AS n, uniqExact(person_no) AS p, any(properties.`n%2Ex`) AS x FROM events "
        "WHERE project_id = {project:UInt32}",
        {"project": PROJECT},
    )
    assert list(answer.rows()) == [(50, 50, 1.5)]
    assert not (tmp_path / "events").exists()


def test_unreachable_server_is_a_clear_error(server: NativeServer, run: Run) -> None:
    url = url_of(server)
    server.stop()
    done = run("migrate", TRENDGATE_CLICKHOUSE_URL=url)
    assert done.status == 1
    assert done.stderr.endswith("error: ClickHouse cannot be reached.\nhint: Try again in a moment.\n")
    assert "Traceback" not in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("clickhouse://u:secret@h?verify=no", "Unknown parameter 'verify'"),
        ("http://u:secret@h", "must begin with clickhouse://"),
    ],
)
def test_invalid_url_is_a_clear_error(run: Run, url: str, reason: str) -> None:
    error = error_of(run("migrate", TRENDGATE_CLICKHOUSE_URL=url))
    assert reason in error
    assert "hint: Expected form: clickhouse://" in error
    assert "secret" not in error


def test_missing_driver_is_reported_with_a_hint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("datasource.clickhouse.open_engine.find_spec", lambda _: None)
    settings = Settings(data_dir=tmp_path, clickhouse_url="clickhouse://h")
    with pytest.raises(GatewayError) as refused:
        open_engine(settings)
    assert refused.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert refused.value.hint == "Install trendgate with the extra `clickhouse`."


def test_settings_do_not_show_the_password() -> None:
    assert "hidden" not in repr(Settings(clickhouse_url="clickhouse://u:hidden@h"))


def test_driver_is_not_imported_before_a_url_names_a_server() -> None:
    script = "import sys, asgi.app, server; print('clickhouse_driver' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "False\n"
