"""Checks regular expressions before they are stored, with ClickHouse, which will run them."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from datasource.clickhouse.engine import Engine, Limits
from datasource.sql.render import render
from datasource.sql.tree import Column, Lambda, Named, Param, Select, call
from errors import BadUserInput, ErrorCode, GatewayError
from resolvers.trends.filters import as_text
from resolvers.trends.query import InputPath, PropertyFilter, PropertyOperator

Regex = tuple[str, InputPath]
"""A regular expression and where it came from."""

_OPERATORS = (PropertyOperator.REGEX, PropertyOperator.NOT_REGEX)


class QueryContext(Protocol):
    """An engine, and the limits of queries."""

    @property
    def engine(self) -> Engine: ...
    @property
    def limits(self) -> Limits: ...


def regexes_of(filters: Iterable[PropertyFilter]) -> list[Regex]:
    """The regular expressions in the values of filters."""
    return [
        (as_text(value), (*item.path, "value"))
        for item in filters
        if item.operator in _OPERATORS
        for value in (item.value if isinstance(item.value, tuple) else (item.value,))
        if value is not None
    ]


async def check_regexes(context: QueryContext, regexes: Sequence[Regex]) -> None:
    """Raise BadUserInput, with its path, for an invalid one."""
    suspects = list(regexes)
    if not suspects or await _are_valid(context, suspects):
        return
    while len(suspects) > 1:  # ClickHouse does not say which one is wrong
        half = suspects[: len(suspects) // 2]
        suspects = suspects[len(half) :] if await _are_valid(context, half) else half
    raise BadUserInput(
        "Invalid regular expression.", path=suspects[0][1], hint="Use RE2 syntax, which has no look-around."
    )


async def _are_valid(context: QueryContext, regexes: Sequence[Regex]) -> bool:
    match = Lambda(("regex",), call("match", Param("", "String"), Column("regex")))
    texts = Param(tuple(text for text, _ in regexes), "Array(String)")
    statement = render(Select((Named(call("arrayCount", match, texts), "matches"),)))
    try:
        await context.engine.query(statement.text, statement.params, limits=context.limits)
    except GatewayError as error:
        if error.code is not ErrorCode.BAD_USER_INPUT:
            raise
        return False
    return True
