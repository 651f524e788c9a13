import pytest

from errors import ErrorCode, GatewayError
from permissions.classes import require_caller, require_scopes
from tests.permissions.callers import RequestContext, caller_with


def test_require_scopes_with_the_scopes_is_the_caller() -> None:
    context = caller_with("project:write", "insight:read")
    assert require_scopes(context, "project:read", "insight:read") is context.caller


def test_require_scopes_without_one_names_it() -> None:
    with pytest.raises(GatewayError, match="lacks the scope insight:write") as caught:
        require_scopes(caller_with("insight:read"), "insight:write")
    assert caught.value.code is ErrorCode.FORBIDDEN
    assert caught.value.details["missingScope"] == "insight:write"


def test_require_scopes_without_a_caller_is_unauthenticated_first() -> None:
    with pytest.raises(GatewayError) as caught:
        require_scopes(RequestContext(), "insight:write")
    assert caught.value.code is ErrorCode.UNAUTHENTICATED


def test_require_caller_gives_the_reason_found_earlier() -> None:
    reason = GatewayError(ErrorCode.UNAUTHENTICATED, "The API key phx_...0000 was revoked.")
    with pytest.raises(GatewayError) as caught:
        require_caller(RequestContext(authentication_error=reason))
    assert caught.value is reason
