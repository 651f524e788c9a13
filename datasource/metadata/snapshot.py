"""What has been read from the metadata store since its last change, whichever process made the change."""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, MutableMapping
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from cachetools import LRUCache

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MAX_VALUES: Final = 10_000
POSTGRES_VERSION: Final = "SELECT pg_current_snapshot()::text"
MAX_AGE_S: Final = 0.5
"""How long a change that another process made in PostgreSQL may go unnoticed; on SQLite none does."""


class DatabaseVersion(Protocol):
    """Identifies a state of the database: equal versions mean that nothing was committed in between."""

    async def read(self) -> Hashable | None:
        """Return None if the version cannot be determined now."""

    def close(self) -> None: ...


class Snapshot:
    """Values that are valid as long as the version of the database stands.

    A value is stored under the version that was current before it was loaded, so it is never older than its
    version. Values that `load` does not find are not stored.
    """

    def __init__(self, version: DatabaseVersion) -> None:
        self._version = version
        self._writes = 0
        self._current: Hashable = None
        self._values: MutableMapping[Any, Any] = {}

    def invalidate(self) -> None:
        """Drop everything, after a commit of this process."""
        self._writes += 1

    def close(self) -> None:
        self._version.close()

    async def get(self, key: Key, load: Callable[[], Awaitable[Value | None]]) -> Value | None:
        """Return the value of one key; load it if the database has changed since."""

        async def load_one(_: list[Key]) -> Mapping[Key, Value]:
            value = await load()
            return {} if value is None else {key: value}

        return (await self.get_many([key], load_one)).get(key)

    async def get_many(
        self, keys: Collection[Key], load: Callable[[list[Key]], Awaitable[Mapping[Key, Value]]]
    ) -> dict[Key, Value]:
        """Return the values of those keys that have one; load those that are missing, in one call."""
        if not keys:
            return {}
        values = await self._valid_values()
        found, missing = {}, []
        for key in keys:
            value = values.get(key)
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        if missing:
            loaded = await load(missing)
            values.update(loaded)
            found.update(loaded)
        return found

    async def _valid_values(self) -> MutableMapping[Any, Any]:
        # Counted before the version is read: a commit in between makes the values look older than they are.
        writes = self._writes
        version = await self._version.read()
        if version is None:
            return {}
        if (writes, version) != self._current:
            # Loads still under way go on writing to the old values, which nothing reads any more.
            self._current, self._values = (writes, version), LRUCache(MAX_VALUES)
        return self._values


class SqliteVersion:
    """SQLite's counter of commits by other connections, read from its shared memory in microseconds."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def read(self) -> int | None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            # The file does not exist yet, or is locked at this moment.
            return None
        return int(version)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        # This connection never writes, so every commit, also of this process, is one of another connection. It
        # must not wait for a lock, since it runs on the event loop.
        address = f"{self._path.absolute().as_uri()}?mode=rw"
        return sqlite3.connect(address, uri=True, timeout=0, isolation_level=None, check_same_thread=False)


class PostgresVersion:
    """The transactions that PostgreSQL has begun and ended, read every half second at most.

    Every transaction that writes has an id. When it commits, its id is no longer among those in progress, or the
    next id to assign has advanced: the text of `pg_current_snapshot()` has changed.
    """

    def __init__(
        self, query: Callable[[str], Awaitable[object]], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._query = query
        self._clock = clock
        self._lock = asyncio.Lock()
        self._version: str | None = None
        self._read_at = float("-inf")

    async def read(self) -> str | None:
        if self._is_old():
            async with self._lock:
                if self._is_old():  # otherwise another request has read it in the meantime
                    # The time before the query: what is committed while it runs may be missing from its result.
                    read_at = self._clock()
                    self._version = str(await self._query(POSTGRES_VERSION))
                    self._read_at = read_at
        return self._version

    def close(self) -> None: ...

    def _is_old(self) -> bool:
        return self._clock() - self._read_at >= MAX_AGE_S
