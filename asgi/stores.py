"""The two stores a server works with, from opening to closing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.opening import open_engine
from datasource.clickhouse.reading import ReadOnlyEngine
from datasource.events.layouts import Layouts, NativeLayouts, PostHogLayouts
from datasource.events.load import repair
from datasource.events.migration import check_up_to_date, migrate
from datasource.metadata.adoption import check_adopted
from datasource.metadata.store import MetadataStore
from settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Metadata, and the ClickHouse that holds the events in one of the layouts."""

    metadata: MetadataStore
    events: Engine
    layouts: Layouts = field(default_factory=NativeLayouts)


async def prepare(engine: Engine) -> None:
    """Make the tables of one server. Those of a cluster have to be there: only `migrate` makes them.

    That takes every server of the cluster, and a gateway has to start without one of them, too.
    """
    await (migrate(engine) if engine.cluster is None else check_up_to_date(engine))


@asynccontextmanager
async def open_stores(
    settings: Settings, prepare: Callable[[Engine], Awaitable[None]] = prepare
) -> AsyncIterator[Stores]:
    """Both stores, their tables up to date where they are the gateway's own; closed at the end.

    Raises GatewayError when one cannot be used, for instance because another process holds the data folder, or the
    projects are not those of the layout's tables.
    """
    async with AsyncExitStack() as opened:
        engine = open_engine(settings)
        opened.push_async_callback(engine.close)
        metadata = await opened.enter_async_context(MetadataStore.open(settings.metadata_url))
        await metadata.migrate()
        is_adopting = settings.events_layout == "posthog"
        await check_adopted(metadata, expected=is_adopting)
        if is_adopting:
            reading = ReadOnlyEngine(engine)
            yield Stores(metadata, reading, await PostHogLayouts.find(reading))
        else:
            await prepare(engine)
            if not engine.is_shared:  # or a server that starts would repair what another process is loading
                await repair(engine)
            yield Stores(metadata, engine)
