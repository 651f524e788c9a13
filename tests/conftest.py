"""One embedded ClickHouse for the whole run, which is chdb's rule; tests are kept apart by project."""

import itertools
import os
from collections.abc import AsyncIterator

import pytest

from datasource.clickhouse.embedded import EmbeddedEngine
from datasource.events.schema import migrate

# Tests that start the command line start it many times, and three times as fast with compiled modules.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

_project_ids = itertools.count(1000)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write the golden SQL files anew")


@pytest.fixture(scope="session")
def update_golden(pytestconfig: pytest.Config) -> bool:
    """Whether golden files are to be written instead of compared."""
    return bool(pytestconfig.getoption("--update-golden"))


@pytest.fixture(scope="session")
async def engine(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedEngine]:
    engine = EmbeddedEngine.open(tmp_path_factory.mktemp("events"))
    await migrate(engine)
    yield engine
    await engine.close()


@pytest.fixture
def project_id() -> int:
    return next(_project_ids)
