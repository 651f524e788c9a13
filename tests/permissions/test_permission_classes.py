"""Fields with a gate: the level they require, and the project they use."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import strawberry
from graphql import GraphQLError

from datasource.metadata.records import ProjectRecord, RuleRecord, WeekStartDay
from errors import ErrorCode, GatewayError, NotFound
from permissions.caller import Caller
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.policy import Policy
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT, PROJECT
from tests.permissions.callers import caller_with
from tests.permissions.policy_builders import ADAS_MEMBERSHIP, PROJECT_ID, policy, rule

RECORD = ProjectRecord(
    id=PROJECT_ID,
    organization_id="acme",
    name="shop",
    timezone="UTC",
    week_start_day=WeekStartDay.SUNDAY,
    test_account_filters=(),
    group_types=(),
    created_at=datetime(2026, 5, 1, tzinfo=UTC),
)
CLOSED = rule(INSIGHT, "none")
OPEN_ONE = rule(INSIGHT, "editor", on="5", member=ADAS_MEMBERSHIP)


@dataclass
class Context:
    """A request whose caller can reach one project."""

    caller: Caller | None
    policy: Policy
    authentication_error: GatewayError | None = None
    asked_for: list[str] = field(default_factory=list)

    async def reach(self, project_id: str) -> ReachedProject:
        self.asked_for.append(project_id)
        if project_id != str(PROJECT_ID):
            raise NotFound(f"There is no project {project_id}.")
        return ReachedProject(RECORD, self.policy)


def _name(info: strawberry.Info) -> str:
    return info.field_name


@strawberry.type
class Shop:
    """An object of a project that has been loaded."""

    reached: strawberry.Private[ReachedProject]

    insights: str = guarded_field(scopes=["insight:read"], gate=Gate(INSIGHT), resolver=_name)


@strawberry.input
class Change:
    project_id: strawberry.ID


@strawberry.type
class Query:
    @guarded_field(scopes=["insight:read"], gate=Gate(INSIGHT), description="Lists them.")
    def insights(self, info: strawberry.Info, project_id: strawberry.ID) -> str:
        return f"{info.field_name} of {project_id}"

    @guarded_field(scopes=["action:read", "insight:write"], gate=Gate(INSIGHT), description="Changes one.")
    def change(self, info: strawberry.Info, input: Change) -> str:
        return f"{info.field_name} in {input.project_id}"

    @guarded_field(scopes=["insight:write"], gate=Gate(INSIGHT, strictly=True), description="Makes one.")
    def create(self, info: strawberry.Info, project_id: strawberry.ID) -> str:
        return f"{info.field_name} in {project_id}"

    @guarded_field(scopes=["project:write"], gate=Gate(PROJECT), description="Changes it.")
    def settings(self, info: strawberry.Info, project_id: strawberry.ID) -> str:
        return f"{info.field_name} of {project_id}"

    @guarded_field(scopes=["insight:read"], gate=Gate(INSIGHT))
    def nowhere(self, info: strawberry.Info) -> str:
        return info.field_name

    @guarded_field(scopes=["project:read"])
    def shop(self, info: strawberry.Info) -> Shop:
        context: Context = info.context
        return Shop(reached=ReachedProject(RECORD, context.policy))


SCHEMA = strawberry.federation.Schema(query=Query)


def _context(*rules: RuleRecord, scopes: Sequence[str] = ("*",)) -> Context:
    return Context(caller_with(*scopes).caller, policy(*rules))


async def _ask(query: str, context: Context) -> object:
    """Return the only value of the result, or the error."""
    result = await SCHEMA.execute(query, context_value=context)
    if not result.errors:
        assert result.data is not None
        return next(iter(result.data.values()))
    (error,) = result.errors
    assert isinstance(error, GraphQLError)
    return error.original_error


def _is_forbidden(answer: object, needs: str) -> bool:
    return (
        isinstance(answer, GatewayError)
        and answer.code is ErrorCode.FORBIDDEN
        and answer.message.startswith(f"This requires {needs}")
    )


async def test_field_behind_an_open_gate_resolves() -> None:
    assert await _ask('{ insights(projectId: "7") }', _context()) == "insights of 7"
    assert await _ask('{ change(input: {projectId: "7"}) }', _context()) == "change in 7"
    assert await _ask('{ create(projectId: "7") }', _context()) == "create in 7"


async def test_field_behind_a_closed_gate_is_forbidden() -> None:
    assert _is_forbidden(await _ask('{ insights(projectId: "7") }', _context(CLOSED)), "viewer access to insights")
    assert _is_forbidden(
        await _ask('{ change(input: {projectId: "7"}) }', _context(CLOSED)), "editor access to insights"
    )


async def test_field_with_a_write_scope_requires_the_write_level() -> None:
    context = _context(rule(INSIGHT, "viewer"))
    assert await _ask('{ insights(projectId: "7") }', context) == "insights of 7"
    assert _is_forbidden(await _ask('{ change(input: {projectId: "7"}) }', context), "editor access to insights")


async def test_creating_field_requires_the_level_on_the_whole_resource() -> None:
    context = _context(CLOSED, OPEN_ONE)
    assert await _ask('{ change(input: {projectId: "7"}) }', context) == "change in 7"
    assert _is_forbidden(await _ask('{ create(projectId: "7") }', context), "editor access to insights")


async def test_field_of_the_project_requires_the_level_on_it() -> None:
    own = rule(PROJECT, "member", on=str(PROJECT_ID))
    assert await _ask('{ settings(projectId: "7") }', _context()) == "settings of 7"
    assert _is_forbidden(
        await _ask('{ settings(projectId: "7") }', _context(own)), "admin access to the project 7"
    )


async def test_scopes_are_checked_before_the_gate_and_before_loading_a_project() -> None:
    context = _context(CLOSED, scopes=["action:read"])
    for query in ('{ insights(projectId: "7") }', '{ insights(projectId: "8") }'):
        refusal = await _ask(query, context)
        assert isinstance(refusal, GatewayError)
        assert refusal.details["missingScope"] == "insight:read"
    assert context.asked_for == []


async def test_field_without_a_caller_loads_no_project() -> None:
    context = Context(None, policy())
    refusal = await _ask('{ insights(projectId: "7") }', context)
    assert isinstance(refusal, GatewayError)
    assert refusal.code is ErrorCode.UNAUTHENTICATED
    assert context.asked_for == []


async def test_field_of_an_unreachable_project_is_not_found() -> None:
    assert isinstance(await _ask('{ insights(projectId: "8") }', _context()), NotFound)


async def test_nested_field_uses_the_project_of_its_parent() -> None:
    context = _context()
    assert await _ask("{ shop { insights } }", context) == {"insights": "insights"}
    assert context.asked_for == []
    assert _is_forbidden(await _ask("{ shop { insights } }", _context(CLOSED)), "viewer access to insights")


async def test_gated_field_without_a_project_never_resolves() -> None:
    context = _context()
    assert isinstance(await _ask("{ nowhere }", context), TypeError)


def test_sdl_describes_the_required_level() -> None:
    sdl = SCHEMA.as_str()
    assert '"""Lists them. Needs viewer access to insights."""' in sdl
    assert '"""Changes one. Needs editor access to insights."""' in sdl
    assert '"""Makes one. Needs editor access to insights in general."""' in sdl
    assert '"""Changes it. Needs admin access to the project."""' in sdl
