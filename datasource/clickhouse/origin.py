"""On whose behalf ClickHouse is asked, for its own log of queries."""

from contextvars import ContextVar
from typing import Final

ORIGIN: Final[ContextVar[str]] = ContextVar("origin", default="trendgate")
"""What becomes the `log_comment` of the queries of a server."""
