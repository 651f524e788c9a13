"""In which layout the events are, from request to request."""

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


class Layouts(Protocol):
    """Where the events are."""

    async def at(self, now: datetime) -> EventLayout:
        """The layout for a request at that time."""
        ...


class NativeLayouts:
    """The gateway's own tables, which are always the same."""

    async def at(self, now: datetime) -> EventLayout:  # noqa: ARG002 - the protocol's signature
        """See Layouts.at."""
        return NativeLayout()


class PostHogLayouts:
    """A PostHog installation's tables, looked at anew from time to time, as columns come and go."""

    def __init__(
        self,
        engine: Engine,
        columns: PostHogColumns,
        database: str | None = None,
        *,
        seconds: float = 300.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._columns = columns
        self._database = database
        self._seconds = seconds
        self._clock = clock
        self._expires = clock() + seconds

    @classmethod
    async def find(cls, engine: Engine, database: str | None = None) -> Self:
        """The tables of a database. Raises UPSTREAM_UNAVAILABLE when these are no installation's."""
        return cls(engine, await _find_all(engine, database), database)

    async def at(self, now: datetime) -> EventLayout:
        """See Layouts.at. While ClickHouse does not answer, what was there last is taken to be there still."""
        if self._clock() >= self._expires:
            self._expires = self._clock() + self._seconds  # first, or all requests meanwhile would ask too
            try:
                self._columns = await _find_all(self._engine, self._database)
            except (GatewayError, ClickHouseError):
                logger.exception("the columns of the installation could not be looked up")
        return PostHogLayout(self._columns, now, self._database)


async def _find_all(engine: Engine, database: str | None) -> PostHogColumns:
    columns = await find_columns(engine, database)
    if missing := columns.missing_tables():
        raise GatewayError(
            ErrorCode.UPSTREAM_UNAVAILABLE,
            f"ClickHouse shows no tables of a PostHog installation: {', '.join(missing)} are missing.",
            hint="Check the database, and that its user may read them; docs/posthog.md has the grants.",
        )
    return columns
