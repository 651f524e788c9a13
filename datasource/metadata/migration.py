"""Upgrades of the database schema, run by the application itself."""

import threading
import time
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, text
from sqlalchemy.exc import OperationalError

from datasource.metadata.engine import (
    BEGIN_OPTION,
    BUSY_TIMEOUT_S,
    build_migration_engine,
    is_sqlite,
)
from errors import ErrorCode, GatewayError
from telemetry.version import installed_version

# An arbitrary number that all replicas share.
ADVISORY_LOCK = 7_236_514_310

# Alembic keeps its current connection in module state, so one process runs one upgrade at a time.
_one_at_a_time = threading.Lock()


def alembic_config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(url: URL) -> None:
    """Upgrade to the newest version, blocking. It is one transaction, so a failed upgrade changes nothing.

    Raises UPSTREAM_UNAVAILABLE when a newer version of Trendgate has migrated the store.
    """
    config = alembic_config()
    engine = build_migration_engine(url).execution_options(**{BEGIN_OPTION: "IMMEDIATE"})
    with _one_at_a_time:
        try:
            if is_sqlite(url):
                _use_write_ahead_log(url)
            with engine.begin() as connection:
                _lock(connection)
                _check_known(config, connection)
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                _check_foreign_keys(connection)
        finally:
            engine.dispose()


def _check_known(config: Config, connection: Connection) -> None:
    scripts = ScriptDirectory.from_config(config)
    known = {script.revision for script in scripts.walk_revisions()}
    for revision in MigrationContext.configure(connection).get_current_heads():
        if revision not in known:
            raise GatewayError(
                ErrorCode.UPSTREAM_UNAVAILABLE,
                "The metadata store belongs to a newer version of Trendgate: it is at migration {revision}, and "
                "this program, {program}, knows the migrations up to {newest}.",
                revision=revision,
                program=installed_version(),
                newest=scripts.get_current_head(),
                hint="Run the newer version, or restore the backup from before the upgrade: docs/deployment.md.",
            )


def _lock(connection: Connection) -> None:
    # On SQLite the immediate transaction is the lock.
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if broken is not None:
            raise RuntimeError(f"the migration would leave rows of table {broken[0]} with dangling foreign keys")


def _use_write_ahead_log(url: URL) -> None:
    """Let readers continue during a write. The setting is stored in the file."""
    engine = build_migration_engine(url)
    # SQLite does not wait when two processes switch a new file at once, hence the loop.
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
