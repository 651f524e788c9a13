"""The two stores a server works with, from opening to closing."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.opening import open_engine
from datasource.events.load import repair
from datasource.events.schema import migrate
from datasource.metadata.store import MetadataStore
from settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Metadata, and the ClickHouse that holds the events."""

    metadata: MetadataStore
    events: Engine


@asynccontextmanager
async def open_stores(settings: Settings) -> AsyncIterator[Stores]:
    """Both stores with their tables up to date; closed at the end.

    Raises GatewayError when one cannot be used, for instance because another process holds the data folder.
    """
    async with AsyncExitStack() as opened:
        engine = open_engine(settings)
        opened.push_async_callback(engine.close)
        metadata = await opened.enter_async_context(MetadataStore.open(settings.metadata_url))
        await metadata.migrate()
        await migrate(engine)
        if not engine.is_shared:  # or a server that starts would repair what another process is loading
            await repair(engine)
        yield Stores(metadata=metadata, events=engine)
