"""The errors that clients see: templates with names, values, and what each front end makes of them."""

from enum import StrEnum

import pytest

from errors import BadUserInput, ErrorCode, GatewayError, LimitExceeded, Message, Name, NotFound, Place


class Shouting:
    """A front end that cannot be mistaken for the domain."""

    def name(self, snake_case: str) -> str:
        return snake_case.upper()

    def choice(self, member: StrEnum) -> str:
        return f"<{member.value}>"

    def place(self, place: Place) -> str:
        return f"Go to {place.name}."


class Color(StrEnum):
    DARK_RED = "DARK_RED"


def test_a_template_without_values_is_literal_text() -> None:
    error = BadUserInput('Give {"a": {b}}, {0}, {} or {{x}}.', hint="{c!r}")
    assert error.message == str(error) == 'Give {"a": {b}}, {0}, {} or {{x}}.'
    assert error.hint == "{c!r}"


def test_values_are_formatted_as_str_format_does() -> None:
    error = BadUserInput("{text!r} has {count:,} of {most:g}.", text="a'b", count=12345, most=1.5)
    assert error.message == '"a\'b" has 12,345 of 1.5.'


def test_the_hint_uses_the_values_of_the_message() -> None:
    error = NotFound("There is no {name}.", name="x", hint="Give a name instead of {name!r}.")
    assert error.hint == "Give a name instead of 'x'."


@pytest.mark.parametrize("text", ["date_from", "{end}", "{text}", "{0}", "DARK_RED", "Project.actions"])
def test_values_are_never_spelled_or_taken_for_templates(text: str) -> None:
    error = BadUserInput("{text}: {end}", text=text, end=Name("date_to"), hint="Not {text}.")
    assert error.render(Shouting()) == f"{text}: DATE_TO"
    assert error.render_hint(Shouting()) == f"Not {text}."


def test_a_front_end_spells_names_choices_and_places() -> None:
    error = BadUserInput(
        "{name!r} is {color}: {both}.",
        name=Name("date_from"),
        color=Color.DARK_RED,
        both=(Name("a_b"), Color.DARK_RED, "a_b", 1),
        hint=Place.ACTIONS,
    )
    assert error.render(Shouting()) == "'DATE_FROM' is <DARK_RED>: A_B, <DARK_RED>, a_b, 1."
    assert error.render_hint(Shouting()) == "Go to ACTIONS."
    assert error.message == "'date_from' is DARK_RED: a_b, DARK_RED, a_b, 1."
    assert error.hint == Place.ACTIONS.value


def test_long_values_are_cut_and_so_is_the_message() -> None:
    error = BadUserInput("{text!r} is not {list}.", text="x" * 10_000, list=("y" * 10_000, "z"))
    assert error.message == f"'{'x' * 299}…' is not {'y' * 299}…, z."
    listed = BadUserInput("None of {list}.", list=("y" * 200,) * 1_000)
    assert len(listed.message) == 2_000
    assert listed.message.endswith("y…")


def test_messages_are_values_too() -> None:
    inner = Message("see {name}", {"name": Name("date_from")})
    error = BadUserInput("Wrong, {inner}.", inner=inner, hint=inner)
    assert error.render(Shouting()) == "Wrong, see DATE_FROM."
    assert error.render_hint(Shouting()) == "see DATE_FROM"


def test_moved_and_reworded_errors_keep_everything_else() -> None:
    error = LimitExceeded(
        ErrorCode.RATE_LIMITED,
        "{actual} {unit} of {limit} for {name}",
        limit=2,
        actual=3,
        unit="trends",
        hint="Fewer than {limit}.",
        details={"left": 0},
        name=Name("date_from"),
    )
    moved = error.under("query", 0).reworded("{who}: {message}", who="{message}")
    assert type(moved) is LimitExceeded
    assert moved.render(Shouting()) == "{message}: 3 trends of 2 for DATE_FROM"
    assert (moved.code, moved.hint, moved.path) == (ErrorCode.RATE_LIMITED, "Fewer than 2.", ("query", 0))
    assert moved.details == {"left": 0, "limit": 2, "actual": 3, "unit": "trends"}
    assert error.path == ()
    assert error.message == "3 trends of 2 for date_from"
    assert moved.at(["x"]).path == ("x",)


def test_an_error_of_the_base_class_takes_values() -> None:
    error = GatewayError(ErrorCode.FORBIDDEN, "{code} {path_}", code="c", path_=1, path=["a"])
    assert (error.message, error.path, error.hint) == ("c 1", ("a",), None)
