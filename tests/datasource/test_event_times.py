from datetime import UTC, datetime

import pytest

from datasource.event_times import END, FIRST, LAST_SECOND, instant, within_event_times
from datasource.sql.tree import Column, Expr, Param, compare, either, every

TIME, OTHER = Column("timestamp"), Column("created_at")
AFTER_FIRST = compare(TIME, ">=", instant(FIRST))
BEFORE_END = compare(TIME, "<", instant(END))
IN_2020 = compare(TIME, ">=", instant(datetime(2020, 1, 1, tzinfo=UTC)))
IS_LAST = compare(TIME, "<=", instant(LAST_SECOND))


@pytest.mark.parametrize(
    ("condition", "added"),
    [
        (None, (AFTER_FIRST, BEFORE_END)),
        (IN_2020, (BEFORE_END,)),
        (IS_LAST, (AFTER_FIRST,)),
        (every(IN_2020, IS_LAST), ()),
        (every(AFTER_FIRST, compare(TIME, "<", Param("2020-01-01 00:00:00.5", instant(END).type))), ()),
        (compare(TIME, ">=", instant(datetime(1970, 1, 1, 23, 59, 59, tzinfo=UTC))), (AFTER_FIRST, BEFORE_END)),
        (compare(TIME, "<=", instant(END)), (AFTER_FIRST, BEFORE_END)),
        (compare(OTHER, ">=", instant(FIRST)), (AFTER_FIRST, BEFORE_END)),
        (compare(TIME, ">=", Param("2020-01-01", "String")), (AFTER_FIRST, BEFORE_END)),
        (either(IN_2020, IS_LAST), (AFTER_FIRST, BEFORE_END)),
    ],
)
def test_bounds_are_added_that_a_condition_does_not_imply(condition: Expr | None, added: tuple[Expr, ...]) -> None:
    assert within_event_times(TIME, condition) == every(condition, *added)
