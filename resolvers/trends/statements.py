"""A resolved trend becomes the statements of its plan, on a worker thread if that takes time."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from datasource.layouts.contract import EventLayout
from datasource.sql.render import Statement, render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Query
from errors import ErrorCode, LimitExceeded
from resolvers.trends.actions import ActionStep, StringMatching
from resolvers.trends.compile import Plan, compile_trend
from resolvers.trends.query import (
    ActionSeries,
    BreakdownType,
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    Series,
    TrendQuery,
)
from resolvers.trends.resolve import ResolvedTrend
from resolvers.trends.saved_objects import SavedObjects
from resolvers.worker import checkpoint, run_in_worker

MAX_CHARACTERS: Final = 2_000_000
"""Of all statements of a trend: a second or two of work."""
MAX_DESCRIPTION: Final = 4_000_000
"""Characters after which no further statement is described. Values repeat in each."""

_CONDITION: Final = 30
"""Values of an answer that take as long to work on as a condition takes to compile and write."""
_STATEMENT: Final = 10
_HOGQL_CHARACTERS: Final = 10
_PATTERN: Final = 200
"""A regular expression, which may be anywhere in HogQL, can take as long to check as that many conditions."""
_PATTERNS: Final = (PropertyOperator.REGEX, PropertyOperator.NOT_REGEX)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, with a statement for each of its parts."""

    plan: Plan
    statements: tuple[Statement, ...]


async def prepare(
    resolved: ResolvedTrend, layout: EventLayout, saved_objects: SavedObjects | None = None
) -> Prepared:
    """Compile a trend and write its statements without holding the event loop for long; cancelling ends the work.

    Raises BadUserInput for a query that cannot be compiled, and QUERY_TOO_EXPENSIVE for statements that are too
    long.
    """
    saved_objects = saved_objects or SavedObjects()
    work = partial(_prepare, resolved, layout, saved_objects)
    return await run_in_worker(work, size=_CONDITION * _effort(resolved, saved_objects))


def write_statement(query: Query, layout: EventLayout, project_id: int) -> Statement:
    """Write a query over the layout's tables, restricted to the project."""
    return render(scope_to_project(layout.lower(query), project_id))


def describe(statements: Sequence[Statement]) -> str:
    """Return the texts of the statements with their values, of many long ones the first."""
    described: list[str] = []
    left = MAX_DESCRIPTION
    for number, statement in enumerate(statements):
        if left < 0:
            described.append(
                f"-- {len(statements) - number} more statements are left out because of their length."
            )
            break
        described.append(statement.describe())
        left -= len(described[-1])
    return ";\n\n".join(described)


def _prepare(resolved: ResolvedTrend, layout: EventLayout, saved_objects: SavedObjects) -> Prepared:
    plan = compile_trend(resolved, layout, saved_objects)
    statements: list[Statement] = []
    characters = 0
    for part in plan.parts:
        checkpoint()
        statements.append(write_statement(part.query, layout, resolved.project.id))
        characters += len(statements[-1].text)
        if characters > MAX_CHARACTERS:
            raise LimitExceeded(
                ErrorCode.QUERY_TOO_EXPENSIVE,
                "The SQL of the trend has more than {limit:,} characters.",
                limit=MAX_CHARACTERS,
                actual=characters,
                unit="characters",
                hint="Use fewer series, or fewer or shorter filters.",
            )
    return Prepared(plan, tuple(statements))


def _effort(resolved: ResolvedTrend, saved_objects: SavedObjects) -> int:
    """Estimate the conditions that are written, each as often as a statement has it."""
    query = resolved.query
    cohorts = sum(each.type is BreakdownType.COHORT for each in query.breakdowns)
    each_series = len(resolved.ranges) * max(1, cohorts)
    shared = _STATEMENT + _effort_of_group(query.filters) + _effort_of_breakdowns(query)
    if query.filter_test_accounts:
        shared += _effort_of_group(resolved.project.test_account_filters)
    return each_series * sum(shared + _effort_of_series(each, saved_objects) for each in query.series)


def _effort_of_breakdowns(query: TrendQuery) -> int:
    return sum(_effort_of_hogql(each.property) for each in query.breakdowns if each.type is BreakdownType.HOGQL)


def _effort_of_hogql(expression: str) -> int:
    return _PATTERN + len(expression) // _HOGQL_CHARACTERS


def _effort_of_series(series: Series, saved_objects: SavedObjects) -> int:
    effort = _effort_of_group(series.filters)
    if series.math.expression is not None:
        effort += _effort_of_hogql(series.math.expression)
    action = saved_objects.actions.get(series.action_id) if isinstance(series, ActionSeries) else None
    return effort + sum(map(_effort_of_step, action.steps if action else ()))


def _effort_of_step(step: ActionStep) -> int:
    matchings = (step.url_matching, step.text_matching, step.href_matching)
    patterns = sum(each is StringMatching.REGEX for each in matchings) + (step.selector is not None)
    return 1 + patterns * _PATTERN + sum(map(_effort_of_filter, step.properties))


def _effort_of_group(group: FilterGroup) -> int:
    return sum(map(_effort_of_filter, group.leaves()))


def _effort_of_filter(filter_: PropertyFilter) -> int:
    if filter_.type is PropertyType.HOGQL:
        return _effort_of_hogql(filter_.key)
    is_pattern = filter_.operator in _PATTERNS or filter_.type is PropertyType.ELEMENT
    count = max(1, len(filter_.value)) if isinstance(filter_.value, tuple) else 1
    return count * (_PATTERN if is_pattern else 1)
