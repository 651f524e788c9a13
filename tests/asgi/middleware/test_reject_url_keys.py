import pytest

from tests.support.gateway import Gateway


@pytest.mark.parametrize(
    "address",
    ["?api_key=a", "?personal_api_key=a", "?token=a", "?access_token=a", "?apiKey=a", "?API-KEY=a", "?x=phx_abc"],
)
async def test_key_in_the_address_is_refused_with_a_hint(gateway: Gateway, address: str) -> None:
    response = await gateway.client.post(f"/graphql{address}", json={"query": "{ __typename }"})
    assert response.status_code == 400
    [error] = response.json()["errors"]
    assert error["message"] == "The address carries an API key."
    assert "Authorization: Bearer" in error["extensions"]["hint"]
    assert "phx_abc" not in response.text


async def test_other_parameters_are_left_alone(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql?from=dashboard", json={"query": "{ __typename }"})
    assert response.status_code == 200
