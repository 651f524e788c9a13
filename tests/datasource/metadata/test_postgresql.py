"""What concerns PostgreSQL alone: connections, time limits, and a server that goes away and comes back."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from datasource.metadata.engine import PoolLimits
from datasource.metadata.organizations import create_organization, list_organizations
from datasource.metadata.store import MetadataStore
from errors import ErrorCode, GatewayError
from tests.support.metadata_stores import connections_in_use
from tests.support.postgres_server import PostgresServer

LIMITS = PoolLimits(connections=2, wait_s=60, statement_s=60)
MINE = "FROM pg_stat_activity WHERE application_name = 'trendgate' AND pid <> pg_backend_pid()"


@pytest.fixture
async def store(own_postgres: PostgresServer) -> AsyncIterator[MetadataStore]:
    async with MetadataStore.open(own_postgres.url, LIMITS) as store:
        await store.migrate()
        yield store


@pytest.fixture
async def impatient(own_postgres: PostgresServer) -> AsyncIterator[MetadataStore]:
    """On the tables of `store`, for a test that takes both."""
    async with MetadataStore.open(own_postgres.url, PoolLimits(2, wait_s=0.1, statement_s=0.1)) as impatient:
        yield impatient


async def _ask(store: MetadataStore, statement: str) -> object:
    async with store.read() as session:
        return await session.scalar(text(statement))


async def test_connections_have_a_name_and_time_limits(store: MetadataStore) -> None:
    assert await _ask(store, "SHOW application_name") == "trendgate"
    assert await _ask(store, "SHOW statement_timeout") == "1min"


async def test_settings_in_the_url_take_precedence(own_postgres: PostgresServer) -> None:
    url = f"{own_postgres.url}&application_name=mine&options=-c%20work_mem%3D5MB%20-c%20statement_timeout%3D9s"
    async with MetadataStore.open(url) as store:
        assert await _ask(store, "SHOW application_name") == "mine"
        assert await _ask(store, "SHOW work_mem") == "5MB"
        assert await _ask(store, "SHOW statement_timeout") == "9s"


async def test_slow_statement_is_canceled(impatient: MetadataStore) -> None:
    with pytest.raises(GatewayError, match="did not respond in time") as caught:
        await _ask(impatient, "SELECT pg_sleep(60)")
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert connections_in_use(impatient) == 0


async def test_writer_waits_for_a_lock_for_a_limited_time(store: MetadataStore, impatient: MetadataStore) -> None:
    async with store.write() as session:
        await session.execute(text("LOCK TABLE organizations"))
        with pytest.raises(GatewayError, match="did not respond in time"):
            await create_organization(impatient, name="Acme")
    await create_organization(store, name="Acme")


async def test_request_without_a_free_connection_in_time_fails(own_postgres: PostgresServer) -> None:
    async with (
        MetadataStore.open(own_postgres.url, PoolLimits(2, wait_s=0.1)) as full,
        full.read() as one,
        full.read() as two,
    ):
        await one.connection()
        await two.connection()
        with pytest.raises(GatewayError, match="overloaded") as caught:
            await full.ping()
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE


async def test_more_requests_than_connections_take_turns(store: MetadataStore) -> None:
    await asyncio.gather(*(store.ping() for _ in range(50)))
    assert connections_in_use(store) == 0
    assert await _ask(store, f"SELECT count(*) {MINE}") == 1


async def test_cancelled_requests_return_their_connections(
    store: MetadataStore, own_postgres: PostgresServer
) -> None:
    sleeping = f"SELECT count(*) {MINE} AND query LIKE '%pg_sleep(600)%' AND state = 'active'"
    async with MetadataStore.open(own_postgres.url, LIMITS) as observer, asyncio.timeout(60):
        for _ in range(5):
            tasks = [asyncio.create_task(_ask(store, "SELECT pg_sleep(600)")) for _ in range(2)]
            # A cancellation that overtakes its statement would leave it to its time limit.
            while await _ask(observer, sleeping) != 2:
                await observer.ping()
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(end) for end in ends] == [asyncio.CancelledError] * 2
            while await _ask(observer, sleeping) != 0:  # PostgreSQL ends a cancelled statement in its own time
                await observer.ping()
    assert connections_in_use(store) == 0


async def test_restarted_server_is_used_again(
    own_postgres: PostgresServer, store: MetadataStore, caplog: pytest.LogCaptureFixture
) -> None:
    await create_organization(store, name="Before")
    own_postgres.stop("immediate")
    with caplog.at_level(logging.ERROR), pytest.raises(GatewayError) as caught:
        await create_organization(store, name="Meanwhile")
    assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    assert caught.value.message == "The metadata store is not available."
    assert "INSERT" not in f"{caught.value.message} {caught.value.hint}"
    assert "connection" in caplog.text
    own_postgres.start()
    await create_organization(store, name="After")
    assert [each.name for each in await list_organizations(store)] == ["After", "Before"]


async def test_restart_between_two_requests_fails_neither(
    own_postgres: PostgresServer, store: MetadataStore
) -> None:
    await asyncio.gather(store.ping(), store.ping())
    own_postgres.stop("immediate")
    own_postgres.start()
    await asyncio.gather(store.ping(), store.ping(), create_organization(store, name="After"))


async def test_silent_server_is_abandoned(
    own_postgres: PostgresServer, store: MetadataStore, impatient: MetadataStore
) -> None:
    """Make the server silent, as after a disk failure: it accepts requests and never responds."""
    await create_organization(store, name="Before")
    processes = [own_postgres.process_id, int(str(await _ask(impatient, "SELECT pg_backend_pid()")))]
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        for _ in range(2):
            with pytest.raises(GatewayError) as caught:
                await list_organizations(impatient)
            assert caught.value.code is ErrorCode.UPSTREAM_UNAVAILABLE
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)
    assert [each.name for each in await list_organizations(store)] == ["Before"]
    assert connections_in_use(impatient) == 0


async def test_migrate_of_a_stopped_server_fails(own_postgres: PostgresServer) -> None:
    own_postgres.stop()
    async with MetadataStore.open(own_postgres.url) as store:
        with pytest.raises(GatewayError, match="not available"):
            await store.migrate()
