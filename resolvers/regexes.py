"""Regular expressions, checked before they are stored. Only ClickHouse knows for sure what it reads."""

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


class Asking(Protocol):
    """What it takes to ask ClickHouse."""

    @property
    def engine(self) -> Engine: ...
    @property
    def limits(self) -> Limits: ...


def regexes_of(filters: Iterable[PropertyFilter]) -> list[Regex]:
    """The regular expressions that the filters compare with."""
    return [
        (as_text(value), (*item.path, "value"))
        for item in filters
        if item.operator in _OPERATORS
        for value in (item.value if isinstance(item.value, tuple) else (item.value,))
        if value is not None
    ]


async def check_regexes(context: Asking, regexes: Sequence[Regex]) -> None:
    """Raises BadUserInput, with its path, for one that cannot be read."""
    suspects = list(regexes)
    if not suspects or await _can_read(context, suspects):
        return
    while len(suspects) > 1:
        half = suspects[: len(suspects) // 2]
        suspects = suspects[len(half) :] if await _can_read(context, half) else half
    raise BadUserInput(
        "The regular expression cannot be read.", path=suspects[0][1], hint="Use RE2 syntax: no look-around."
    )


async def _can_read(context: Asking, regexes: Sequence[Regex]) -> bool:
    match = Lambda(("regex",), call("match", Param("", "String"), Column("regex")))
    texts = Param(tuple(text for text, _ in regexes), "Array(String)")
    statement = render(Select((Named(call("arrayCount", match, texts), "matches"),)))
    try:
        await context.engine.query(statement.text, statement.params, limits=context.limits)
    except GatewayError as refusal:
        if refusal.code is not ErrorCode.BAD_USER_INPUT:
            raise
        return False
    return True
