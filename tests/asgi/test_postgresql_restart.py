"""The gateway with a PostgreSQL that is killed and restarted while clients send requests."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from sqlalchemy import text

from datasource.clickhouse.engine import Engine
from datasource.metadata.engine import PoolLimits
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.support.gateway import Answer, Gateway, open_gateway
from tests.support.metadata_stores import connections_in_use
from tests.support.postgres_server import PostgresServer
from tests.support.seeds.saved_objects import Shop, open_shop

CLIENTS = 12
LIMITS = PoolLimits(connections=4, wait_s=60, statement_s=60)
TREND = """query($project: ID!) { project(id: $project) {
    trend(query: { events: [{ event: "sign up" }], dateFrom: "2020-01-13", dateTo: "2020-01-14" }) {
    series { count } } } }"""
CREATE = """mutation($project: ID!, $name: String!) {
    actionCreate(input: { projectId: $project, name: $name, steps: [] }) { id } }"""
NAMES = """query($project: ID!, $after: String) { project(id: $project) { actions(first: 500, after: $after) {
    edges { node { name } } pageInfo { hasNextPage endCursor } } } }"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'trendgate'"


@pytest.fixture
async def gateway(own_postgres: PostgresServer, engine: Engine, settings: Settings) -> AsyncIterator[Gateway]:
    async with MetadataStore.open(own_postgres.url, LIMITS) as metadata:
        await metadata.migrate()
        async with open_gateway(Stores(metadata=metadata, events=engine), settings) as gateway:
            yield gateway


@dataclass
class Clients:
    """Read and write without a pause until stopped."""

    shop: Shop
    is_over: bool = False
    made: list[str] = field(default_factory=list)
    outcomes: "Counter[str]" = field(default_factory=Counter)

    async def run(self, number: int) -> None:
        turn = 0
        while not self.is_over:
            turn += 1
            if (number + turn) % 3:
                self._record(await self.shop.ask(TREND))
            else:
                name = f"{number}-{turn}"
                if self._record(await self.shop.ask(CREATE, name=name)):
                    self.made.append(name)

    def _record(self, answer: Answer) -> bool:
        assert answer.status == 200
        errors = answer.body.get("errors", [])
        codes = {error["extensions"]["code"] for error in errors}
        assert codes <= {"UPSTREAM_UNAVAILABLE"}, answer.body
        assert all(error["extensions"]["hint"] for error in errors)
        self.outcomes["failed" if codes else "answered"] += 1
        return not codes

    async def wait_for(self, outcome: str, more: int) -> None:
        expected = self.outcomes[outcome] + more
        while self.outcomes[outcome] < expected:  # noqa: ASYNC110 - any of many tasks may change it
            await asyncio.sleep(0.01)


async def names_of(shop: Shop) -> set[str]:
    names: set[str] = set()
    after = None
    while True:
        page = (await shop.ask(NAMES, after=after)).data["project"]["actions"]
        names |= {edge["node"]["name"] for edge in page["edges"]}
        if not page["pageInfo"]["hasNextPage"]:
            return names
        after = page["pageInfo"]["endCursor"]


async def test_restart_under_load_fails_only_running_requests(
    own_postgres: PostgresServer, gateway: Gateway
) -> None:
    clients = Clients(await open_shop(gateway, "shop"))
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        for number in range(CLIENTS):
            tasks.create_task(clients.run(number))
        for _ in range(2):
            await clients.wait_for("answered", 2 * CLIENTS)
            await asyncio.to_thread(own_postgres.stop, "immediate")
            await clients.wait_for("failed", 2 * CLIENTS)
            await asyncio.to_thread(own_postgres.start)
            await clients.wait_for("answered", 2 * CLIENTS)
        clients.is_over = True

    before = clients.outcomes["failed"]
    clients.is_over = False
    async with asyncio.timeout(120), asyncio.TaskGroup() as tasks:
        for number in range(CLIENTS, 2 * CLIENTS):
            tasks.create_task(clients.run(number))
        await clients.wait_for("answered", 4 * CLIENTS)
        clients.is_over = True
    assert clients.outcomes["failed"] == before, "requests fail although the server is back"

    # Confirmed changes are there. Failed ones may be: the confirmation can be lost after the commit.
    assert set(clients.made) <= await names_of(clients.shop)
    assert connections_in_use(gateway.stores.metadata) == 0
    async with gateway.stores.metadata.read() as session:
        assert (await session.scalar(text(CONNECTIONS)) or 0) <= LIMITS.connections
        assert await session.scalar(text(f"{CONNECTIONS} AND state LIKE 'idle in%'")) == 0
