import asyncio
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import anyio
from sqlalchemy import URL, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from datasource.metadata.engine import (
    BEGIN_OPTION,
    PoolLimits,
    build_async_engine,
    is_sqlite,
    parse_database_url,
)
from datasource.metadata.migration import upgrade
from datasource.metadata.snapshot import PostgresVersion, Snapshot, SqliteVersion
from datasource.private_files import make_data_dir
from errors import BadUserInput, ErrorCode, GatewayError, Place
from settings import Settings

logger = logging.getLogger("trendgate.metadata")

# PostgreSQL's SQLSTATE codes.
_UNDEFINED_TABLE: Final = "42P01"
_QUERY_CANCELED: Final = "57014"
_LOCK_NOT_AVAILABLE: Final = "55P03"
_SERIALIZATION_FAILURE: Final = "40001"
_DEADLOCK_DETECTED: Final = "40P01"


class MetadataStore:
    """The database of projects, members, keys and saved objects: SQLite or PostgreSQL.

    Every failure of the database is raised as UPSTREAM_UNAVAILABLE; only the log has its reason.
    """

    def __init__(self, url: URL, limits: PoolLimits | None = None) -> None:
        self._url = url
        limits = limits or PoolLimits()
        self._engine = build_async_engine(url, limits)
        self._transaction_s = None if is_sqlite(url) else limits.transaction_s
        writing = self._engine.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
        self._read_session = async_sessionmaker(self._engine, expire_on_commit=False)
        self._write_session = async_sessionmaker(writing, expire_on_commit=False)
        version = SqliteVersion(Path(url.database or "")) if is_sqlite(url) else PostgresVersion(self._query)
        self.snapshot = Snapshot(version)
        """What requests have read since the last change."""

    @classmethod
    def open(cls, url: str, limits: PoolLimits | None = None) -> Self:
        """Prepare connections without making one. Raises BadUserInput for a URL that cannot be used."""
        return cls(parse_database_url(url), limits)

    async def close(self) -> None:
        self.snapshot.close()
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def migrate(self) -> None:
        """Upgrade the tables to the newest version; several processes may do so at once."""
        with _translated_errors():
            await anyio.to_thread.run_sync(upgrade, self._url)

    async def ping(self) -> None:
        await self._query("SELECT 1")

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        with _translated_errors():
            async with asyncio.timeout(self._transaction_s), self._read_session() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """Run one transaction, committed at the end. On SQLite it first waits for other writers."""
        try:
            with _translated_errors():
                async with asyncio.timeout(self._transaction_s), self._write_session.begin() as session:
                    yield session
        finally:
            # After a failure too: the connection may have been lost after the commit.
            self.snapshot.invalidate()

    async def _query(self, statement: str) -> object:
        async with self.read() as session:
            return await session.scalar(text(statement))


def open_metadata(settings: Settings) -> MetadataStore:
    """Open the database of TRENDGATE_DATABASE_URL or, without one, SQLite in the data folder.

    Raises BadUserInput for a URL that cannot be used.
    """
    limits = PoolLimits(
        connections=settings.database_connections,
        wait_s=settings.database_wait_s,
        statement_s=settings.database_timeout_s,
    )
    if settings.database_url is None:
        make_data_dir(settings.data_dir)
    return MetadataStore.open(settings.metadata_url, limits)


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        # Only the author of the statement knows which rule was broken: a name taken, a row deleted.
        raise
    except DataError as exc:
        # Inputs are checked before they get here; this catches the checks that are missing.
        logger.warning("metadata store: %s", exc.orig)
        raise BadUserInput("A string or number in the request cannot be stored.") from exc
    except (DBAPIError, PoolTimeout, TimeoutError) as exc:
        raise _unavailable(exc) from exc


def _unavailable(error: DBAPIError | PoolTimeout | TimeoutError) -> GatewayError:
    if isinstance(error, TimeoutError):
        logger.error("metadata store: no response within the time limit of a transaction")
        return _timed_out()
    if isinstance(error, PoolTimeout):
        logger.error("metadata store: no connection became free in time")
        return GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE, "The metadata store is overloaded.", hint="Try again in a moment."
        )
    reason = " ".join(str(error.orig).split())
    logger.error("metadata store: %s", reason)
    state = getattr(error.orig, "sqlstate", None)
    if "no such table" in reason or state == _UNDEFINED_TABLE:
        return GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE, "The metadata store has no tables yet.", hint=Place.MIGRATE
        )
    if state in (_QUERY_CANCELED, _LOCK_NOT_AVAILABLE):
        return _timed_out()
    if state in (_SERIALIZATION_FAILURE, _DEADLOCK_DETECTED):
        return GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE, "Another change conflicted with this one.", hint="Try again."
        )
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "The metadata store is not available.",
        hint="The log has the reason; TRENDGATE_DATABASE_URL sets the address of the store.",
    )


def _timed_out() -> GatewayError:
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "The metadata store did not respond in time.",
        hint="Try again in a moment.",
    )
