"""On whose behalf ClickHouse is asked, and what that has cost so far."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final


@dataclass(slots=True)
class RequestInfo:
    """A request. Its figures grow while its queries, which may run at the same time, end."""

    request_id: str
    queries: int = 0
    rows_read: int = 0
    bytes_read: int = 0
    query_ids: list[str] = field(default_factory=list)
    """The names of its queries on a server; the embedded ClickHouse names none."""


REQUEST: Final[ContextVar[RequestInfo | None]] = ContextVar("origin", default=None)

KEY_ID: Final[ContextVar[str | None]] = ContextVar("key_id", default=None)
"""The API key whose share of the queries at once is used; None: the gateway works on its own account."""


def log_comment() -> str:
    """What becomes the `log_comment` of the queries of a server."""
    origin = REQUEST.get()
    return "trendgate" if origin is None else f"trendgate {origin.request_id}"
