import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Final, Self

import anyio
from sqlalchemy import URL, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.pool import QueuePool

from datasource.metadata.engine import (
    BEGIN_OPTION,
    PoolLimits,
    build_async_engine,
    is_sqlite,
    parse_database_url,
)
from datasource.metadata.migration import upgrade
from errors import BadUserInput, ErrorCode, GatewayError
from settings import Settings

logger = logging.getLogger("trendgate.metadata")

MISSING_TABLES: Final = "42P01"
NOT_IN_TIME: Final = {"57014", "55P03"}
"""SQLSTATE of a statement that was ended, and of a lock that was not got."""
COLLISION: Final = {"40001", "40P01"}
"""Of transactions of which only one could go on."""


def unavailable(error: DBAPIError | PoolTimeout | TimeoutError) -> GatewayError:
    """What a client is told about a store that failed."""
    if isinstance(error, TimeoutError):
        logger.error("metadata store: it has fallen silent")
        return _refusal("The metadata store did not answer in time.", "Try again in a moment.")
    if isinstance(error, PoolTimeout):
        logger.error("metadata store: all connections were in use for too long")
        return _refusal("The metadata store has too much to do.", "Try again in a moment.")
    reason = " ".join(str(error.orig).split())
    state = getattr(error.orig, "sqlstate", None)
    if "no such table" in reason or state == MISSING_TABLES:
        logger.error("metadata store: tables are missing: %s", reason)
        return _refusal("The metadata store has no tables yet.", "Create them: python server.py migrate.")
    logger.error("metadata store: %s", reason)
    if state in NOT_IN_TIME:
        return _refusal("The metadata store did not answer in time.", "Try again in a moment.")
    if state in COLLISION:
        return _refusal("Another change of the same things came in between.", "Try again.")
    return _refusal(
        "The metadata store does not answer.",
        "The log has the reason; TRENDGATE_DATABASE_URL says where the store is.",
    )


def _refusal(message: str, hint: str) -> GatewayError:
    return GatewayError(ErrorCode.UPSTREAM_UNAVAILABLE, message, hint=hint)


logger = logging.getLogger("trendgate.metadata")


class MetadataStore:
    """Projects, people and keys in SQLite or PostgreSQL.

    Every failure of the database itself leaves as UPSTREAM_UNAVAILABLE; its reason goes to the log alone.
    """

    def __init__(self, url: URL, limits: PoolLimits | None = None) -> None:
        self._url = url
        limits = limits or PoolLimits()
        self._engine = build_async_engine(url, limits)
        self._transaction_s = None if is_sqlite(url) else limits.transaction_s
        writing = self._engine.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
        self._read_session = async_sessionmaker(self._engine, expire_on_commit=False)
        self._write_session = async_sessionmaker(writing, expire_on_commit=False)

    @classmethod
    def open(cls, url: str, limits: PoolLimits | None = None) -> Self:
        """Connects lazily: `ping` tells whether the database answers, `migrate` makes its tables."""
        return cls(parse_database_url(url), limits)

    @property
    def connections_in_use(self) -> int:
        """Those that a session holds now."""
        pool = self._engine.pool
        return pool.checkedout() if isinstance(pool, QueuePool) else 0

    async def close(self) -> None:
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def migrate(self) -> None:
        """Bring the tables to the newest version; several processes may do so at once."""
        with _translated_errors():
            await anyio.to_thread.run_sync(upgrade, self._url)

    async def ping(self) -> None:
        async with self.read() as session:
            await session.execute(text("SELECT 1"))

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with _translated_errors():
            async with asyncio.timeout(self._transaction_s), self._read_session() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end; on SQLite it waits for other writers before it starts."""
        with _translated_errors():
            async with asyncio.timeout(self._transaction_s), self._write_session.begin() as session:
                yield session


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        # What was broken, a name taken or a row gone, only the statement's author can say.
        raise
    except DataError as exc:
        # Inputs are checked before; this is for what was forgotten.
        logger.warning("metadata store: %s", exc.orig)
        raise BadUserInput("A text or number of the request cannot be stored.") from exc
    except (DBAPIError, PoolTimeout, TimeoutError) as exc:
        raise unavailable(exc) from exc


def open_metadata(settings: Settings) -> MetadataStore:
    """The database of TRENDGATE_DATABASE_URL, or SQLite in the data folder.

    Raises BadUserInput for a URL that cannot be used. Whether the database answers is found out when it is asked.
    """
    limits = PoolLimits(
        connections=settings.database_connections,
        wait_s=settings.database_wait_s,
        statement_s=settings.database_timeout_s,
    )
    return MetadataStore.open(settings.metadata_url, limits)
