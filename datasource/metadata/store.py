import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from types import TracebackType
from typing import Self

import anyio
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from datasource.metadata.engine import BEGIN_OPTION, build_async_engine, parse_database_url
from datasource.metadata.migration import upgrade
from errors import ErrorCode, GatewayError

logger = logging.getLogger(__name__)


class MetadataStore:
    """Projects, people and keys in SQLite or PostgreSQL.

    Every failure of the database itself leaves as UPSTREAM_UNAVAILABLE; its reason goes to the log alone.
    """

    def __init__(self, url: URL) -> None:
        self._url = url
        self._engine = build_async_engine(url)
        writing = self._engine.execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
        self._read_session = async_sessionmaker(self._engine, expire_on_commit=False)
        self._write_session = async_sessionmaker(writing, expire_on_commit=False)

    @classmethod
    def open(cls, url: str) -> Self:
        """Connects lazily: `ping` tells whether the database answers, `migrate` makes its tables."""
        return cls(parse_database_url(url))

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
            async with self._read_session() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction, committed at the end; on SQLite it waits for other writers before it starts."""
        with _translated_errors():
            async with self._write_session.begin() as session:
                yield session


@contextmanager
def _translated_errors() -> Iterator[None]:
    try:
        yield
    except IntegrityError:
        # What was broken, a name taken or a row gone, only the statement's author can say.
        raise
    except DBAPIError as exc:
        raise _unavailable(exc) from exc


def _unavailable(error: DBAPIError) -> GatewayError:
    reason = " ".join(str(error.orig).split())
    if "no such table" in reason or getattr(error.orig, "sqlstate", None) == "42P01":
        logger.error("metadata store: tables are missing: %s", reason)
        return GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The metadata store has no tables yet.",
            hint="Create them: python server.py migrate.",
        )
    logger.error("metadata store: %s", reason)
    return GatewayError(
        ErrorCode.UPSTREAM_UNAVAILABLE,
        "The metadata store does not answer.",
        hint="The log has the reason; TRENDGATE_DATABASE_URL says where the store is.",
    )
