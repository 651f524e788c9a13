"""SQLAlchemy engines that behave the same on SQLite and PostgreSQL."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from datasource.private_files import close_file, make_file, make_folder
from errors import BadUserInput

# How long a writer waits for another one, in this process or any other.
BUSY_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5
# Older connections are replaced, because a proxy or firewall may drop those that stay idle.
RECYCLE_S = 1800
# How long a migration waits for one in another process.
MIGRATION_LOCK_TIMEOUT_S = 60
BEGIN_OPTION = "trendgate_begin"

URL_HINT = (
    "Set TRENDGATE_DATABASE_URL to sqlite+aiosqlite:///FILE or postgresql+psycopg://USER@HOST/DATABASE, "
    "or leave it out to use SQLite in the data folder."
)


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """The limits of one process on PostgreSQL; SQLite has none."""

    connections: int = 10
    wait_s: float = 10.0
    """How long to wait for a free connection."""
    statement_s: float = 15.0
    """How long a statement may take, including waits for locks."""

    @property
    def transaction_s(self) -> float:
        """How long a transaction may take."""
        # A server that stops responding does not enforce its own limits.
        return self.wait_s + 2 * self.statement_s


def parse_database_url(text: str) -> URL:
    """Parse the URL of a database and set the driver. Errors never contain its password."""
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as exc:
        raise BadUserInput("The URL of the metadata store is invalid.", hint=URL_HINT) from exc
    backend = url.drivername.partition("+")[0]
    if backend == "sqlite":
        return _sqlite_url(url)
    if backend in ("postgresql", "postgres"):
        return _postgresql_url(url)
    raise BadUserInput(
        "The metadata store must be SQLite or PostgreSQL, not {backend!r}.", backend=backend, hint=URL_HINT
    )


def _sqlite_url(url: URL) -> URL:
    if not url.database or url.database == ":memory:":
        raise BadUserInput(
            "The SQLite URL of the metadata store must name a file.",
            hint=URL_HINT,
        )
    return url.set(drivername="sqlite+aiosqlite")


def _postgresql_url(url: URL) -> URL:
    if find_spec("psycopg") is None:
        raise BadUserInput(
            "A metadata store in PostgreSQL requires the driver psycopg, which is not installed.",
            hint="Install it: pip install 'trendgate[postgres]'.",
        )
    return url.set(drivername="postgresql+psycopg")


def build_async_engine(url: URL, limits: PoolLimits) -> AsyncEngine:
    engine = _sqlite_engine(url) if is_sqlite(url) else _postgresql_engine(url, limits)
    event.listen(engine.sync_engine, "before_cursor_execute", _reject_nul)
    return engine


def _sqlite_engine(url: URL) -> AsyncEngine:
    _make_file(url)
    engine = create_async_engine(url, connect_args=_sqlite_connect_args())
    _listen(engine.sync_engine, foreign_keys=True)
    return engine


def _postgresql_engine(url: URL, limits: PoolLimits) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_size=limits.connections,
        max_overflow=0,
        pool_timeout=limits.wait_s,
        # Checked before use, so that a restart of PostgreSQL fails only what runs at that moment.
        pool_pre_ping=True,
        pool_recycle=RECYCLE_S,
        # The most recently used connection goes first, so that those of a burst grow old and are closed.
        pool_use_lifo=True,
        connect_args=_postgresql_connect_args(url, statement_timeout=round(limits.statement_s * 1000)),
    )


def build_migration_engine(url: URL) -> Engine:
    """Build a synchronous engine for upgrades, whose statements have no time limit."""
    if not is_sqlite(url):
        arguments = _postgresql_connect_args(url, lock_timeout=MIGRATION_LOCK_TIMEOUT_S * 1000)
        return create_engine(url, poolclass=NullPool, connect_args=arguments)
    _make_file(url)
    engine = create_engine(url.set(drivername="sqlite"), poolclass=NullPool, connect_args=_sqlite_connect_args())
    # Rebuilding an SQLite table drops the old one, which with foreign keys on deletes the rows that refer to it.
    _listen(engine, foreign_keys=False)
    return engine


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite_connect_args() -> dict[str, Any]:
    # With an isolation level the driver would begin transactions itself: late, and as a reader.
    return {"isolation_level": None, "timeout": BUSY_TIMEOUT_S}


def _postgresql_connect_args(url: URL, **settings: int) -> dict[str, Any]:
    """Settings in the URL take precedence. Times in `settings` are milliseconds."""
    options = " ".join(f"-c {name}={value}" for name, value in settings.items())
    defaults: dict[str, Any] = {
        "application_name": "trendgate",
        "connect_timeout": CONNECT_TIMEOUT_S,
        # Give up on a host that disappeared within half a minute.
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
    url_options = url.normalized_query.get("options", ())
    return {
        **{name: value for name, value in defaults.items() if name not in url.query},
        "options": " ".join((options, *url_options)),
    }


def _make_file(url: URL) -> None:
    file = Path(url.database or "")
    try:
        make_folder(file.parent)
    except OSError as exc:
        raise BadUserInput(
            "The folder {folder} of the metadata store cannot be created: {reason}.",
            folder=file.parent,
            reason=exc.strerror,
            hint="Set TRENDGATE_DATA_DIR to a writable folder.",
        ) from exc
    # SQLite creates its other files with the mode of the first one. It reports a file that cannot be opened.
    with suppress(OSError):
        make_file(file)
        for suffix in ("-wal", "-shm", "-journal"):
            close_file(file.with_name(f"{file.name}{suffix}"))


def _listen(engine: Engine, *, foreign_keys: bool) -> None:
    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if foreign_keys else 'OFF'}")
        # Safe with a write-ahead log: a power cut may lose the last commits but never corrupts the file.
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # SQLite fails a reader that becomes a writer after another one wrote; with BEGIN IMMEDIATE it waits.
        connection.exec_driver_sql(f"BEGIN {connection.get_execution_options().get(BEGIN_OPTION, 'DEFERRED')}")


def _reject_nul(
    _connection: Connection, _cursor: object, _statement: str, parameters: Any, _context: object, _is_many: bool
) -> None:
    # PostgreSQL cannot store the character, SQLite can: neither should.
    if any("\0" in text for text in _strings(parameters)):
        raise BadUserInput("A string contains a NUL character, which cannot be stored.")


def _strings(parameters: Any) -> Iterator[str]:
    """The strings in one set of parameters, named or positional, or in a list of sets."""
    for value in parameters.values() if isinstance(parameters, dict) else parameters or ():
        if isinstance(value, str):
            yield value
        elif isinstance(value, list | tuple | dict):
            yield from _strings(value)
