"""The list of projects that a key can access."""

from typing import Any

import pytest

from datasource.metadata.projects import create_project
from tests.asgi.rest.trends import RestClient
from tests.support.gateway import Gateway
from tests.support.seeds.access_over_http import Person, World


async def fetch(person: Person, address: str = "/api/projects/") -> Any:
    headers = {"authorization": f"Bearer {person.key}"}
    response = await person.gateway.client.get(address, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_next_and_previous_lead_through_all_pages(world: World) -> None:
    names = ["b", "c", "d", "e"]
    for name in names:
        await create_project(world.store, organization_id=world.organization_id, name=name)
    page = await fetch(world.creator, "/api/projects?limit=2")
    assert (page["count"], page["previous"]) == (5, None)
    assert page["results"][0] == {
        "id": world.project.id,
        "name": world.project.name,
        "organization": world.organization_id,
        "timezone": "America/New_York",
        "week_start_day": 0,
    }
    found = [each["name"] for each in page["results"]]
    while page["next"]:
        page = await fetch(world.creator, page["next"])
        found += [each["name"] for each in page["results"]]
    assert found == [world.project.name, *names]
    assert [each["name"] for each in (await fetch(world.creator, page["previous"]))["results"]] == ["c", "d"]


async def test_hidden_projects_are_neither_listed_nor_counted(world: World) -> None:
    other = await create_project(world.store, organization_id=world.organization_id, name="other")
    await world.give("none", "project", project=other)
    assert (await fetch(world.creator))["count"] == 1
    assert (await fetch(world.admin))["count"] == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "page=2", "format=csv"])
async def test_invalid_parameters_are_rejected(world: World, query: str) -> None:
    headers = {"authorization": f"Bearer {world.creator.key}"}
    response = await world.gateway.client.get(f"/api/projects/?{query}", headers=headers)
    assert (response.status_code, response.json()["attr"]) == (400, query.partition("=")[0])


async def test_scope_is_required(gateway: Gateway, client: RestClient) -> None:
    response = await gateway.client.get("/api/projects/", headers=client.headers)
    assert response.status_code == 403
    assert response.json()["extensions"]["missingScope"] == "project:read"
    assert (await gateway.client.get("/api/projects/")).status_code == 401
