"""API keys as strings: generating, hashing, masking, and parsing the Authorization header."""

import hashlib
import re
import secrets
import string

from errors import ErrorCode, GatewayError

PREFIX = "phx_"
RANDOM_BYTES = 35
DIGITS = string.digits + string.ascii_letters
SHORTEST_MASKABLE = 12

SEND_HINT = "Send your API key in the header 'Authorization: Bearer phx_...'."
BEARER = re.compile(r"bearer[ \t]+(\S+)", re.IGNORECASE)


def generate_key() -> str:
    return PREFIX + base62(secrets.token_bytes(RANDOM_BYTES))


def base62(data: bytes) -> str:
    """Write the bytes as one big-endian number."""
    number = int.from_bytes(data, "big")
    digits = []
    while number:
        number, digit = divmod(number, len(DIGITS))
        digits.append(DIGITS[digit])
    return "".join(reversed(digits)) or DIGITS[0]


def hash_key(key: str) -> str:
    """Return the hash under which the store keeps the key."""
    # Neither salted nor slow, since 280 random bits cannot be guessed.
    return "sha256$" + hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def mask_key(key: str) -> str:
    """Return the ends of the key, enough to tell keys apart."""
    # Of a string this short, the rest could be guessed.
    if len(key) < SHORTEST_MASKABLE or not key.isprintable():
        return "..."
    return f"{key[:4]}...{key[-4:]}"


def parse_authorization(header: str | None) -> str:
    """Return the key in an Authorization header; raises UNAUTHENTICATED if there is none."""
    if header is None or not header.strip():
        raise GatewayError(ErrorCode.UNAUTHENTICATED, "No API key was sent.", hint=SEND_HINT)
    match = BEARER.fullmatch(header.strip())
    if match is None:
        raise GatewayError(
            ErrorCode.UNAUTHENTICATED,
            "The Authorization header must consist of 'Bearer' and an API key.",
            hint=SEND_HINT,
        )
    return match[1]
