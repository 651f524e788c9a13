"""Signed tokens that the gateway issues and verifies, so that no one else can create or change one."""

import base64
import binascii
import hashlib
import hmac
import secrets

from errors import ErrorCode, GatewayError

_PROCESS_SECRET = secrets.token_bytes(32)


def signing_key(secret: str | None, *, purpose: str) -> bytes:
    """Derive the key for one purpose from the secret or, without one, from a secret of this process."""
    material = _PROCESS_SECRET if secret is None else secret.encode()
    return hmac.digest(material, purpose.encode(), hashlib.sha256)


def sign(content: bytes, key: bytes) -> str:
    """Return the content with its signature, safe for URLs. The content is readable, not encrypted."""
    body = _encode(content)
    return f"{body}.{_encode(_signature(body, key))}"


def verify(token: str, key: bytes) -> bytes:
    """Return the content of a token signed with the key; raises FORBIDDEN for any other string."""
    body, _, signature = token.partition(".")
    try:
        if hmac.compare_digest(_encode(_signature(body, key)), signature):
            return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError, TypeError):  # TypeError: the signature is not ASCII
        pass
    raise GatewayError(ErrorCode.FORBIDDEN, "Invalid link.", hint="Request a new one.")


def _signature(body: str, key: bytes) -> bytes:
    return hmac.digest(key, body.encode(), hashlib.sha256)


def _encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
