import itertools
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.support.gateway import Gateway, open_gateway
from tests.support.loop_watchdog import Watchdog
from tests.support.seeds.organization import Organization, seed_organization

_org_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    with watchdog.installed():
        yield watchdog


@pytest.fixture(autouse=True)
def event_loop_is_free(watchdog: Watchdog) -> Iterator[None]:
    """No request holds the event loop for longer than a moment."""
    watchdog.take()
    yield
    assert watchdog.take() == []


@pytest.fixture(scope="session")
def settings(new_settings: Callable[[str], Settings]) -> Settings:
    return new_settings("gateway")


@pytest.fixture(scope="session")
async def stores(engine: Engine, settings: Settings) -> AsyncIterator[Stores]:
    """One metadata store for all: numbers of projects are then unique among the events of the shared engine."""
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        yield Stores(metadata=metadata, events=engine)


@pytest.fixture(scope="session")
async def gateway(stores: Stores, settings: Settings) -> AsyncIterator[Gateway]:
    async with open_gateway(stores, settings) as gateway:
        yield gateway


@pytest.fixture
async def org(gateway: Gateway) -> Organization:
    """An organization of the test's own."""
    return await seed_organization(gateway, f"org {next(_org_numbers)}")
