"""A router in front of the gateway and another subgraph: queries of both, and access control."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.federation import scripts
from tests.federation.conftest import Endpoint
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization, seed_organization
from tests.support.seeds.saved_objects import EVENTS

pytestmark = pytest.mark.usefixtures("tools")

QUERY_OF_BOTH = """query($id: ID!) { project(id: $id) {
    name plan
    invoices(first: 2) { edges { node { month amount } } pageInfo { hasNextPage endCursor } }
    insights(first: 1) { edges { node { name } } pageInfo { hasNextPage endCursor } }
    trend(query: {events: [{event: "sign up"}], dateFrom: "2020-01-13", dateTo: "2020-01-14"}) {
        days series { data } }
} }"""


@pytest.fixture(scope="module")
async def org(gateway: Gateway) -> Organization:
    org = await seed_organization(gateway, "federated")
    for name in ("first", "second"):
        await org.insight(name)
    await gateway.stores.events.command(EVENTS, {"project": org.project.id})
    return org


@pytest.fixture(scope="module")
async def billing(org: Organization, tools: None) -> AsyncIterator[str]:  # noqa: ARG001 - installs them
    async with scripts.running("billing.mjs", is_read=True, DEAREST_PROJECT=org.id) as process:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().strip()


@pytest.fixture(scope="module")
async def supergraph(
    gateway_endpoint: Endpoint, billing: str, client: httpx2.AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The supergraph, composed from the SDL of the running subgraphs."""
    sdls = {}
    for name, url in (("trendgate", gateway_endpoint.url), ("billing", billing)):
        answer = await Endpoint(url, client).execute("{ _service { sdl } }")
        sdls[name] = (url, answer["data"]["_service"]["sdl"])
    composed = (await scripts.run("compose.mjs", stdin=scripts.subgraphs(**sdls)))["guild"]
    assert composed["errors"] == []
    file = tmp_path_factory.mktemp("supergraph") / "supergraph.graphql"
    file.write_text(composed["supergraph"], encoding="utf-8")
    return file


@pytest.fixture(scope="module")
async def router(supergraph: Path, client: httpx2.AsyncClient) -> AsyncIterator[Endpoint]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = scripts.MODULES / "@graphql-hive/gateway/dist/bin.js"
    arguments = ("-c", "gateway.config.mjs", "-h", "127.0.0.1", "-p", str(port), "supergraph", str(supergraph))
    async with scripts.running(program, *arguments):
        await until_ready(client, f"http://127.0.0.1:{port}/readiness")
        yield Endpoint(f"http://127.0.0.1:{port}/graphql", client)


async def until_ready(client: httpx2.AsyncClient, url: str) -> None:
    async with asyncio.timeout(scripts.PATIENCE_S):
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


async def test_query_gets_data_of_both_subgraphs(router: Endpoint, org: Organization) -> None:
    answer = await router.execute(QUERY_OF_BOTH, key=org.admin.key, id=org.id)
    price = 10.0 * int(org.id)
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


async def test_project_reference_of_the_other_subgraph_is_resolved(router: Endpoint, org: Organization) -> None:
    answer = await router.execute("{ dearestProject { id plan name } }", key=org.admin.key)
    assert answer == {"data": {"dearestProject": {"id": org.id, "plan": "PRO", "name": "federated"}}}


async def test_router_forwards_a_mutation(router: Endpoint, org: Organization) -> None:
    document = """mutation($id: ID!) { insightCreate(input: {
        projectId: $id, name: "routed", query: {events: [{event: "sign up"}]}}) { name projectId } }"""
    answer = await router.execute(document, key=org.admin.key, id=org.id)
    assert answer == {"data": {"insightCreate": {"name": "routed", "projectId": org.id}}}


async def test_request_without_key_that_the_router_lets_through_is_rejected(
    router: Endpoint, org: Organization
) -> None:
    answer = await router.execute(QUERY_OF_BOTH, id=org.id)
    assert answer["data"] is None
    assert errors_of(answer)["project",]["code"] == "UNAUTHENTICATED"


async def test_request_without_scope_that_the_router_lets_through_is_rejected(
    router: Endpoint, org: Organization
) -> None:
    plain = await org.person("plain", "project:read")
    answer = await router.execute(
        "query($id: ID!) { project(id: $id) { plan insights { totalCount } } }", key=plain.key, id=org.id
    )
    error = errors_of(answer)["project", "insights"]
    assert (error["code"], error["missingScope"]) == ("FORBIDDEN", "insight:read")


async def test_references_are_resolved_with_the_callers_rights(router: Endpoint, gateway: Gateway) -> None:
    outsider = (await seed_organization(gateway, "another organization")).admin
    answer = await router.execute("{ dearestProject { plan name } }", key=outsider.key)
    assert "federated" not in str(answer)
    assert errors_of(answer)["dearestProject", "name"]["code"] == "NOT_FOUND"
    answer = await router.execute("{ dearestProject { plan name } }")
    assert errors_of(answer)["dearestProject", "name"]["code"] == "UNAUTHENTICATED"
