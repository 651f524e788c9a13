import gzip

import pytest

from tests.support.gateway import Gateway

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]
)
async def test_other_content_types_are_rejected(gateway: Gateway, content_type: str) -> None:
    response = await gateway.client.post(
        "/graphql", content=b'{"query": "{__typename}"}', headers={"content-type": content_type}
    )
    assert response.status_code == 415


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=UTF-8", 200),
        ('Application/JSON;charset="utf-8"', 200),
        ("application/json; charset=latin-1", 415),
        ("application/json; charset=utf-16", 415),
    ],
)
async def test_charset_must_be_utf_8(gateway: Gateway, content_type: str, status: int) -> None:
    response = await gateway.client.post(
        "/graphql", content=b'{"query": "{__typename}"}', headers={"content-type": content_type}
    )
    assert response.status_code == status


@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP", "identity, gzip"])
async def test_compressed_body_is_rejected(gateway: Gateway, encoding: str) -> None:
    body = gzip.compress(b'{"query": "{__typename}"}')
    response = await gateway.client.post("/graphql", content=body, headers={**JSON, "content-encoding": encoding})
    assert response.status_code == 415
    assert response.headers["accept-encoding"] == "identity"
    assert "compressed" in response.json()["errors"][0]["message"]
