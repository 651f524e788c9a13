"""Tokens that only the gateway can create, read or change."""

import base64

import pytest

from errors import ErrorCode, GatewayError
from permissions.sealing import seal, sealing_key, unseal

KEY = sealing_key("s" * 32, purpose="test")
CONTENT = b'{"email": "ada@example.com"}'


def test_content_comes_back() -> None:
    assert unseal(seal(CONTENT, KEY), KEY) == CONTENT


def test_token_is_safe_for_addresses_and_shows_nothing_of_its_content() -> None:
    token = seal(CONTENT, KEY)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert b"ada" not in base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert token != seal(CONTENT, KEY)


@pytest.mark.parametrize(("secret", "purpose"), [("s" * 32, "another"), ("o" * 32, "test"), (None, "test")])
def test_another_secret_or_purpose_cannot_read_it(secret: str | None, purpose: str) -> None:
    with pytest.raises(GatewayError) as raised:
        unseal(seal(CONTENT, KEY), sealing_key(secret, purpose=purpose))
    assert raised.value.code is ErrorCode.FORBIDDEN


def test_every_change_is_noticed() -> None:
    token = seal(CONTENT, KEY)
    changed = [f"{token[:at]}{'A' if token[at] != 'A' else 'B'}{token[at + 1 :]}" for at in range(len(token))]
    changed += ["", "x", "é", f"{token}A", f"{token}=", f"{token}.", f"{token[:9]}.{token[9:]}", token[:-1]]
    for each in changed:
        with pytest.raises(GatewayError):
            unseal(each, KEY)
