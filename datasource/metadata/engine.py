"""From a URL to engines that behave the same on SQLite and on PostgreSQL."""

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
BEGIN_OPTION = "trendgate_begin"

URL_HINT = (
    "Set TRENDGATE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, "
    "or leave it out to use SQLite in the data folder."
)


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


def build_async_engine(url: URL) -> AsyncEngine:
    if not is_sqlite(url):
        return create_async_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    _make_folder(url)
    engine = create_async_engine(url, connect_args=_sqlite_connect_args())
    _listen(engine.sync_engine, foreign_keys=True)
    return engine


def build_migration_engine(url: URL) -> Engine:
    """A synchronous engine for changing the schema.

    Foreign keys are off in it: rebuilding an SQLite table drops the old one, and with foreign keys on that
    deletes every row that refers to it.
    """
    if not is_sqlite(url):
        return create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
    _make_folder(url)
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool, connect_args=_sqlite_connect_args())
    _listen(engine, foreign_keys=False)
    return engine


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite_connect_args() -> dict[str, Any]:
    # Without an isolation level the driver leaves transactions to us: it would begin them late, as a reader.
    return {"isolation_level": None, "timeout": BUSY_TIMEOUT_S}


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
