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
from tests.support.seeds.events import EventSeeds

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
PATH = ("query", "breakdown")


def utc_context() -> CompileContext:
    """A context of its own, since one adds up its expressions."""
    return CompileContext(ZoneInfo("UTC"), NOW)


_LIMITS = Limits(seconds=20)


async def values(seeds: EventSeeds, text: str, week_start: WeekStartDay = WeekStartDay.SUNDAY) -> list[object]:
    """The value of an expression for each event, oldest first."""
    context = CompileContext(seeds.project.timezone, NOW, week_start)
    return await _column(seeds, breakdown_expression(text, PATH, context))


async def value(seeds: EventSeeds, text: str) -> object:
    """The value of an expression for the only event."""
    (found,) = await values(seeds, text)
    return found


async def matches(seeds: EventSeeds, text: str) -> list[bool]:
    """Whether each event, oldest first, satisfies a condition."""
    found = await _column(seeds, filter_expression(text, PATH, CompileContext(seeds.project.timezone, NOW)))
    assert set(found) <= {0, 1}
    return [value == 1 for value in found]


async def aggregate(seeds: EventSeeds, text: str) -> float:
    """The value of an aggregate expression over all events."""
    expr = math_expression(text, PATH, CompileContext(seeds.project.timezone, NOW))
    statement = lowered(Select((Named(expr, "v"),), Events()), seeds.project.id)
    result = await seeds.engine.query(statement.text, statement.params, limits=_LIMITS)
    ((found,),) = result.rows()
    assert isinstance(found, float | int)
    return float(found)


def error_of(text: str, *, aggregating: bool = False) -> BadUserInput:
    """The error of an expression."""
    compile_ = math_expression if aggregating else breakdown_expression
    with pytest.raises(BadUserInput) as caught:
        compile_(text, PATH, utc_context())
    return caught.value


def lowered(query: Select, project_id: int) -> Statement:
    """The statement that the engine runs."""
    return render(scope_to_project(NativeLayout().lower(query), project_id))


async def _column(seeds: EventSeeds, expr: Expr) -> list[object]:
    query = Select((Named(expr, "v"),), Events(), order_by=(Order(call("toUnixTimestamp64Micro", TIMESTAMP)),))
    statement = lowered(query, seeds.project.id)
    result = await seeds.engine.query(statement.text, statement.params, limits=_LIMITS)
    return result.columns[0] if result.columns else []
