"""The stores that a server and the command line work with, from opening to closing."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from datasource.cache.contract import Cache
from datasource.cache.memory import MemoryCache
from datasource.cache.persisted_queries import PersistedQueries
from datasource.cache.redis import RedisCache, connect_redis
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.open_engine import open_engine
from datasource.clickhouse.read_only_engine import ReadOnlyEngine
from datasource.layouts.providers import LayoutProvider, NativeLayoutProvider, PostHogLayoutProvider
from datasource.loader.load import repair
from datasource.metadata.data_versions import advance_data_versions, read_installation
from datasource.metadata.import_existing import check_projects_are_imported
from datasource.metadata.store import MetadataStore, open_metadata
from datasource.tables.migrate import check_up_to_date, migrate
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings
from telemetry.version import installed_version


@dataclass(frozen=True, slots=True)
class Stores:
    """Metadata, the ClickHouse that holds the events in one of the layouts, and the caches."""

    metadata: MetadataStore
    events: Engine
    layouts: LayoutProvider = field(default_factory=NativeLayoutProvider)
    trend_cache: TrendCache = field(default_factory=TrendCache)
    persisted_queries: PersistedQueries | None = None
    """None where automatic persisted queries are switched off."""


async def prepare(engine: Engine) -> None:
    """Create or upgrade the tables of a single server; only check those of a cluster.

    Migrating a cluster needs every server of it, and a gateway has to start while one is down.
    """
    await (migrate(engine) if engine.cluster is None else check_up_to_date(engine))


@asynccontextmanager
async def open_stores(
    settings: Settings, prepare: Callable[[Engine], Awaitable[None]] = prepare
) -> AsyncIterator[Stores]:
    """Open every store, its tables up to date where they belong to the gateway; close them at the end.

    Raises GatewayError when one cannot be used: another process holds the data folder, for instance, or the
    projects are not those of the layout's tables.
    """
    async with AsyncExitStack() as opened:
        engine: Engine = open_engine(settings)
        opened.push_async_callback(engine.close)
        metadata = await opened.enter_async_context(open_metadata(settings))
        await metadata.migrate()
        is_adopting = settings.events_layout == "posthog"
        await check_projects_are_imported(metadata, expected=is_adopting)
        trends, queries = open_caches(settings)
        opened.push_async_callback(trends.close)
        opened.push_async_callback(queries.close)
        if is_adopting:
            reading = ReadOnlyEngine(engine)
            layouts: LayoutProvider = await PostHogLayoutProvider.find(reading)
            engine = reading
        else:
            layouts = NativeLayoutProvider()
            await prepare(engine)
            if not engine.is_shared:  # otherwise a starting server would repair what another process is loading
                await repair_all(metadata, engine)
        yield Stores(
            metadata,
            engine,
            layouts,
            TrendCache(trends, installation=await _installation(settings, metadata)),
            PersistedQueries(queries, settings.persisted_queries_ttl_s) if settings.persisted_queries else None,
        )


async def repair_all(metadata: MetadataStore, engine: Engine) -> int:
    """Recount what interrupted loads left wrong, and outdate cached trends; return the number of batches."""
    batches = await repair(engine)
    if batches:
        await advance_data_versions(metadata)
    return batches


def open_caches(settings: Settings) -> tuple[Cache, Cache]:
    """Open the caches of trends and of persisted queries; with Redis, one client serves both."""
    if settings.redis_url is not None:
        redis = RedisCache(connect_redis(settings.redis_url.get_secret_value()))
        return redis, redis
    return MemoryCache(settings.cache_bytes), MemoryCache(settings.persisted_queries_max_bytes)


async def _installation(settings: Settings, metadata: MetadataStore) -> str:
    """Name the data behind cached trends, so that installations can share one Redis."""
    url = settings.clickhouse_url
    events = url.get_secret_value() if url else str(settings.events_path.resolve())
    # Another release may compile a query differently, so it does not read this one's results.
    return f"{installed_version()} {await read_installation(metadata)} {settings.events_layout} {events}"
