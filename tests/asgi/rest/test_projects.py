"""The list of projects that a key can access."""

from typing import Any

import pytest

from datasource.metadata.projects import create_project
from datasource.metadata.records import WeekStartDay
from tests.asgi.rest.trends import RestClient
from tests.support.api_keys import make_key
from tests.support.gateway import Gateway, open_gateway
from tests.support.seeds.organization import Organization, Person


async def fetch(person: Person, address: str = "/api/projects/") -> Any:
    headers = {"authorization": f"Bearer {person.key}"}
    response = await person.gateway.client.get(address, headers=headers)
    assert response.status_code == 200, response.text
    return response.json()


async def test_next_and_previous_lead_through_all_pages(org: Organization) -> None:
    names = ["b", "c", "d", "e"]
    for name in names:
        await create_project(org.store, organization_id=org.organization_id, name=name)
    page = await fetch(org.creator, "/api/projects?limit=2")
    assert (page["count"], page["previous"]) == (5, None)
    assert page["results"][0] == {
        "id": org.project.id,
        "name": org.project.name,
        "organization": org.organization_id,
        "timezone": "America/New_York",
        "week_start_day": 0,
    }
    found = [each["name"] for each in page["results"]]
    while page["next"]:
        page = await fetch(org.creator, page["next"])
        found += [each["name"] for each in page["results"]]
    assert found == [org.project.name, *names]
    assert [each["name"] for each in (await fetch(org.creator, page["previous"]))["results"]] == ["c", "d"]


async def test_first_day_of_the_week_is_its_number_from_sunday(org: Organization) -> None:
    for day in WeekStartDay:
        await create_project(org.store, organization_id=org.organization_id, name=day, week_start_day=day)
    page = await fetch(org.creator, "/api/projects")
    assert [each["week_start_day"] for each in page["results"][1:]] == [0, 1, 2, 3, 4, 5, 6]
    assert [each["name"] for each in page["results"][1:4]] == ["SUNDAY", "MONDAY", "TUESDAY"]


async def test_key_restricted_to_a_project_lists_that_project(org: Organization) -> None:
    other = await create_project(org.store, organization_id=org.organization_id, name="b")
    for project in (org.project, other):
        key = await make_key(org.store, org.creator.member, ["project:read"], projects=[project.id])
        headers = {"authorization": f"Bearer {key}"}
        response = await org.gateway.client.get("/api/projects/", headers=headers)
        assert response.status_code == 200
        assert [each["id"] for each in response.json()["results"]] == [project.id]
        answer = await org.gateway.ask("{ projects { totalCount edges { node { id } } } }", key=key)
        assert answer.data["projects"] == {"totalCount": 1, "edges": [{"node": {"id": str(project.id)}}]}


async def test_addresses_of_pages_do_not_come_from_the_host(org: Organization) -> None:
    await create_project(org.store, organization_id=org.organization_id, name="b")
    headers = {"authorization": f"Bearer {org.creator.key}", "host": "attacker.example.com"}
    path = "/api/projects/?limit=1&offset=0"
    response = await org.gateway.client.get(path, headers=headers)
    assert response.json()["next"] == "/api/projects/?limit=1&offset=1"
    settings = org.gateway.settings.model_copy(update={"public_url": "https://trends.example.com"})
    async with open_gateway(org.gateway.stores, settings) as configured:
        response = await configured.client.get(path, headers=headers)
    assert response.json()["next"] == "https://trends.example.com/api/projects/?limit=1&offset=1"


async def test_hidden_projects_are_neither_listed_nor_counted(org: Organization) -> None:
    other = await create_project(org.store, organization_id=org.organization_id, name="other")
    await org.give("none", "project", project=other)
    assert (await fetch(org.creator))["count"] == 1
    assert (await fetch(org.admin))["count"] == 2


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "offset=-1", "page=2", "format=csv"])
async def test_invalid_parameters_are_rejected(org: Organization, query: str) -> None:
    headers = {"authorization": f"Bearer {org.creator.key}"}
    response = await org.gateway.client.get(f"/api/projects/?{query}", headers=headers)
    assert (response.status_code, response.json()["attr"]) == (400, query.partition("=")[0])


async def test_scope_is_required(gateway: Gateway, client: RestClient) -> None:
    response = await gateway.client.get("/api/projects/", headers=client.headers)
    assert response.status_code == 403
    assert response.json()["extensions"]["missingScope"] == "project:read"
    assert (await gateway.client.get("/api/projects/")).status_code == 401
