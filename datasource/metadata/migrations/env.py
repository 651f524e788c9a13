"""Run by Alembic, on the connection of the application or, for developers, on the configured store."""

from typing import Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection

from datasource.metadata.column_types import UtcDateTime
from datasource.metadata.engine import build_migration_engine, parse_database_url
from datasource.metadata.models import Base
from settings import Settings


def render_item(kind: str, item: object, _context: AutogenContext) -> str | Literal[False]:
    """A migration must not change when the code does, so it names no type of ours."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run_migrations(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_on_configured_store() -> None:
    engine = build_migration_engine(parse_database_url(Settings().metadata_url))
    with engine.begin() as connection:
        run_migrations(connection)
    engine.dispose()


if context.is_offline_mode():
    raise SystemExit("Migrations require a database; offline scripts are not supported.")

handed_over = context.config.attributes.get("connection")
if isinstance(handed_over, Connection):
    run_migrations(handed_over)
else:
    run_on_configured_store()
