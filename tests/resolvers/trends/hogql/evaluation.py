"""Evaluate HogQL expressions over events, through the layout, the tenant scope and the renderer."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from datasource.clickhouse.engine import Limits
from datasource.layouts.contract import TIMESTAMP
from datasource.layouts.native import NativeLayout
from datasource.metadata.records import WeekStartDay
from datasource.sql.render import Statement, render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Events, Expr, Named, Order, Select, call
from errors import BadUserInput
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql import breakdown_expression, filter_expression, math_expression
from tests.support.seeds.events import EventWorld

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
PATH = ("query", "breakdown")
UTC_CONTEXT = CompileContext(ZoneInfo("UTC"), NOW)
_LIMITS = Limits(seconds=20)


async def values(world: EventWorld, text: str, week_start: WeekStartDay = WeekStartDay.SUNDAY) -> list[object]:
    """The value of an expression for each event, oldest first."""
    context = CompileContext(world.project.timezone, NOW, week_start)
    return await _column(world, breakdown_expression(text, PATH, context))


async def value(world: EventWorld, text: str) -> object:
    """The value of an expression for the only event."""
    (found,) = await values(world, text)
    return found


async def matches(world: EventWorld, text: str) -> list[bool]:
    """Whether each event, oldest first, satisfies a condition."""
    found = await _column(world, filter_expression(text, PATH, CompileContext(world.project.timezone, NOW)))
    assert set(found) <= {0, 1}
    return [value == 1 for value in found]


async def aggregate(world: EventWorld, text: str) -> float:
    """The value of an aggregate expression over all events."""
    expr = math_expression(text, PATH, CompileContext(world.project.timezone, NOW))
    statement = lowered(Select((Named(expr, "v"),), Events()), world.project.id)
    result = await world.engine.query(statement.text, statement.params, limits=_LIMITS)
    ((found,),) = result.rows()
    assert isinstance(found, float | int)
    return float(found)


def error_of(text: str, *, aggregating: bool = False) -> BadUserInput:
    """The error of an expression."""
    compile_ = math_expression if aggregating else breakdown_expression
    with pytest.raises(BadUserInput) as caught:
        compile_(text, PATH, UTC_CONTEXT)
    return caught.value


def lowered(query: Select, project_id: int) -> Statement:
    """The statement that the engine runs."""
    return render(scope_to_project(NativeLayout().lower(query), project_id))


async def _column(world: EventWorld, expr: Expr) -> list[object]:
    query = Select((Named(expr, "v"),), Events(), order_by=(Order(call("toUnixTimestamp64Micro", TIMESTAMP)),))
    statement = lowered(query, world.project.id)
    result = await world.engine.query(statement.text, statement.params, limits=_LIMITS)
    return result.columns[0] if result.columns else []
