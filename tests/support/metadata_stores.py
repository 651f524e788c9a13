"""Fixtures: a new metadata store for each test, on every available database."""

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import QueuePool

from datasource.metadata.store import MetadataStore
from tests.support.postgres_server import URL_VARIABLE

__all__ = ["database_url", "store"]

POSTGRES_URL = os.environ.get(URL_VARIABLE)


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRES_URL else ["sqlite"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'folder' / 'metadata.sqlite3'}"
        return
    assert POSTGRES_URL is not None
    with postgres_schema(POSTGRES_URL) as url:
        yield url


@pytest.fixture
async def store(database_url: str, migrated_sqlite: Path) -> AsyncIterator[MetadataStore]:
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        # Copying the tables is ten times as fast as running the migrations.
        assert url.database is not None
        Path(url.database).parent.mkdir()
        shutil.copy(migrated_sqlite, url.database)
    async with MetadataStore.open(database_url) as store:
        if url.get_backend_name() != "sqlite":
            await store.migrate()
        yield store


def connections_in_use(store: MetadataStore) -> int:
    """The connections of the store's pool to PostgreSQL that sessions hold now."""
    pool = store._engine.pool
    assert isinstance(pool, QueuePool)
    return pool.checkedout()


@contextmanager
def postgres_schema(url: str) -> Iterator[str]:
    """Create a schema, which serves as an empty database, and drop it at the end."""
    name = f"trendgate_{uuid4().hex}"
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    own = make_url(url).update_query_dict({"options": f"-csearch_path={name}"})
    yield own.render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.execute(text(f"DROP SCHEMA {name} CASCADE"))
    engine.dispose()
