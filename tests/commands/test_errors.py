"""How the command line spells errors."""

import pytest

from commands.errors import OPTIONS
from errors import BadUserInput, Name, Place
from tests.support.command_line import Run, error_of


def test_names_are_options_and_values_stay_as_they_are() -> None:
    error = BadUserInput("{name} is not {text!r}.", name=Name("scoped_projects"), text="scoped_projects dateFrom")
    assert error.render(OPTIONS) == "--project is not 'scoped_projects dateFrom'."


def test_names_without_an_option_are_those_of_the_domain() -> None:
    assert BadUserInput("{name}", name=Name("date_from")).render(OPTIONS) == "date_from"


def test_places_are_commands() -> None:
    assert (
        BadUserInput("", hint=Place.PROJECTS).render_hint(OPTIONS) == "List the projects: trendgate project list."
    )
    assert BadUserInput("", hint=Place.EXPORT).render_hint(OPTIONS) == Place.EXPORT.value


@pytest.mark.parametrize("name", ["dateFrom", "MY_ROLE", "project {id} list", "{name!r}"])
def test_strings_that_look_like_our_names_are_quoted_unchanged(run: Run, name: str) -> None:
    run("project", "create", name)
    assert repr(name) in error_of(run("project", "create", name))
