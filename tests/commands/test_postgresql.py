"""The command line with its metadata in PostgreSQL."""

import time
from pathlib import Path

import httpx2
from sqlalchemy import create_engine, text

from datasource.metadata.engine import parse_database_url
from datasource.metadata.migration import ADVISORY_LOCK
from tests.support.command_line import run_here, stdout_of
from tests.support.postgres_server import PostgresServer
from tests.support.trendgate_process import serve, start

GRAPHQL = {"query": "{ viewer { keyLabel } }"}
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
UP_TO_DATE = "The metadata store is up to date.\n"
DOWN = (
    "error: The metadata store is not available.\n"
    "hint: The log has the reason; TRENDGATE_DATABASE_URL sets the address of the store.\n"
)


def run(data_dir: Path, url: str, *words: str) -> tuple[int, str, str]:
    with start(data_dir, *words, TRENDGATE_DATABASE_URL=url) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


def test_concurrent_migrations_succeed(own_postgres: PostgresServer, tmp_path: Path) -> None:
    engine = create_engine(parse_database_url(own_postgres.url), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        # The lock holds all processes back until each waits for it.
        connection.execute(text(f"SELECT pg_advisory_lock({ADVISORY_LOCK})"))
        processes = [start(tmp_path, "migrate", TRENDGATE_DATABASE_URL=own_postgres.url) for _ in range(3)]
        while connection.scalar(text(WAITING)) != len(processes):
            assert all(process.poll() is None for process in processes)
            time.sleep(0.05)
    engine.dispose()
    ends = [(*process.communicate(timeout=60), process.returncode) for process in processes]
    assert ends == [(UP_TO_DATE, "", 0)] * 3
    assert run(tmp_path, own_postgres.url, "project", "create", "P")[0] == 0


def test_unreachable_server_is_a_clear_error(own_postgres: PostgresServer, tmp_path: Path) -> None:
    own_postgres.stop()
    url = own_postgres.url.replace("trendgate@", "trendgate:s3cret@")
    for words in (("migrate",), ("serve", "--port", "0"), ("project", "list")):
        status, _, errors = run(tmp_path, url, *words)
        assert status == 1, words
        assert errors.endswith(DOWN)
        assert "connection to server on socket" in errors
        assert "Traceback" not in errors
        assert "s3cret" not in errors


def test_serve_survives_a_database_restart(own_postgres: PostgresServer, tmp_path: Path) -> None:
    url = own_postgres.url
    environment = {"TRENDGATE_DATABASE_URL": url}
    stdout_of(run_here(environment, "project", "create", "P"))
    stdout_of(run_here(environment, "member", "add", "ada@example.com"))
    words = ("key", "create", "--member", "ada@example.com", "--label", "laptop", "--scope", "*")
    key = stdout_of(run_here(environment, *words)).strip()
    bearer = {"authorization": f"Bearer {key}"}
    with serve(tmp_path, TRENDGATE_DATABASE_URL=url) as (_, address):

        def ask() -> str:
            return httpx2.post(f"{address}/graphql", json=GRAPHQL, headers=bearer).text

        assert ask() == '{"data":{"viewer":{"keyLabel":"laptop"}}}'
        own_postgres.stop("immediate")
        assert '"code":"UPSTREAM_UNAVAILABLE"' in ask()
        ready = httpx2.get(f"{address}/readyz")
        assert ready.status_code == 503
        assert ready.json()["stores"] == {"metadata": "The metadata store is not available.", "events": "ok"}
        assert httpx2.get(f"{address}/healthz").status_code == 200
        own_postgres.start()
        assert httpx2.get(f"{address}/readyz").status_code == 200
        assert ask() == '{"data":{"viewer":{"keyLabel":"laptop"}}}'
