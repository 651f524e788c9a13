import pytest

from tests.support.gateway import Gateway


@pytest.mark.parametrize(
    "query",
    ["?api_key=a", "?personal_api_key=a", "?token=a", "?access_token=a", "?apiKey=a", "?API-KEY=a", "?x=phx_abc"],
)
async def test_key_in_the_url_is_rejected_with_a_hint(gateway: Gateway, query: str) -> None:
    response = await gateway.client.post(f"/graphql{query}", json={"query": "{ __typename }"})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == "The URL contains an API key."
    assert "Authorization: Bearer" in error["extensions"]["hint"]
    assert "phx_abc" not in response.text


async def test_other_parameters_are_allowed(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql?from=dashboard", json={"query": "{ __typename }"})
    assert response.status_code == 200
