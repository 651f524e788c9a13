"""What a server works with, from opening to closing: two stores, and the answers that are kept."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from datasource.cache.memory import MemoryOperations, open_operations
from datasource.cache.persisted_queries import OperationStore
from datasource.cache.redis import RedisCache, connect_redis
from datasource.clickhouse.engine import Engine
from datasource.clickhouse.open_engine import open_engine
from datasource.clickhouse.read_only_engine import ReadOnlyEngine
from datasource.layouts.providers import Layouts, NativeLayouts, PostHogLayouts
from datasource.loader.load import repair
from datasource.metadata.adoption import check_adopted
from datasource.metadata.data_versions import advance_data_versions, read_installation
from datasource.metadata.store import MetadataStore, open_metadata
from datasource.tables.migrate import check_up_to_date, migrate
from resolvers.trend_cache.read_through import TrendCache
from settings import Settings


@dataclass(frozen=True, slots=True)
class Stores:
    """Metadata, the ClickHouse with the events in one of the layouts, kept answers, and texts of operations."""

    metadata: MetadataStore
    events: Engine
    layouts: Layouts = field(default_factory=NativeLayouts)
    answers: TrendCache = field(default_factory=TrendCache)
    operations: OperationStore | None = field(default_factory=MemoryOperations)


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
        engine: Engine = open_engine(settings)
        opened.push_async_callback(engine.close)
        metadata = await opened.enter_async_context(open_metadata(settings))
        await metadata.migrate()
        is_adopting = settings.events_layout == "posthog"
        await check_adopted(metadata, expected=is_adopting)
        operations = open_operations(settings)
        if operations is not None:
            opened.push_async_callback(operations.close)
        if is_adopting:
            reading = ReadOnlyEngine(engine)
            layouts: Layouts = await PostHogLayouts.find(reading)
            engine = reading
        else:
            layouts = NativeLayouts()
            await prepare(engine)
            if not engine.is_shared:  # or a server that starts would repair what another process is loading
                await repair_all(metadata, engine)
        answers = await _open_answers(settings, metadata)
        opened.push_async_callback(answers.close)
        yield Stores(metadata, engine, layouts, answers, operations)


async def repair_all(metadata: MetadataStore, engine: Engine) -> int:
    """Count anew what interrupted loads left wrong, and forget older answers; answers the number of batches."""
    batches = await repair(engine)
    if batches:
        await advance_data_versions(metadata)
    return batches


async def _open_answers(settings: Settings, metadata: MetadataStore) -> TrendCache:
    url = settings.clickhouse_url
    where = url.get_secret_value() if url else str(settings.events_path.resolve())
    installation = f"{await read_installation(metadata)} {settings.events_layout} {where}"
    if settings.redis_url is None:
        return TrendCache.in_memory(settings.cache_bytes, installation=installation)
    shelf = RedisCache(connect_redis(settings.redis_url.get_secret_value()))
    return TrendCache(shelf, installation=installation)
