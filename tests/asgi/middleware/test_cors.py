"""Cross-origin requests: which origins are allowed, and what browsers let them send and read."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from pydantic import ValidationError

from asgi.middleware.cors import MAX_AGE_S
from settings import Settings
from tests.support.gateway import Gateway, open_gateway

APP = "https://app.example.com"
LOCAL = "http://localhost:3000"
PREFLIGHT = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type,traceparent,apollo-require-preflight",
}
QUERY = {"query": "{ __typename }"}


@pytest.fixture
async def opened(gateway: Gateway) -> AsyncIterator[Gateway]:
    settings = gateway.settings.model_copy(update={"cors_origins": (APP, LOCAL), "max_request_bytes": 500})
    async with open_gateway(gateway.stores, settings) as opened:
        yield opened


async def preflight(gateway: Gateway, origin: str, **headers: str) -> httpx2.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.client.options("/graphql", headers={"origin": origin, **PREFLIGHT, **given})


@pytest.mark.parametrize("origin", [APP, LOCAL])
async def test_preflight_of_an_allowed_origin_succeeds(opened: Gateway, origin: str) -> None:
    response = await preflight(opened, origin)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == origin
    assert response.headers["access-control-allow-methods"] == "GET, POST"
    assert response.headers["access-control-max-age"] == str(MAX_AGE_S)
    allowed = response.headers["access-control-allow-headers"].lower().split(", ")
    assert set(PREFLIGHT["access-control-request-headers"].split(",")) <= set(allowed)
    assert "access-control-allow-credentials" not in response.headers
    assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example.com",
        "https://app.example.com.evil.example",
        "https://app.example.com:8443",
        "null",
    ],
)
async def test_preflight_of_another_origin_is_rejected(opened: Gateway, origin: str) -> None:
    response = await preflight(opened, origin)
    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize(
    ("name", "value"),
    [("access_control_request_method", "DELETE"), ("access_control_request_headers", "x-secret")],
)
async def test_preflight_for_other_methods_and_headers_is_rejected(opened: Gateway, name: str, value: str) -> None:
    assert (await preflight(opened, APP, **{name: value})).status_code == 400


async def test_response_can_be_read_by_allowed_origins_only(opened: Gateway) -> None:
    response = await opened.client.post("/graphql", json=QUERY, headers={"origin": APP})
    assert response.json() == {"data": {"__typename": "Query"}}
    assert response.headers["access-control-allow-origin"] == APP
    assert response.headers["access-control-expose-headers"] == "x-request-id, retry-after"
    assert "access-control-allow-credentials" not in response.headers
    for headers in ({"origin": "https://evil.example"}, {}):
        response = await opened.client.post("/graphql", json=QUERY, headers=headers)
        assert response.status_code == 200
        assert "access-control-allow-origin" not in response.headers
        assert "Origin" in response.headers["vary"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/graphql", b"{", 400),
        ("/graphql", b" " * 501, 413),
        ("/nope", b"{}", 404),
        ("/graphql?key=a", b"{}", 400),
    ],
)
async def test_errors_can_be_read_too(opened: Gateway, path: str, body: bytes, status: int) -> None:
    headers = {"origin": APP, "content-type": "application/json"}
    response = await opened.client.post(path, content=body, headers=headers)
    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == APP
    assert response.json()["errors"]


async def test_wildcard_allows_any_origin_without_credentials(gateway: Gateway) -> None:
    settings = gateway.settings.model_copy(update={"cors_origins": ("*",)})
    async with open_gateway(gateway.stores, settings) as opened:
        responses = [
            await preflight(opened, "https://evil.example"),
            await opened.client.post("/graphql", json=QUERY, headers={"origin": APP, "cookie": "a=b"}),
        ]
    for response in responses:
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers


async def test_other_origins_are_rejected_by_default(gateway: Gateway) -> None:
    assert (await preflight(gateway, APP)).status_code == 405
    response = await gateway.client.post("/graphql", json=QUERY, headers={"origin": APP})
    assert not any(name.startswith("access-control") for name in response.headers)


def test_setting_is_a_comma_separated_list(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDGATE_CORS_ORIGINS", f" {APP},{LOCAL} ,http://[::1]:3000,")
    assert Settings().cors_origins == (APP, LOCAL, "http://[::1]:3000")
    monkeypatch.setenv("TRENDGATE_CORS_ORIGINS", "*")
    assert Settings().cors_origins == ("*",)


@pytest.mark.parametrize(
    "origin",
    [
        "app.example.com",
        "https://app.example.com/",
        "https://App.example.com",
        "https://*.example.com",
        "null",
        "ftp://a",
    ],
)
def test_setting_rejects_what_no_browser_sends_as_origin(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRENDGATE_CORS_ORIGINS", f"{APP},{origin}")
    with pytest.raises(ValidationError, match="is not an origin"):
        Settings()
