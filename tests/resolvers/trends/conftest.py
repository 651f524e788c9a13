"""Every test gets a project of its own in the one engine."""

from collections.abc import Callable

import pytest

from datasource.clickhouse.engine import Engine
from tests.support.seeds.events import EventWorld

NewWorld = Callable[[str], EventWorld]


@pytest.fixture(scope="session")
async def new_world(engine: Engine) -> NewWorld:
    """Makes an empty world in a time zone; for tests that need several."""
    return lambda timezone: EventWorld.new(engine, timezone)


@pytest.fixture
async def world(engine: Engine) -> EventWorld:
    return EventWorld.new(engine)
