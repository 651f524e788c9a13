"""Encrypted tokens that only the gateway can create, read or change."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet, InvalidToken

from errors import ErrorCode, GatewayError

_PROCESS_SECRET = secrets.token_bytes(32)


def sealing_key(secret: str | None, *, purpose: str) -> bytes:
    """Derive the key for one purpose from the secret or, without one, from a secret of this process."""
    material = _PROCESS_SECRET if secret is None else secret.encode()
    return base64.urlsafe_b64encode(hmac.digest(material, purpose.encode(), hashlib.sha256))


def seal(content: bytes, key: bytes) -> str:
    """Encrypt and sign the content. The token is safe for URLs and shows only when it was made, and its size."""
    return Fernet(key).encrypt(content).rstrip(b"=").decode()


def unseal(token: str, key: bytes) -> bytes:
    """Return the content of a token sealed with the key; raises FORBIDDEN for any other string."""
    try:
        padded = token.encode() + b"=" * (-len(token) % 4)
        # Decoders ignore what does not belong to the alphabet; a token has one spelling.
        if base64.urlsafe_b64encode(base64.urlsafe_b64decode(padded)).rstrip(b"=") == token.encode():
            return Fernet(key).decrypt(padded)
    except (InvalidToken, ValueError):  # ValueError: not base64
        pass
    raise GatewayError(ErrorCode.FORBIDDEN, "Invalid link.", hint="Request a new one.")
