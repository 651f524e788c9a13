"""The version of a project's data: a number that grows with every change, which makes kept answers old."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, update

from datasource.metadata.models import Installation, Project
from datasource.metadata.store import MetadataStore


async def advance_data_version(store: MetadataStore, project_id: int | None = None) -> None:
    """Make answers computed from the project's data until now, or those of every project, unknown."""
    change = update(Project).values(data_version=Project.data_version + 1)
    async with store.write() as session:
        await session.execute(change if project_id is None else change.where(Project.id == project_id))


@asynccontextmanager
async def changing_data(store: MetadataStore, project_id: int) -> AsyncIterator[None]:
    """Surrounds a change. What is computed meanwhile belongs to a version that nobody asks for afterwards."""
    await advance_data_version(store, project_id)
    try:
        yield
    finally:
        await advance_data_version(store, project_id)


async def read_installation(store: MetadataStore) -> str:
    """A name that no other metadata store has, but for copies of this one."""
    async with store.read() as session:
        return (await session.scalars(select(Installation.id))).one()
