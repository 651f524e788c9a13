"""Changes of the schema, run by the application itself."""

import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import OperationalError

from datasource.metadata.engine import (
    BEGIN_OPTION,
    BUSY_TIMEOUT_S,
    build_migration_engine,
    is_sqlite,
)

# Any number will do, as long as every replica uses the same one.
ADVISORY_LOCK = 7_236_514_310

# Alembic keeps its current connection in module state, so one process runs one upgrade at a time.
_one_at_a_time = threading.Lock()


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(url: URL) -> None:
    """Blocking. All of it is one transaction: an upgrade that fails or is interrupted leaves no trace."""
    config = alembic_config()
    engine = build_migration_engine(url).execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
    with _one_at_a_time:
        try:
            if is_sqlite(url):
                _use_write_ahead_log(url)
            with engine.begin() as connection:
                _take_turn(connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _check_foreign_keys(connection)
        finally:
            engine.dispose()


def _take_turn(connection: Connection) -> None:
    # On SQLite the immediate transaction is the lock already.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"the migration would leave rows without their parents: table {broken[0]}")


def _use_write_ahead_log(url: URL) -> None:
    """Lets readers go on while one writes. The file remembers it.

    Two processes that switch a new file at once collide without SQLite's usual waiting, hence the loop.
    """
    engine = build_migration_engine(url)
    deadline = time.monotonic() + BUSY_TIMEOUT_S
    try:
        while True:
            try:
                with engine.connect() as connection:
                    cursor = connection.connection.cursor()
                    cursor.execute("PRAGMA journal_mode = WAL")
                    cursor.close()
                return
            except OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
    finally:
        engine.dispose()
