"""One ClickHouse for the whole run; tests are kept apart by project.

It is embedded, one folder per process being chdb's rule. With `--clickhouse native` tests reach the same folder
through a server over a socket, with `--clickhouse cluster` they have a cluster of two shards.
"""

import itertools
import os
from collections.abc import AsyncIterator, Iterator

import pytest

from datasource.clickhouse.address import ServerAddress
from datasource.clickhouse.embedded import EmbeddedEngine
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.native import NativeEngine
from datasource.events.migration import migrate
from datasource.events.posthog_columns import PostHogColumns
from tests.cluster_servers import ClusterEngine, migrated_cluster
from tests.native_server import NativeServer, open_backend
from tests.native_server.backend import Backend

# Tests that start the command line start it many times, and three times as fast with compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_project_ids = itertools.count(1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden SQL files anew")
    parser.addoption(
        "--clickhouse",
        choices=("embedded", "native", "cluster"),
        default="embedded",
        help="how tests reach ClickHouse: in this process, or over the native protocol, as a cluster",
    )


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
    from tests.datasource.events.posthog_tables import make_tables

    return await make_tables(engine)


@pytest.fixture
def project_id() -> int:
    return next(_project_ids)
