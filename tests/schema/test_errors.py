"""How GraphQL spells errors."""

import pytest

from errors import BadUserInput, Name, Place
from resolvers.trends.query import PropertyOperator
from schema.errors import FIELDS, describe, spell_path


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
