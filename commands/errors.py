"""Errors on the command line: what is wrong and what to do about it, on stderr, and status 1."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import typer
from typer.core import TyperGroup

from commands.output import print_line
from errors import GatewayError, Place

_OPTIONS: Mapping[str, str] = {
    "access_level": "--level",
    "description": "--description",
    "email": "EMAIL",
    "expires_at": "--expires",
    "grace": "--grace",
    "group_types": "--group-type",
    "label": "--label",
    "object_id": "--id",
    "resource": "--resource",
    "scoped_organizations": "--organization",
    "scoped_projects": "--project",
    "scopes": "--scope",
    "timezone": "--timezone",
}
_PLACES: Mapping[Place, str] = {
    Place.PROJECTS: "List the projects: trendgate project list.",
    Place.MEMBERS: "List the members: trendgate member list.",
    Place.ROLES: "List the roles: trendgate role list.",
    Place.ACCESS_EXPLANATION: "See what decides the access: trendgate access explain.",
    Place.CALCULATE_COHORT: "Calculate it: trendgate cohort calculate.",
    Place.MIGRATE: "Run trendgate migrate.",
}


class OptionSpeller:
    """Spells the domain's names as the options of commands, and those that are none as they are."""

    def name(self, snake_case: str) -> str:
        return _OPTIONS.get(snake_case, snake_case)

    def choice(self, member: StrEnum) -> str:
        return member.value

    def place(self, place: Place) -> str:
        return _PLACES.get(place, place.value)


OPTIONS = OptionSpeller()


class ErrorReportingGroup(TyperGroup):
    """Reports the expected errors of its commands. Others are defects and keep their traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except GatewayError as error:
            _print(error)
            raise typer.Exit(1) from error


def _print(error: GatewayError) -> None:
    print_line(f"error: {error.render(OPTIONS)}", err=True)
    hint = error.render_hint(OPTIONS)
    if hint:
        print_line(f"hint: {hint}", err=True)
