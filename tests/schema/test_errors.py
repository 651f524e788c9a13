"""How GraphQL spells errors."""

import logging

import pytest
from graphql import GraphQLError
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from errors import BadUserInput, Name, Place
from resolvers.trends.query import PropertyOperator
from schema.errors import FIELDS, describe, spell_path
from schema.execution_results import present_result


def test_names_are_fields_and_values_stay_as_they_are() -> None:
    error = BadUserInput(
        "{name} is not {text!r} {operator}.",
        name=Name("date_from"),
        text="date_from",
        operator=PropertyOperator.IS_NOT,
        hint=Place.ACTIONS,
    )
    assert error.render(FIELDS) == "dateFrom is not 'date_from' IS_NOT."
    assert describe(error) == {"code": "BAD_USER_INPUT", "hint": "Project.actions lists the actions you can use."}


def test_paths_are_spelled() -> None:
    assert spell_path(("query", "events", 0, "math_property", "sha256Hash")) == [
        *("query", "events", 0, "mathProperty", "sha256Hash"),
    ]


@pytest.mark.parametrize("place", Place)
def test_every_place_is_a_sentence(place: Place) -> None:
    assert FIELDS.place(place).endswith(".")


def test_long_messages_of_the_library_are_cut() -> None:
    result = present_result(PreExecutionError(None, [GraphQLError("Unknown " + "x" * 1_000_000)]), None)
    assert result.errors is not None
    assert result.errors[0].message == "Unknown " + "x" * 991 + "…"


@pytest.mark.parametrize(
    ("count", "shown", "omitted"), [(1, 1, None), (10, 10, None), (11, 10, 1), (500, 10, 490)]
)
def test_ten_errors_are_returned_and_logged(
    count: int, shown: int, omitted: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [GraphQLError(f"e{index}", path=["a", index]) for index in range(count)]
    with caplog.at_level(logging.INFO, logger="trendgate.errors"):
        result = present_result(ExecutionResult({"a": None}, errors, {"cost": 1}), None)
    assert [error.message for error in result.errors or ()] == [f"e{index}" for index in range(shown)]
    assert result.extensions == {"cost": 1} | ({} if omitted is None else {"omittedErrors": omitted})
    assert len(caplog.records) == shown + (omitted is not None)
