"""On whose behalf ClickHouse is asked."""

from contextvars import ContextVar
from typing import Final

ORIGIN: Final[ContextVar[str]] = ContextVar("origin", default="trendgate")
"""What becomes the `log_comment` of the queries of a server."""

KEY_ID: Final[ContextVar[str | None]] = ContextVar("key_id", default=None)
"""The API key whose share of the queries at once is used; None: the gateway works on its own account."""
