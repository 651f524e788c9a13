"""A router in front of the gateway and another team's subgraph: queries that cross them, and who may ask."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.federation import node
from tests.federation.conftest import Endpoint
from tests.support.gateway import Gateway
from tests.support.seeds.access_over_http import World, open_world
from tests.support.seeds.saved_objects import EVENTS

pytestmark = pytest.mark.usefixtures("tools")

CROSSING = """query($id: ID!) { project(id: $id) {
    name plan
    invoices(first: 2) { edges { node { month amount } } pageInfo { hasNextPage endCursor } }
    insights(first: 1) { edges { node { name } } pageInfo { hasNextPage endCursor } }
    trend(query: {events: [{event: "sign up"}], dateFrom: "2020-01-13", dateTo: "2020-01-14"}) {
        days series { data } }
} }"""


@pytest.fixture(scope="module")
async def world(gateway: Gateway) -> World:
    world = await open_world(gateway, "federated")
    for name in ("first", "second"):
        await world.insight(name)
    await gateway.stores.events.command(EVENTS, {"project": world.project.id})
    return world


@pytest.fixture(scope="module")
async def billing(world: World, tools: None) -> AsyncIterator[str]:  # noqa: ARG001 - they are to be there
    async with node.running("billing.mjs", is_read=True, DEAREST_PROJECT=world.id) as process:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()


@pytest.fixture(scope="module")
async def supergraph(
    served: Endpoint, billing: str, client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Composed as a router's operator does: from what the running subgraphs say."""
    sdls = {}
    for name, url in (("trendgate", served.url), ("billing", billing)):
        answer = await Endpoint(url, client).ask("{ _service { sdl } }")
        sdls[name] = (url, answer["data"]["_service"]["sdl"])
    composed = (await node.run("compose.mjs", stdin=node.subgraphs(**sdls)))["guild"]
    assert composed["errors"] == []
    file = tmp_path_factory.mktemp("supergraph") / "supergraph.graphql"
    file.write_text(composed["supergraph"], encoding="utf-8")
    return file


@pytest.fixture(scope="module")
async def router(supergraph: Path, client: httpx2.AsyncClient) -> AsyncIterator[Endpoint]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = node.MODULES / "@graphql-hive/gateway/dist/bin.js"
    arguments = ("-c", "gateway.config.mjs", "-h", "127.0.0.1", "-p", str(port), "supergraph", str(supergraph))
    async with node.running(program, *arguments):
        await until_ready(client, f"http://127.0.0.1:{port}/readiness")
        yield Endpoint(f"http://127.0.0.1:{port}/graphql", client)


async def until_ready(client: httpx2.AsyncClient, url: str) -> None:
    async with asyncio.timeout(node.PATIENCE_S):
        while True:
            try:
                if (await client.get(url)).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)


def errors_of(answer: Any) -> dict[tuple[str | int, ...], Any]:
    """The extensions of each error by its path."""
    return {tuple(error["path"]): error["extensions"] for error in answer["errors"]}


async def test_one_query_is_answered_by_both_subgraphs(router: Endpoint, world: World) -> None:
    answer = await router.ask(CROSSING, key=world.admin.key, id=world.id)
    price = 10.0 * int(world.id)
    assert answer == {
        "data": {
            "project": {
                "name": "federated",
                "plan": "PRO",
                "invoices": {
                    "edges": [
                        {"node": {"month": "2013-01", "amount": price}},
                        {"node": {"month": "2013-02", "amount": price}},
                    ],
                    "pageInfo": {"hasNextPage": True, "endCursor": None},
                },
                "insights": {
                    "edges": [{"node": {"name": "first"}}],
                    "pageInfo": {"hasNextPage": True, "endCursor": "WyJpbnNpZ2h0IiwgMV0="},
                },
                "trend": {"days": ["2020-01-13", "2020-01-14"], "series": [{"data": [1.0, 1.0]}]},
            }
        }
    }


async def test_project_of_the_other_subgraph_is_completed_here(router: Endpoint, world: World) -> None:
    answer = await router.ask("{ dearestProject { id plan name } }", key=world.admin.key)
    assert answer == {"data": {"dearestProject": {"id": world.id, "plan": "PRO", "name": "federated"}}}


async def test_mutation_goes_through_the_router(router: Endpoint, world: World) -> None:
    document = """mutation($id: ID!) { insightCreate(input: {
        projectId: $id, name: "routed", query: {events: [{event: "sign up"}]}}) { name projectId } }"""
    answer = await router.ask(document, key=world.admin.key, id=world.id)
    assert answer == {"data": {"insightCreate": {"name": "routed", "projectId": world.id}}}


async def test_caller_without_key_is_refused_here_though_the_router_asks_for_none(
    router: Endpoint, world: World
) -> None:
    answer = await router.ask(CROSSING, id=world.id)
    assert answer["data"] is None
    assert errors_of(answer)["project",]["code"] == "UNAUTHENTICATED"


async def test_caller_without_the_scope_is_refused_here_though_the_router_looks_at_none(
    router: Endpoint, world: World
) -> None:
    plain = await world.person("plain", "project:read")
    answer = await router.ask(
        "query($id: ID!) { project(id: $id) { plan insights { totalCount } } }", key=plain.key, id=world.id
    )
    refusal = errors_of(answer)["project", "insights"]
    assert (refusal["code"], refusal["missingScope"]) == ("FORBIDDEN", "insight:read")


async def test_references_are_bound_to_the_caller_too(router: Endpoint, gateway: Gateway) -> None:
    stranger = (await open_world(gateway, "strangers of the federated")).admin
    answer = await router.ask("{ dearestProject { plan name } }", key=stranger.key)
    assert "federated" not in str(answer)
    assert errors_of(answer)["dearestProject", "name"]["code"] == "NOT_FOUND"
    answer = await router.ask("{ dearestProject { plan name } }")
    assert errors_of(answer)["dearestProject", "name"]["code"] == "UNAUTHENTICATED"
