"""Options that several commands share."""

from enum import StrEnum
from typing import Annotated

import typer

OrganizationOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The organization; created if it does not exist. Required if there are several.",
        show_default=False,
    ),
]

ExistingOrganizationOption = Annotated[
    str | None,
    typer.Option(
        "--organization",
        metavar="NAME",
        help="The organization. Required if there are several.",
        show_default=False,
    ),
]

ProjectOption = Annotated[int, typer.Option(metavar="ID", help="The id of the project.")]


class WeekStart(StrEnum):
    SUNDAY = "sunday"
    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"


class Level(StrEnum):
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
