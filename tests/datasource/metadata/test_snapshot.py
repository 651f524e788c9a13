"""What has been read stays valid until anything commits, in this process or another one."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import text, update

from datasource.metadata.models import Organization
from datasource.metadata.organizations import create_organization, list_organizations
from datasource.metadata.snapshot import MAX_AGE_S, PostgresVersion, Snapshot, SqliteVersion
from datasource.metadata.store import MetadataStore


class CountedNames:
    """Reads the names of all organizations through a store's snapshot, and counts how often it loads."""

    def __init__(self, store: MetadataStore) -> None:
        self.store = store
        self.loads = 0

    async def __call__(self) -> tuple[str, ...] | None:
        return await self.store.snapshot.get("names", self._load)

    async def _load(self) -> tuple[str, ...]:
        self.loads += 1
        return tuple(each.name for each in await list_organizations(self.store))


@pytest.fixture
async def other_process(
    store: MetadataStore,  # noqa: ARG001 - makes the tables
    database_url: str,
) -> AsyncIterator[MetadataStore]:
    """A store on the same database that shares nothing with `store`."""
    async with MetadataStore.open(database_url) as other:
        yield other


async def _bound_passes(store: MetadataStore) -> None:
    """Wait for as long as another process's change may go unnoticed."""
    if isinstance(store.snapshot._version, PostgresVersion):
        await asyncio.sleep(MAX_AGE_S)


async def test_value_is_loaded_once_while_nothing_changes(store: MetadataStore) -> None:
    names = CountedNames(store)
    assert [await names() for _ in range(5)] == [()] * 5
    assert names.loads == 1


async def test_write_of_this_process_is_seen_at_once(store: MetadataStore) -> None:
    names = CountedNames(store)
    await names()
    await create_organization(store, name="Acme")
    assert await names() == ("Acme",)
    assert names.loads == 2


async def test_write_of_another_process_is_seen_within_the_bound(
    store: MetadataStore, other_process: MetadataStore
) -> None:
    names = CountedNames(store)
    await names()
    await create_organization(other_process, name="Acme")
    await _bound_passes(store)
    assert await names() == ("Acme",)


async def test_write_past_the_store_is_seen_within_the_bound(
    store: MetadataStore, other_process: MetadataStore
) -> None:
    names = CountedNames(store)
    await create_organization(store, name="Acme")
    await names()
    async with other_process._engine.begin() as connection:
        await connection.execute(text("UPDATE organizations SET name = 'Zeta'"))
    await _bound_passes(store)
    assert await names() == ("Zeta",)


async def test_value_read_before_a_commit_is_dropped_after_it(
    store: MetadataStore, other_process: MetadataStore
) -> None:
    names = CountedNames(store)
    await create_organization(store, name="Acme")
    async with other_process.write() as session:
        await session.execute(update(Organization).values(name="Zeta"))
        await session.flush()
        await _bound_passes(store)
        assert await names() == ("Acme",)
    await _bound_passes(store)
    assert await names() == ("Zeta",)


async def test_value_loaded_during_a_write_is_not_used_after_it(store: MetadataStore) -> None:
    async def load_while_another_request_writes() -> str:
        await create_organization(store, name="Acme")
        return "old"

    async def load() -> str:
        return "new"

    assert await store.snapshot.get("value", load_while_another_request_writes) == "old"
    assert await store.snapshot.get("value", load) == "new"


async def test_value_that_is_missing_is_looked_up_again(store: MetadataStore) -> None:
    found: list[str] = []

    async def load() -> str | None:
        return found[0] if found else None

    assert await store.snapshot.get("value", load) is None
    found.append("appeared")
    assert await store.snapshot.get("value", load) == "appeared"


async def test_only_missing_keys_are_loaded(store: MetadataStore) -> None:
    loads = []

    async def load(keys: list[int]) -> dict[int, int]:
        loads.append(keys)
        return {key: key * key for key in keys if key != 4}

    assert await store.snapshot.get_many([1, 2], load) == {1: 1, 2: 4}
    assert await store.snapshot.get_many([2, 3, 4], load) == {2: 4, 3: 9}
    assert loads == [[1, 2], [3, 4]]


async def test_transaction_that_fails_drops_values_too(store: MetadataStore) -> None:
    names = CountedNames(store)
    await names()
    with pytest.raises(RuntimeError):
        async with store.write():
            raise RuntimeError
    await names()
    assert names.loads == 2


async def test_nothing_is_kept_before_there_is_a_database(tmp_path: Path) -> None:
    snapshot = Snapshot(SqliteVersion(tmp_path / "missing.sqlite3"))
    loaded = iter(range(9))

    async def load() -> int:
        return next(loaded)

    assert [await snapshot.get("value", load) for _ in range(3)] == [0, 1, 2]
    assert not (tmp_path / "missing.sqlite3").exists()


async def test_postgresql_is_asked_once_per_interval_however_many_requests_wait() -> None:
    now, asked = [100.0], []

    async def query(statement: str) -> str:
        await asyncio.sleep(0)
        asked.append(statement)
        return f"{len(asked)}:9:"

    version = PostgresVersion(query, clock=lambda: now[0])
    assert await asyncio.gather(*(version.read() for _ in range(50))) == ["1:9:"] * 50
    now[0] += MAX_AGE_S - 0.01
    assert await version.read() == "1:9:"
    now[0] += 0.01
    assert await version.read() == "2:9:"
    assert len(asked) == 2


async def test_failed_look_at_the_version_fails_the_request_and_is_repeated() -> None:
    answers: list[Callable[[], str]] = [lambda: str(1 / 0), lambda: "1:9:"]

    async def query(_: str) -> str:
        return answers.pop(0)()

    snapshot = Snapshot(PostgresVersion(query))

    async def load() -> str:
        return "value"

    with pytest.raises(ZeroDivisionError):
        await snapshot.get("key", load)
    assert await snapshot.get("key", load) == "value"
