"""Hostile requests over sockets, several at a time, while /healthz is asked: it answers throughout."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from random import Random

import httpx2
import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.store import MetadataStore
from resolvers.stores import Stores
from settings import Settings
from tests.hostile import from_rest, from_schema, mutations
from tests.hostile.attack import Attack
from tests.hostile.case import Case
from tests.hostile.test_corpus import IS_WHOLE, POSITIONS, SEED
from tests.hostile.world import SERVED, seed_world
from tests.support.gateway import open_gateway
from tests.support.live_server import serve

AT_ONCE = 4
LONGEST_HEALTHZ_S = 1.0 if IS_WHOLE else 5.0
REQUESTS = 20_000 if IS_WHOLE else 100


@pytest.fixture(scope="module")
async def server(engine: Engine, new_settings: Callable[[str], Settings]) -> AsyncIterator[Attack]:
    """An attack on a gateway that listens."""
    settings = new_settings("hostile server")
    async with MetadataStore.open(settings.metadata_url) as metadata:
        await metadata.migrate()
        stores = Stores(metadata=metadata, events=engine)
        async with open_gateway(stores, settings) as gateway:
            world = await seed_world(gateway, SERVED)
        async with (
            serve(settings, stores) as port,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
        ):
            yield Attack(client, world)


def cases(attack: Attack, rng: Random) -> Iterator[Case]:
    """Requests of all kinds in a random order."""
    ids = attack.world.ids
    sources = [mutations.mutations(ids, rng, REQUESTS), from_rest.hostile(ids, rng, REQUESTS)]
    for _ in range(REQUESTS):
        target, path = rng.choice(POSITIONS)
        yield from from_schema.hostile(target, path, ids, rng, 1)
        with suppress(StopIteration):
            yield next(rng.choice(sources))


async def test_healthz_answers_during_an_attack(server: Attack) -> None:
    listed = cases(server, Random(SEED))  # noqa: S311 - the same requests every time
    probing = asyncio.create_task(slowest_healthz(server.client))
    attackers = [replace(server, found=[], codes={}) for _ in range(AT_ONCE)]
    await asyncio.gather(*(each.send_all(listed) for each in attackers))
    probing.cancel()
    slowest = await probing
    found = [fault for each in attackers for fault in each.found]
    assert not found, "\n".join(found)
    assert sum(each.sent for each in attackers) >= REQUESTS
    assert 0 < slowest < LONGEST_HEALTHZ_S


async def slowest_healthz(client: httpx2.AsyncClient) -> float:
    """Ask for /healthz until cancelled, and return the longest time that it took."""
    slowest = 0.0
    with suppress(asyncio.CancelledError):
        while True:
            started = time.perf_counter()
            assert (await client.get("/healthz")).status_code == 200
            slowest = max(slowest, time.perf_counter() - started)
            await asyncio.sleep(0.05)
    return slowest
