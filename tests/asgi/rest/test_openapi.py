"""The OpenAPI document is valid, and matches the requests and responses."""

import re
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate

from asgi.rest.parameters import IGNORED, UNSUPPORTED, TrendParameters
from tests.asgi.rest.trends import DATES, RestClient
from tests.support.gateway import Gateway
from tests.support.seeds.organization import Organization

PARAMETERS = TrendParameters.model_fields
TREND = "/api/projects/{project_id}/insights/trend/"


@pytest.fixture(scope="module")
async def document(gateway: Gateway) -> Any:
    """The document, which needs no key."""
    response = await gateway.client.get("/api/openapi.json")
    assert response.status_code == 200
    return response.json()


def test_document_is_valid(document: Any) -> None:
    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_parameter_is_described(document: Any) -> None:
    get, post = document["paths"][TREND]["get"], document["paths"][TREND]["post"]
    described = {each["name"]: each["description"] for each in get["parameters"]}
    assert set(described) == {*PARAMETERS, *IGNORED, "format"}
    assert all(described.values())
    body = post["requestBody"]["content"]["application/json"]["schema"]
    assert set(body["properties"]) == {*PARAMETERS, *IGNORED}
    assert not set(UNSUPPORTED) & set(body["properties"])


async def test_examples_of_parameters_are_accepted(document: Any, client: RestClient) -> None:
    for each in document["paths"][TREND]["get"]["parameters"]:
        example = each.get("example", each.get("content", {}).get("application/json", {}).get("example"))
        if each["name"] in PARAMETERS and each["name"] not in {"events", "actions"}:
            assert example is not None, each["name"]
            needed = {"breakdown": "n"} if each["name"].startswith("breakdown_") else {}
            if each["name"] == "breakdown_group_type_index":
                needed["breakdown_type"] = "group"
            series = [{"id": "a"}, {"id": "b"}]
            response = await client.get(events=series, **{**DATES, **needed, each["name"]: example})
            assert response.status_code == 200, (each["name"], response.text)


async def test_responses_match_their_schemas(document: Any, client: RestClient, org: Organization) -> None:
    answers: list[tuple[str, Any]] = [
        ("Trend", (await client.get(events=[{"id": None}], breakdown="plan", compare=True)).json()),
        ("Trend", (await client.get(events=[{"id": "pay"}], display="ActionsPie", formula="A")).json()),
        ("Error", (await client.get(events=[{"id": "pay", "math": "x"}])).json()),
        ("Error", (await client.gateway.client.get("/api/nothing")).json()),
    ]
    key = {"authorization": f"Bearer {org.creator.key}"}
    answers.append(("ProjectPage", (await client.gateway.client.get("/api/projects/", headers=key)).json()))
    for name, answer in answers:
        schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
        assert [error.message for error in OAS31Validator(schema).iter_errors(answer)] == []


async def test_body_example_is_accepted(document: Any, client: RestClient) -> None:
    content = document["paths"][TREND]["post"]["requestBody"]["content"]["application/json"]
    assert (await client.post(content["example"])).status_code == 200
    schema = {**content["schema"], "components": document["components"]}
    validator = OAS31Validator(schema)
    assert validator.is_valid(content["example"])
    assert not validator.is_valid({"events": [{"id": "a", "mathh": 1}]})
    assert not validator.is_valid({"date_from": "-7d"})


def test_page_names_every_parameter() -> None:
    page = (Path(__file__).parents[3] / "docs" / "rest.md").read_text()
    named = set(re.findall(r"`(\w+)`", page))
    assert {*PARAMETERS, *UNSUPPORTED, *IGNORED} - named == set()
