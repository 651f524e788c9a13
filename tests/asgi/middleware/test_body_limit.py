from collections.abc import AsyncIterator

from tests.support.gateway import Gateway


async def test_body_over_the_limit_is_rejected(gateway: Gateway) -> None:
    response = await gateway.client.post("/graphql", json={"query": " " * 1024**2})
    assert response.status_code == 413
    assert "1,048,576 bytes" in response.json()["errors"][0]["message"]


async def test_body_over_the_limit_without_a_content_length_is_rejected(gateway: Gateway) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b" " * 100_000

    response = await gateway.client.post("/graphql", content=parts(), headers={"content-type": "application/json"})
    assert response.status_code == 413
