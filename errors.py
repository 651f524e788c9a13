"""The one family of errors that a client may see; everything else is masked."""

from collections.abc import Sequence
from enum import StrEnum


class ErrorCode(StrEnum):
    """The value of `extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    BAD_USER_INPUT = "BAD_USER_INPUT"
    QUERY_TOO_EXPENSIVE = "QUERY_TOO_EXPENSIVE"
    TIMEOUT = "TIMEOUT"
    CANCELLED = "CANCELLED"
    RATE_LIMITED = "RATE_LIMITED"
    UPSTREAM_UNAVAILABLE = "UPSTREAM_UNAVAILABLE"
    NOT_AVAILABLE = "NOT_AVAILABLE"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    PERSISTED_QUERY_NOT_SUPPORTED = "PERSISTED_QUERY_NOT_SUPPORTED"
    PERSISTED_QUERY_ID_REQUIRED = "PERSISTED_QUERY_ID_REQUIRED"
    PERSISTED_QUERY_NOT_IN_LIST = "PERSISTED_QUERY_NOT_IN_LIST"
    INTERNAL = "INTERNAL"


class GatewayError(Exception):
    """An expected refusal: its message and hint are written for the client's developer.

    `details` are further members of `extensions` (for instance `missingScope`), `path` is the input that it is
    about, from the field's argument name on. Neither message nor details may hold SQL, a key, or data of another
    project.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        hint: str | None = None,
        details: dict[str, object] | None = None,
        path: Sequence[str | int] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = details or {}
        self.path = tuple(path)

    def under(self, *prefix: str | int) -> "GatewayError":
        """The same refusal, seen from an enclosing input."""
        return GatewayError(
            self.code, self.message, hint=self.hint, details=self.details, path=(*prefix, *self.path)
        )


class LimitExceeded(GatewayError):
    """More than a limit allows. `extensions` have both as numbers of one `unit`; None: not known.

    Of whatever is counted only up to the limit, `actual` is what had been counted by then.
    """

    def __init__(
        self,
        code: ErrorCode,
        message: str,
        *,
        limit: float | None,
        actual: float | None,
        unit: str,
        hint: str,
        details: dict[str, object] | None = None,
    ) -> None:
        figures = {"limit": limit, "actual": actual}
        known: dict[str, object] = {name: figure for name, figure in figures.items() if figure is not None}
        super().__init__(code, message, hint=hint, details={**known, "unit": unit, **(details or {})})


class BadUserInput(GatewayError):
    """The input at `path` cannot be used; the path starts at the field's argument name."""

    def __init__(self, message: str, *, path: Sequence[str | int] = (), hint: str | None = None) -> None:
        super().__init__(ErrorCode.BAD_USER_INPUT, message, hint=hint, path=path)

    def under(self, *prefix: str | int) -> "BadUserInput":
        """The same refusal, seen from an enclosing input."""
        return BadUserInput(self.message, path=(*prefix, *self.path), hint=self.hint)


class NotFound(GatewayError):
    """Nothing of that name exists within the caller's reach."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(ErrorCode.NOT_FOUND, message, hint=hint)


class NotAvailable(GatewayError):
    """This installation cannot do it, whoever asks and however often."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(ErrorCode.NOT_AVAILABLE, message, hint=hint)
