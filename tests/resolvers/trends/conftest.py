"""Each test has its own project in the shared engine."""

from collections.abc import Callable

import pytest

from datasource.clickhouse.engine import Engine
from tests.support.seeds.events import EventSeeds

NewSeeds = Callable[[str], EventSeeds]


@pytest.fixture(scope="session")
async def new_seeds(engine: Engine) -> NewSeeds:
    """Creates an empty project in a time zone, for tests that need several."""
    return lambda timezone: EventSeeds.new(engine, timezone)


@pytest.fixture
async def seeds(engine: Engine) -> EventSeeds:
    return EventSeeds.new(engine)
