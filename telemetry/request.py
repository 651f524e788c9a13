"""The request at hand, and reports of its operations and ClickHouse statements."""

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Final

OK: Final = "OK"
UNKNOWN: Final = "unknown"


@dataclass(slots=True)
class RequestInfo:
    """A request and what it has cost so far. Its statements, which may run concurrently, add to it as they end."""

    request_id: str
    queries: int = 0
    rows_read: int = 0
    bytes_read: int = 0
    query_ids: list[str] = field(default_factory=list)
    """Ids of its queries on a server; the embedded ClickHouse assigns none."""


REQUEST: Final[ContextVar[RequestInfo | None]] = ContextVar("request", default=None)
KEY_ID: Final[ContextVar[str | None]] = ContextVar("key_id", default=None)
"""The API key whose share of concurrent queries is used; None for the gateway's own work."""


@dataclass(slots=True)
class Operation:
    """The GraphQL operation of a request, filled in once its document is parsed; `kind` as in OperationReport."""

    kind: str = UNKNOWN
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OperationReport:
    """How a GraphQL operation ended.

    `kind` is query, mutation or subscription, or UNKNOWN if the document could not be parsed. `name` is the
    client's own and untrusted. `codes` has one error code per error in the response.
    """

    kind: str
    name: str | None
    codes: tuple[str, ...]
    seconds: float
    queries: int = 0
    rows_read: int = 0
    query_ids: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """OK, or the code of the first error."""
        return self.codes[0] if self.codes else OK


@dataclass(frozen=True, slots=True)
class QueryReport:
    """How a ClickHouse statement ended: OK or an error code. `seconds` include the wait for a connection."""

    kind: str
    outcome: str
    seconds: float
    rows_read: int = 0
    bytes_read: int = 0


def no_op(report: OperationReport) -> None:
    """Discard the report."""
