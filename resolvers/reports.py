"""What is told of an operation once it has ended."""

from dataclasses import dataclass
from typing import Final

OK: Final = "OK"
UNKNOWN: Final = "unknown"


@dataclass(slots=True)
class Operation:
    """What a request asks for, once its document has been read; `kind` as in OperationReport."""

    kind: str = UNKNOWN
    name: str | None = None


@dataclass(frozen=True, slots=True)
class OperationReport:
    """`kind` is query, mutation or subscription, or UNKNOWN for a document that could not be read.

    `codes` holds one error code for each error of the answer. `name` is the client's own, to be trusted for
    nothing.
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


def forget(report: OperationReport) -> None:
    """Tells nobody."""
