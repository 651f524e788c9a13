"""The API key as a text: how it is made, hashed, masked and read from a header."""

import hashlib
import re
import secrets
import string

from errors import ErrorCode, GatewayError

PREFIX = "phx_"
RANDOM_BYTES = 35
DIGITS = string.digits + string.ascii_letters
SHORTEST_MASKABLE = 12

SEND_HINT = "Send the header 'Authorization: Bearer phx_...' with an API key of yours."
BEARER = re.compile(r"bearer[ \t]+(\S+)", re.IGNORECASE)


def generate_key() -> str:
    return PREFIX + base62(secrets.token_bytes(RANDOM_BYTES))


def base62(data: bytes) -> str:
    """The bytes as one big-endian number."""
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits)) or DIGITS[0]


def hash_key(key: str) -> str:
    """What the store keeps. Unsalted and fast will do: the key is 280 random bits, beyond any guessing."""
    return "sha256$" + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def mask_key(key: str) -> str:
    """Enough to tell one's keys apart; of a text so short that the rest could be guessed, nothing."""
    if len(key) < SHORTEST_MASKABLE or not key.isprintable():
        return "..."
    return f"{key[:4]}...{key[-4:]}"


def parse_authorization(header: str | None) -> str:
    """The key in an Authorization header; anything else raises UNAUTHENTICATED, saying what is expected."""
    if header is None or not header.strip():
        raise GatewayError(ErrorCode.UNAUTHENTICATED, "No API key was sent.", hint=SEND_HINT)
    match = BEARER.fullmatch(header.strip())
    if match is None:
        raise GatewayError(
            ErrorCode.UNAUTHENTICATED,
            "The Authorization header must be the word Bearer and one API key.",
            hint=SEND_HINT,
        )
    return match[1]
