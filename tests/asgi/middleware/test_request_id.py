import re

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from asgi.middleware.request_id import RequestFrame
from tests.support.gateway import Gateway


async def test_request_id_of_the_client_is_echoed(gateway: Gateway) -> None:
    response = await gateway.client.get("/healthz", headers={"x-request-id": "trace-1.A_b"})
    assert response.headers["x-request-id"] == "trace-1.A_b"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 129, "<script>", "a;b"])
async def test_request_id_that_could_do_harm_is_replaced(gateway: Gateway, sent: str) -> None:
    response = await gateway.client.get("/healthz", headers={"x-request-id": sent})
    assert re.fullmatch(r"[0-9a-f]{32}", response.headers["x-request-id"])


async def test_failure_outside_graphql_is_masked_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(_: Request) -> Response:
        raise RuntimeError("a secret detail")

    app = Starlette(routes=[Route("/", fail)], middleware=[Middleware(RequestFrame)])
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://gateway") as client:
        response = await client.get("/")
    assert response.status_code == 500
    [error] = response.json()["errors"]
    assert error["message"] == "Internal error"
    assert "secret" not in response.text
    assert error["extensions"]["errorId"] in caplog.text
    assert "a secret detail" in caplog.text


async def test_unknown_address_answers_a_small_document(gateway: Gateway) -> None:
    response = await gateway.client.get("/nope")
    assert response.status_code == 404
    assert response.json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert "server" not in response.headers
