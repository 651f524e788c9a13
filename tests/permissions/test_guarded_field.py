import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError
from strawberry.extensions import FieldExtension
from strawberry.extensions.field_extension import AsyncExtensionResolver
from strawberry.types.execution import PreExecutionError

from errors import ErrorCode, GatewayError
from permissions.guarded_field import authenticated_field, guarded_field, unguarded_fields
from tests.permissions.callers import RequestContext, caller_with

ran: list[str] = []


@pytest.fixture(autouse=True)
def _fresh(caplog: pytest.LogCaptureFixture) -> None:
    # Strawberry logs every error with its traceback.
    caplog.set_level(logging.CRITICAL, logger="strawberry.execution")
    ran.clear()


class Recorder(FieldExtension):
    async def resolve_async(
        self, next_: AsyncExtensionResolver, source: Any, info: strawberry.Info, **kwargs: Any
    ) -> Any:
        ran.append("extension")
        return await next_(source, info, **kwargs)


async def resolve_outside() -> str:
    ran.append("outside")
    return "outside"


@strawberry.type
class Query:
    @guarded_field(scopes=["insight:read"], extensions=[Recorder()], description="Runs a trend.")
    async def trend(self) -> str:
        ran.append("trend")
        return "trend"

    @guarded_field(scopes=["insight:write", "project:read"])
    def both(self, times: int = 1) -> str:
        ran.append("both")
        return "both" * times

    @authenticated_field()
    def viewer(self) -> str:
        ran.append("viewer")
        return "viewer"

    outside: str = guarded_field(scopes=["query:read"], resolver=resolve_outside)


@strawberry.type
class Subscription:
    @guarded_field(scopes=["insight:read"], is_subscription=True)
    async def ticks(self) -> AsyncIterator[int]:
        ran.append("ticks")
        yield 1
        yield 2


@strawberry.type
class Open:
    @authenticated_field()
    def closed(self) -> str:
        return "closed"

    @strawberry.field
    def open(self) -> str:
        return "open"

    plain: str


SCHEMA = strawberry.federation.Schema(query=Query, subscription=Subscription, federation_version="2.9")


def _refusal(errors: list[GraphQLError] | None) -> GatewayError:
    assert errors is not None
    assert len(errors) == 1
    assert isinstance(errors[0].original_error, GatewayError)
    return errors[0].original_error


async def _ask(query: str, context: object) -> GatewayError | dict[str, Any]:
    result = await SCHEMA.execute(query, context_value=context)
    if result.errors:
        assert not ran
        return _refusal(result.errors)
    assert result.data is not None
    return result.data


@pytest.mark.parametrize(
    ("query", "context", "answer"),
    [
        ("{ trend }", caller_with("insight:read"), {"trend": "trend"}),
        ("{ trend }", caller_with("insight:write"), {"trend": "trend"}),
        ("{ trend }", caller_with("*"), {"trend": "trend"}),
        ("{ both(times: 2) }", caller_with("insight:write", "project:write"), {"both": "bothboth"}),
        ("{ viewer }", caller_with(), {"viewer": "viewer"}),
        ("{ outside }", caller_with("query:read"), {"outside": "outside"}),
    ],
)
async def test_field_with_the_scopes_resolves(query: str, context: RequestContext, answer: dict[str, str]) -> None:
    assert await _ask(query, context) == answer


@pytest.mark.parametrize(
    ("query", "context", "missing", "hint"),
    [
        (
            "{ trend }",
            caller_with("project:read"),
            ["insight:read"],
            "Add one of these scopes to the key: insight:read, insight:write, *.",
        ),
        (
            "{ outside }",
            caller_with(),
            ["query:read"],
            "Add one of these scopes to the key: query:read, query:write, *.",
        ),
        (
            "{ both }",
            caller_with("insight:read", "project:read"),
            ["insight:write"],
            "Add one of these scopes to the key: insight:write, *.",
        ),
        (
            "{ both }",
            caller_with("query:read"),
            ["insight:write", "project:read"],
            "Add one of these scopes to the key: insight:write, *.",
        ),
    ],
)
async def test_missing_scope_is_reported_before_anything_runs(
    query: str, context: RequestContext, missing: list[str], hint: str
) -> None:
    error = await _ask(query, context)
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.FORBIDDEN
    assert all(scope in error.message for scope in missing)
    assert error.details == {"missingScope": missing[0], "missingScopes": missing}
    assert error.hint == hint


@pytest.mark.parametrize("query", ["{ trend }", "{ both }", "{ viewer }", "{ outside }"])
async def test_field_without_a_caller_raises_the_authentication_error(query: str) -> None:
    reason = GatewayError(ErrorCode.UNAUTHENTICATED, "The API key phx_...0000 was revoked.")
    assert await _ask(query, RequestContext(authentication_error=reason)) is reason


@pytest.mark.parametrize("query", ["{ trend }", "{ both }", "{ viewer }", "{ outside }"])
@pytest.mark.parametrize("context", [None, {}, {"caller": "root"}, RequestContext(), object()])
async def test_field_in_a_context_without_a_caller_is_unauthenticated(query: str, context: object) -> None:
    error = await _ask(query, context)
    assert isinstance(error, GatewayError)
    assert error.code is ErrorCode.UNAUTHENTICATED


def test_field_in_synchronous_execution_is_checked_too() -> None:
    assert SCHEMA.execute_sync("{ viewer }", context_value=caller_with()).data == {"viewer": "viewer"}
    ran.clear()
    refused = SCHEMA.execute_sync("{ both }", context_value=caller_with("insight:write"))
    assert _refusal(refused.errors).details["missingScope"] == "project:read"
    assert not ran


async def test_subscription_with_the_scope_streams() -> None:
    stream = await SCHEMA.subscribe("subscription { ticks }", context_value=caller_with("insight:read"))
    assert [result.data async for result in stream] == [{"ticks": 1}, {"ticks": 2}]


async def test_subscription_without_the_scope_never_starts() -> None:
    stream = await SCHEMA.subscribe("subscription { ticks }", context_value=caller_with("project:read"))
    results = [result async for result in stream]
    assert len(results) == 1
    assert isinstance(results[0], PreExecutionError)
    assert _refusal(results[0].errors).code is ErrorCode.FORBIDDEN
    assert not ran


def test_sdl_has_the_enforced_directives() -> None:
    sdl = SCHEMA.as_str()
    assert 'trend: String! @requiresScopes(scopes: [["insight:read"]])' in sdl
    assert 'both(times: Int! = 1): String! @requiresScopes(scopes: [["insight:write", "project:read"]])' in sdl
    assert 'outside: String! @requiresScopes(scopes: [["query:read"]])' in sdl
    assert 'ticks: Int! @requiresScopes(scopes: [["insight:read"]])' in sdl
    assert "viewer: String! @authenticated" in sdl
    assert '"""Runs a trend."""' in sdl


@pytest.mark.parametrize("scopes", [[], ["insight"], ["insight:admin"], ["*"], ["insight:read", ""]])
def test_guard_with_unknown_scopes_cannot_be_declared(scopes: list[str]) -> None:
    with pytest.raises(ValueError, match="needs known scopes"):
        guarded_field(scopes=scopes)


def test_unguarded_fields_are_found() -> None:
    assert unguarded_fields(Query, Subscription) == ()
    assert sorted(unguarded_fields(Open)) == ["Open.open", "Open.plain"]
