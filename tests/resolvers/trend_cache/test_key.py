from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasource.clickhouse.engine import Identifier
from resolvers.trend_cache.key import cache_key


class Colour(StrEnum):
    RED = "RED"


class Shade(StrEnum):
    RED = "RED"


@dataclass(frozen=True)
class Point:
    x: object
    y: object = None
    path: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Other:
    x: object
    y: object = None


APART = [
    None,
    True,
    False,
    1,
    0,
    1.0,
    "1",
    b"1",
    Decimal(1),
    "True",
    "None",
    "",
    (),
    ((),),
    ("",),
    ("a", "b"),
    ("ab",),
    ("a", ("b",)),
    frozenset({"a"}),
    {"a": "b"},
    {"b": "a"},
    Colour.RED,
    Shade.RED,
    "RED",
    Identifier("RED"),
    Point("a"),
    Point("a", "b"),
    Other("a"),
    Point(None, "a"),
    date(2020, 1, 1),
    datetime(2020, 1, 1),
    datetime(2020, 1, 1, tzinfo=UTC),
    datetime(2020, 1, 1, tzinfo=ZoneInfo("Europe/London")),
    datetime(2020, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London")),
    datetime(2020, 10, 25, 1, 30, tzinfo=ZoneInfo("Europe/London"), fold=1),
    ZoneInfo("Europe/London"),
    "Europe/London",
    "\ud800",
]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.sampled_from(Colour),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.builds(Point, inner, inner),
    max_leaves=8,
)


def with_types(value: object) -> object:
    """The value with the types that == ignores."""
    if isinstance(value, tuple):
        return ("tuple", *map(with_types, value))
    if isinstance(value, Point):
        return ("Point", with_types(value.x), with_types(value.y))
    return (type(value).__name__, repr(value))


def test_different_values_have_different_keys() -> None:
    assert len({cache_key(value) for value in APART}) == len(APART)


@given(VALUES, VALUES)
def test_keys_are_equal_for_equal_values_only(one: object, other: object) -> None:
    assert (cache_key(one) == cache_key(other)) == (with_types(one) == with_types(other))


def test_order_of_mappings_and_sets_is_ignored() -> None:
    assert cache_key({"a": 1, "b": 2}) == cache_key({"b": 2, "a": 1})
    assert cache_key(frozenset("abc")) == cache_key(frozenset("cba"))


def test_fields_that_are_not_compared_are_ignored() -> None:
    assert cache_key(Point(1, path=("a",))) == cache_key(Point(1, path=("b",)))


def test_other_types_are_rejected() -> None:
    with pytest.raises(TypeError, match="no cache key for the type object"):
        cache_key((1, object()))
