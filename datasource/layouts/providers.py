"""The layout of the events, looked up per request."""

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol, Self

from datasource.clickhouse.engine import Engine
from datasource.clickhouse.errors import ClickHouseError
from datasource.layouts.contract import EventLayout
from datasource.layouts.native import NativeLayout
from datasource.layouts.posthog import PostHogLayout
from datasource.layouts.posthog_columns import PostHogColumns, find_columns
from errors import ErrorCode, GatewayError

logger = logging.getLogger("trendgate.layouts")


class LayoutProvider(Protocol):
    """Finds out the layout of the events."""

    async def at(self, now: datetime) -> EventLayout:
        """Return the layout for a request at this time."""
        ...


class NativeLayoutProvider:
    """Provides the layout of Trendgate's own tables, which never changes."""

    async def at(self, now: datetime) -> EventLayout:  # noqa: ARG002 - the protocol's signature
        return NativeLayout()


class PostHogLayoutProvider:
    """Provides the layout of a PostHog installation's tables, whose columns are looked up every few minutes."""

    def __init__(
        self,
        engine: Engine,
        columns: PostHogColumns,
        database: str | None = None,
        *,
        ttl_s: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._columns = columns
        self._database = database
        self._ttl_s = ttl_s
        self._clock = clock
        self._expires = clock() + ttl_s

    @classmethod
    async def find(cls, engine: Engine, database: str | None = None) -> Self:
        """Look up the columns in a database. Raises UPSTREAM_UNAVAILABLE when it is not an installation's."""
        return cls(engine, await _require_columns(engine, database), database)

    async def at(self, now: datetime) -> EventLayout:
        """Return the layout. While ClickHouse does not answer, the columns seen last are used."""
        if self._clock() >= self._expires:
            self._expires = self._clock() + self._ttl_s  # first, so that no other request looks them up, too
            try:
                self._columns = await _require_columns(self._engine, self._database)
            except (GatewayError, ClickHouseError):
                logger.exception("looking up the columns of the PostHog installation failed")
        return PostHogLayout(self._columns, now, self._database)


async def _require_columns(engine: Engine, database: str | None) -> PostHogColumns:
    columns = await find_columns(engine, database)
    if missing := columns.missing_tables():
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            "The database does not look like a PostHog installation's. Missing tables: {tables}.",
            tables=missing,
            hint="Check the database, and that its user may read the tables; docs/posthog.md has the grants.",
        )
    return columns
