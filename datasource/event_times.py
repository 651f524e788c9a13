"""The times that events can have. Events of other times come from clocks that were not set, and are not read."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from datasource.sql.tree import Expr, Infix, Param, compare, every

FIRST: Final = datetime(1970, 1, 2, tzinfo=UTC)
"""A day after Unix time begins, so that its date exists in ClickHouse in every time zone."""

END: Final = datetime(2106, 1, 1, tzinfo=UTC)
"""Just before ClickHouse's DateTime ends."""

LAST_SECOND: Final = END - timedelta(seconds=1)


def instant(moment: datetime) -> Param:
    """Return an instant, usually a whole second, as a parameter."""
    form = "%Y-%m-%d %H:%M:%S.%f" if moment.microsecond else "%Y-%m-%d %H:%M:%S"
    return Param(f"{moment.astimezone(UTC):{form}}", "DateTime64(6, 'UTC')")


_FIRST: Final = instant(FIRST)
_LAST_SECOND: Final = instant(LAST_SECOND)
_END: Final = instant(END)


def within_event_times(time: Expr, where: Expr | None) -> Expr | None:
    """Return the condition with those bounds of the events' times that it does not imply."""
    has_first = any(bound >= str(_FIRST.value) for bound in _bounds(time, (">=",), where))
    has_end = any(bound <= str(_LAST_SECOND.value) for bound in _bounds(time, ("<", "<="), where))
    return every(
        where,
        None if has_first else compare(time, ">=", _FIRST),
        None if has_end else compare(time, "<", _END),
    )


def _bounds(time: Expr, operators: tuple[str, ...], where: Expr | None) -> Iterator[str]:
    conjuncts = where.operands if isinstance(where, Infix) and where.operator == "AND" else (where,)
    for each in conjuncts:
        match each:
            case Infix(operator, (left, Param(type=_FIRST.type) as bound)):
                if operator in operators and left == time:
                    yield str(bound.value)
