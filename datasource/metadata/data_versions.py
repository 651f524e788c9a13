"""The version of a project's data: every change increases it, which invalidates the project's cached trends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, update

from datasource.metadata.models import Installation, Project
from datasource.metadata.store import MetadataStore


async def advance_data_versions(store: MetadataStore) -> None:
    """Invalidate the cached trends of every project."""
    async with store.write() as session:
        await session.execute(update(Project).values(data_version=Project.data_version + 1))


@asynccontextmanager
async def changing_data(store: MetadataStore, project_id: int) -> AsyncIterator[None]:
    """Wrap a change of the project's data. Trends computed during the change are not used after it.

    The project is marked as changing until the end. If the process is killed, the mark stays until the next
    change, and trends are cached for moments only.
    """
    await _advance(store, project_id, is_changing=True)
    try:
        yield
    finally:
        await _advance(store, project_id, is_changing=False)


async def _advance(store: MetadataStore, project_id: int, *, is_changing: bool) -> None:
    change = update(Project).where(Project.id == project_id)
    async with store.write() as session:
        await session.execute(change.values(data_version=Project.data_version + 1, is_changing=is_changing))


async def read_installation(store: MetadataStore) -> str:
    """Load the id of this metadata store, which only copies of it share."""
    async with store.read() as session:
        return (await session.scalars(select(Installation.id))).one()
