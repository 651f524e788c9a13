import re

import pytest

from tests.support.gateway import Gateway


async def test_request_id_of_the_client_is_returned(gateway: Gateway) -> None:
    response = await gateway.client.get("/healthz", headers={"x-request-id": "trace-1.A_b"})
    assert response.headers["x-request-id"] == "trace-1.A_b"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "<script>", "a;b"])
async def test_unsafe_request_id_is_replaced(gateway: Gateway, sent: str) -> None:
    response = await gateway.client.get("/healthz", headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])
