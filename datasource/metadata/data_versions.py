"""The version of a project's data: a number that grows with every change, which makes kept answers old."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import select, update

from datasource.metadata.models import Installation, Project
from datasource.metadata.store import MetadataStore


async def advance_data_versions(store: MetadataStore) -> None:
    """Make answers computed from the data of any project until now unknown."""
    async with store.write() as session:
        await session.execute(update(Project).values(data_version=Project.data_version + 1))


@asynccontextmanager
async def changing_data(store: MetadataStore, project_id: int) -> AsyncIterator[None]:
    """Surrounds a change. What is computed meanwhile belongs to a version that nobody asks for afterwards.

    The project says that it is changing until the end, which a process that is killed does not reach: until the
    next change answers are kept for moments only.
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
    """A name that no other metadata store has, but for copies of this one."""
    async with store.read() as session:
        return (await session.scalars(select(Installation.id))).one()
