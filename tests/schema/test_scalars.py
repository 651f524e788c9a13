from datetime import datetime
from math import inf, nan

import pytest
from graphql import GraphQLError, parse_value

from schema.scalars import read_property_literal, read_property_value, write_date_time, write_property_value


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("", ""),
        ("text", "text"),
        (0, 0),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (-(2**63), -(2**63)),
        (-(2**63) - 1, "-9223372036854775809"),
        ([2**70, 1], ("1180591620717411303424", 1)),
        (1.5, 1.5),
        (True, True),
        ([], ()),
        (["a", 1, 2.5, False], ("a", 1, 2.5, False)),
    ],
)
def test_property_value_is_read(sent: object, read: object) -> None:
    value = read_property_value(sent)
    assert value == read
    assert type(value) is type(read)


@pytest.mark.parametrize("sent", [None, [None], ["a", None], {}, [[]], [{"a": 1}], nan, inf, -inf, [inf]])
def test_property_value_of_another_type_is_rejected(sent: object) -> None:
    with pytest.raises(GraphQLError):
        read_property_value(sent)


def test_null_in_a_property_value_list_is_rejected_with_advice() -> None:
    with pytest.raises(GraphQLError, match="IS_SET or IS_NOT_SET"):
        read_property_value(["a", None])


@pytest.mark.parametrize(
    ("text", "read"),
    [
        *(('"a"', "a"), ("1", 1), ("1.5", 1.5), ("true", True), ('["a", 2]', ("a", 2)), ('["a", $v]', ("a", "b"))),
        *((str(2**64 - 1), 2**64 - 1), (str(2**64), "18446744073709551616"), ("9" * 5000, "9" * 5000)),
        (f"[-{2**63}, -{2**63 + 1}]", (-(2**63), "-9223372036854775809")),
    ],
)
def test_property_literal_is_read(text: str, read: object) -> None:
    assert read_property_literal(parse_value(text), {"v": "b"}) == read


def test_property_literal_with_an_unknown_variable_is_accepted() -> None:
    assert read_property_literal(parse_value('["a", $v]')) == ("a",)


@pytest.mark.parametrize("text", ["UA", "[UA]", "{a: 1}", "[null]", "[[1]]", "1e999"])
def test_property_literal_of_another_type_is_rejected_at_its_position(text: str) -> None:
    node = parse_value(text)
    with pytest.raises(GraphQLError) as caught:
        read_property_literal(node)
    assert caught.value.nodes == [node]


def test_property_value_is_serialized_as_json() -> None:
    assert write_property_value(("a", 1)) == ["a", 1]
    assert write_property_value("a") == "a"


def test_date_time_keeps_its_offset() -> None:
    text = "2013-01-01T00:00:00-05:00"
    assert write_date_time(datetime.fromisoformat(text)) == text


def test_date_time_without_offset_is_an_internal_error() -> None:
    with pytest.raises(ValueError, match="offset"):
        write_date_time(datetime(2013, 1, 1))
