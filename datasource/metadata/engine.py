"""From a URL to engines that behave the same on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from errors import BadUserInput

# How long a writer waits for another one, in the same process or elsewhere.
BUSY_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5
# Older connections are made anew: whatever stands between may forget those that are idle for long.
RECYCLE_S = 1800
# What migrates while another process does so waits for it this long.
MIGRATION_LOCK_TIMEOUT_S = 60
BEGIN_OPTION = "trendgate_begin"

URL_HINT = (
    "Set TRENDGATE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, "
    "or leave it out to use SQLite in the data folder."
)


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """What one process may take of a PostgreSQL; SQLite has no such limits."""

    connections: int = 10
    wait_s: float = 10.0
    """Longest time to wait for a connection of the pool."""
    statement_s: float = 15.0
    """Longest time of one statement, waiting for locks included."""

    @property
    def transaction_s(self) -> float:
        """Longest time of a whole transaction: a server that has fallen silent keeps no limit of its own."""
        return self.wait_s + 2 * self.statement_s


def parse_database_url(text: str) -> URL:
    """The URL with the driver this project uses; refusals never repeat a password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as exc:
        raise BadUserInput("The metadata store's URL cannot be read.", hint=URL_HINT) from exc
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return _sqlite_url(url)
    if backend in ("postgresql", "postgres"):
        return _postgresql_url(url)
    raise BadUserInput(
        f"The metadata store cannot be kept in {backend!r}: SQLite and PostgreSQL are known.", hint=URL_HINT
    )


def _sqlite_url(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        raise BadUserInput("The metadata store needs a file: an SQLite URL without one is lost.", hint=URL_HINT)
    return url.set(drivername="sqlite+aiosqlite")


def _postgresql_url(url: URL) -> URL:
    if find_spec("psycopg") is None:
        raise BadUserInput(
            "A metadata store in PostgreSQL needs the driver psycopg, which is not installed.",
            hint="Install it: pip install 'trendgate[postgres]'.",
        )
    return url.set(drivername="postgresql+psycopg")


def build_async_engine(url: URL, limits: PoolLimits) -> AsyncEngine:
    engine = _sqlite_engine(url) if is_sqlite(url) else _postgresql_engine(url, limits)
    event.listen(engine.sync_engine, "before_cursor_execute", _refuse_nul)
    return engine


def _sqlite_engine(url: URL) -> AsyncEngine:
    _make_folder(url)
    engine = create_async_engine(url, connect_args=_sqlite_connect_args())
    _listen(engine.sync_engine, foreign_keys=True)
    return engine


def _postgresql_engine(url: URL, limits: PoolLimits) -> AsyncEngine:
    """Connections are looked at before use, so that a restart of PostgreSQL costs no more than what runs then.

    The most lately used goes first: after a burst the rest grow old, and are closed.
    """
    return create_async_engine(
        url,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.wait_s,
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        pool_use_lifo=True,
        connect_args=_postgresql_connect_args(url, statement_timeout=round(limits.statement_s * 1000)),
    )


def build_migration_engine(url: URL) -> Engine:
    """A synchronous engine for changing the schema.

    Foreign keys are off in it: rebuilding an SQLite table drops the old one, and with foreign keys on that
    deletes every row that refers to it. A change may take its time, but not wait without an end.
    """
    if not is_sqlite(url):
        arguments = _postgresql_connect_args(url, lock_timeout=MIGRATION_LOCK_TIMEOUT_S * 1000)
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    _make_folder(url)
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool, connect_args=_sqlite_connect_args())
    _listen(engine, foreign_keys=False)
    return engine


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite_connect_args() -> dict[str, Any]:
    # Without an isolation level the driver leaves transactions to us: it would begin them late, as a reader.
    return {"isolation_level": None, "timeout": BUSY_TIMEOUT_S}


def _postgresql_connect_args(url: URL, **settings: int) -> dict[str, Any]:
    """What the URL says itself wins. Times of `settings` are milliseconds."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    ours: dict[str, Any] = {
        "application_name": "trendgate",
        "connect_timeout": CONNECT_TIMEOUT_S,
        # A host that is gone without a word is given up within half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    own_options = url.normalized_query.get("options", ())
    return {
        **{name: value for name, value in ours.items() if name not in url.query},
        "options": " ".join((options, *own_options)),
    }


def _make_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise BadUserInput(
            f"The folder {folder} of the metadata store cannot be made: {exc.strerror}.",
            hint="Set TRENDGATE_DATA_DIR to a folder that can be written.",
        ) from exc


def _listen(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        # Safe with a write-ahead log: a power cut may lose the last commits, never the file.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A reader that turns writer is refused at once when another one wrote meanwhile; a writer that
        # says so from the start waits its turn.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN_OPTION, 'DEFERRED')}")


def _refuse_nul(
    _connection: Connection, _cursor: object, _statement: str, parameters: Any, _context: object, _is_many: bool
) -> None:
    """PostgreSQL cannot store the character, SQLite can: here neither is asked to."""
    if any("\0" in text for text in _texts(parameters)):
        raise BadUserInput("A text holds a NUL character.")


def _texts(parameters: Any) -> Iterator[str]:
    """Those in one set of parameters, named or not, or in a list of sets."""
    for value in parameters.values() if isinstance(parameters, dict) else parameters or ():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple | dict):
            yield from _texts(value)
