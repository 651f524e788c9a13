"""Texts that the gateway gives out and takes back: signed, so that nobody else can make or change one."""

import base64
import binascii
import hashlib
import hmac
import secrets

from errors import ErrorCode, GatewayError

_OF_THIS_PROCESS = secrets.token_bytes(32)


def signing_key(secret: str | None, *, purpose: str) -> bytes:
    """The key for texts of one purpose: of the secret or, without one, of this process alone."""
    material = _OF_THIS_PROCESS if secret is None else secret.encode()
    return hmac.digest(material, purpose.encode(), hashlib.sha256)


def sign(content: bytes, key: bytes) -> str:
    """The content and its signature, fit for an address. It can be read by whoever holds it."""
    body = _write(content)
    return f"{body}.{_write(_signature(body, key))}"


def verify(token: str, key: bytes) -> bytes:
    """The content of a token that was signed with the key; FORBIDDEN for every other text."""
    body, _, sent = token.partition(".")
    try:
        is_ours = hmac.compare_digest(_write(_signature(body, key)), sent)
        if is_ours:
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError, TypeError):  # TypeError: what is compared holds more than ASCII
        pass
    raise GatewayError(
        ErrorCode.FORBIDDEN, "The link is none that this gateway gave out.", hint="Ask for a new one."
    )


def _signature(body: str, key: bytes) -> bytes:
    return hmac.digest(key, body.encode(), hashlib.sha256)


def _write(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
