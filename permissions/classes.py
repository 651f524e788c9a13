"""Permission classes for the schema, and the same checks for places that are no fields."""

from collections.abc import Sequence
from typing import Any, Protocol

import strawberry
from strawberry.permission import BasePermission

from errors import ErrorCode, GatewayError
from permissions.api_keys import SEND_HINT
from permissions.caller import Caller
from permissions.scopes import SCOPES, missing_scopes, scopes_meeting


class CallerContext(Protocol):
    """What a permission reads from `info.context`: a caller, or why there is none."""

    @property
    def caller(self) -> Caller | None: ...
    @property
    def authentication_error(self) -> GatewayError | None: ...


def require_caller(context: CallerContext) -> Caller:
    """Raises UNAUTHENTICATED, with the reason found when the request came in, if there is no caller."""
    # A context of another kind, or one that was never filled, is a request without a caller: nothing is open.
    caller = getattr(context, "caller", None)
    if isinstance(caller, Caller):
        return caller
    error = getattr(context, "authentication_error", None)
    if isinstance(error, GatewayError):
        raise error
    raise GatewayError(ErrorCode.UNAUTHENTICATED, "No API key was sent.", hint=SEND_HINT)


def require_scopes(context: CallerContext, *scopes: str) -> Caller:
    """The same check for what is no guarded field, such as entities a router resolves by reference."""
    caller = require_caller(context)
    missing = missing_scopes(caller.scopes, scopes)
    if missing:
        raise _forbidden(missing)
    return caller


def _forbidden(missing: Sequence[str]) -> GatewayError:
    first = missing[0]
    return GatewayError(
        ErrorCode.FORBIDDEN,
        f"The API key lacks the scope {' and the scope '.join(missing)}.",
        hint=f"Give the key the scope {', or '.join(scopes_meeting(first))}.",
        details={"missingScope": first, "missingScopes": list(missing)},
    )


class IsAuthenticated(BasePermission):
    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_caller(info.context)
        return True


class RequiresScopes(BasePermission):
    """All of the scopes are needed."""

    def __init__(self, *scopes: str) -> None:
        self.scopes = _declared(scopes)

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:  # noqa: ARG002 - Strawberry's signature
        require_scopes(info.context, *self.scopes)
        return True


def _declared(scopes: tuple[str, ...]) -> tuple[str, ...]:
    """A mistake in a declaration must stop the start, not open or lock a field."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise ValueError(f"a guarded field needs known scopes, not {list(scopes)}")
    return scopes
