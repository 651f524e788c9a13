from collections.abc import AsyncIterator, Callable

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.hostile.attack import Attack
from tests.hostile.world import IN_PROCESS, seed_world
from tests.support.gateway import open_gateway
from tests.support.loop_watchdog import Watchdog

HELD_S = 0.25
"""How long a request may hold the event loop. A client's 2,000 objects, the most, take a fifth of this; the rest
is for busy machines."""


@pytest.fixture(scope="module")
async def attack(engine: Engine, new_settings: Callable[[str], Settings]) -> AsyncIterator[Attack]:
    """An attack on a gateway in this process, whose log has a line for everything."""
    settings = new_settings("hostile").model_copy(update={"access_log": True})
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        async with open_gateway(Stores(metadata=metadata, events=engine), settings) as gateway:
            world = await seed_world(gateway, IN_PROCESS)
            watchdog = Watchdog(HELD_S)
            with watchdog.installed():
                yield Attack(gateway.client, world, watchdog)
