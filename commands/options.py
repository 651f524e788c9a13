"""Options that several commands share, and the words they take."""

from enum import StrEnum
from typing import Annotated

import typer

OrganizationOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Its organization, made when missing. Needed once there are several.",
        show_default=False,
    ),
]

ExistingOrganizationOption = Annotated[
    str | None,
    typer.Option(
        "--organization",
        metavar="NAME",
        help="The organization, as organization list shows it. Needed once there are several.",
        show_default=False,
    ),
]

ProjectOption = Annotated[int, typer.Option(metavar="ID", help="The project, as project list shows it.")]


class WeekStart(StrEnum):
    SUNDAY = "sunday"
    MONDAY = "monday"


class Level(StrEnum):
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
