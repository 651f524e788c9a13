"""What every cache offers: bytes under a key, for a limited time."""

from typing import Protocol


class Cache(Protocol):
    """Bytes under a key. Reading and writing never raise: what cannot be read is a miss."""

    async def read(self, key: str, *, renew_ttl_s: float | None = None) -> bytes | None:
        """Return the value, or None for a miss; `renew_ttl_s` restarts the value's time to live, in seconds."""
        ...

    async def write(self, key: str, value: bytes, ttl_s: float) -> None:
        """Store the value for `ttl_s` seconds, if there is room."""
        ...

    async def close(self) -> None:
        """Release memory and connections; the cache is not used afterwards."""
        ...
