import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from datasource.metadata.members import add_member, list_members
from datasource.metadata.models import Organization
from datasource.metadata.organizations import create_organization, ensure_organization, list_organizations
from datasource.metadata.projects import list_projects
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError, Place

WRITER = """
import asyncio, sys
from datasource.metadata.models import Organization
from datasource.metadata.members import add_member
from datasource.metadata.organizations import ensure_organization
from datasource.metadata.store import MetadataStore

async def main(url, writer):
    async with MetadataStore.open(url) as store:
        await store.migrate()
        organization = await ensure_organization(store, name="Shared")
        for number in range(25):
            await add_member(store, email=f"{writer}-{number}@example.com", organization_id=organization.id)

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main(sys.argv[1], sys.argv[2]))
"""


def _start_writer(url: str, writer: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, url, str(writer)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
async def test_write_from_several_processes_on_a_new_store_loses_nothing(database_url: str) -> None:
    writers = [_start_writer(database_url, number) for number in range(3)]
    # All of them have done their imports before any goes on, so that they meet.
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    ends = [(*writer.communicate(timeout=120), writer.returncode) for writer in writers]
    assert ends == [("", "", 0)] * 3
    async with MetadataStore.open(database_url) as store:
        assert len(await list_members(store)) == 75
        assert len(await list_organizations(store)) == 1


async def test_write_from_many_tasks_that_read_first_loses_nothing(store: MetadataStore) -> None:
    organization = await create_organization(store, name="Shared")

    async def add(number: int) -> None:
        await list_projects(store)
        await add_member(store, email=f"{number}@example.com", organization_id=organization.id)

    await asyncio.gather(*(add(number) for number in range(40)))
    assert len(await list_members(store)) == 40


async def test_ensure_organization_from_many_tasks_creates_one(store: MetadataStore) -> None:
    created = await asyncio.gather(*(ensure_organization(store, name="One") for _ in range(10)))
    assert len({organization.id for organization in created}) == 1
    assert len(await list_organizations(store)) == 1


async def test_failed_write_changes_nothing(store: MetadataStore) -> None:
    async def fail_after_writing() -> None:
        async with store.write() as session:
            session.add(Organization(name="Half"))
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()
    assert await list_organizations(store) == ()


async def test_ping_without_tables_succeeds(database_url: str) -> None:
    async with MetadataStore.open(database_url) as store:
        await store.ping()


async def test_read_before_migrate_hints_at_migrating(database_url: str) -> None:
    async with MetadataStore.open(database_url) as store:
        with pytest.raises(GatewayError) as caught:
            await list_projects(store)
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert caught.value.message == "The metadata store has no tables yet."
    assert caught.value.hint == Place.MIGRATE


async def test_ping_a_file_that_is_not_a_database_fails(tmp_path: Path) -> None:
    file = tmp_path / "text.sqlite3"
    file.write_text("this is no database, whatever its name says " * 100)
    async with MetadataStore.open(f"sqlite:///{file}") as store:
        with pytest.raises(GatewayError) as caught:
            await list_projects(store)
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert "SELECT" not in caught.value.message


async def test_sqlite_file_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    async with MetadataStore.open(f"sqlite:///{tmp_path / 'm.sqlite3'}") as store:
        await store.migrate()
        async with store.read() as session:
            assert await session.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await session.scalar(text("PRAGMA foreign_keys")) == 1
            assert await session.scalar(text("PRAGMA busy_timeout")) == 15000
