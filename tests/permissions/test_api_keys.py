import hashlib
import re

import pytest

from errors import ErrorCode, GatewayError
from permissions.api_keys import base62, generate_key, hash_key, mask_key, parse_authorization

KEY = "phx_0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJ"


def test_hash_of_a_known_key_is_the_known_value() -> None:
    value = hash_key("test_key_12345")
    assert re.fullmatch(r"sha256\$45af89b5[0-9a-f]{52}4059", value)
    assert value == "sha256$" + hashlib.sha256(b"test_key_12345").hexdigest()


@pytest.mark.parametrize("key", ["\xe4\xff", "\udcff", "\0", "ключ"])
def test_any_string_can_be_hashed(key: str) -> None:
    assert re.fullmatch(r"sha256\$[0-9a-f]{64}", hash_key(key))


def test_generated_key_is_a_prefix_and_35_bytes_in_base_62() -> None:
    digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
    keys = [generate_key() for _ in range(500)]
    numbers = []
    for key in keys:
        assert re.fullmatch(r"phx_[0-9A-Za-z]{40,48}", key)
        number = 0
        for digit in key.removeprefix("phx_"):
            number = number * 62 + digits.index(digit)
        numbers.append(number)
    assert len(set(keys)) == 500
    assert max(numbers) < 2 ** (35 * 8)
    # Of 500 numbers of 280 random bits the greatest is above half of the range but for one chance in 2 ** 500.
    assert max(numbers) > 2 ** (35 * 8 - 1)


@pytest.mark.parametrize(
    ("data", "digits"),
    [(b"\x00", "0"), (b"\x3d", "Z"), (b"\x3e", "10"), (b"\x00\xff", "47"), (b"\xff" * 35, 48)],
)
def test_base62_is_the_big_endian_number(data: bytes, digits: str | int) -> None:
    assert base62(data) == digits if isinstance(digits, str) else len(base62(data)) == digits


@pytest.mark.parametrize(
    ("key", "mask"),
    [
        (KEY, "phx_...GHIJ"),
        ("test_key_12345", "test...2345"),
        ("phx_1234abcd", "phx_...abcd"),
        ("phx_123abcd", "..."),
        ("short", "..."),
        ("", "..."),
        ("phx_\n0123456789", "..."),
    ],
)
def test_mask_shows_both_ends_of_a_long_key(key: str, mask: str) -> None:
    assert mask_key(key) == mask


@pytest.mark.parametrize(
    "header",
    [f"Bearer {KEY}", f"bearer {KEY}", f"BEARER {KEY}", f"  Bearer    {KEY}  ", f"Bearer\t{KEY}\t"],
)
def test_authorization_may_have_extra_whitespace_and_any_case(header: str) -> None:
    assert parse_authorization(header) == KEY


@pytest.mark.parametrize("header", [None, "", "   "])
def test_missing_authorization_is_reported(header: str | None) -> None:
    with pytest.raises(GatewayError, match="No API key was sent") as caught:
        parse_authorization(header)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert "Authorization: Bearer phx_" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "header",
    [
        KEY,
        "Bearer",
        "Bearer ",
        f"Bearer{KEY}",
        f"Basic {KEY}",
        f"Token {KEY}",
        f"Bearer {KEY} {KEY}",
        f"Bearer {KEY}, Bearer {KEY}",
        f"Bearer: {KEY}",
    ],
)
def test_malformed_authorization_is_rejected_with_the_expected_form(header: str) -> None:
    with pytest.raises(GatewayError, match="must consist of 'Bearer' and an API key") as caught:
        parse_authorization(header)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    assert KEY[4:] not in f"{caught.value.message} {caught.value.hint} {caught.value.details}"
