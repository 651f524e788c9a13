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


class WeekStart(StrEnum):
    SUNDAY = "sunday"
    MONDAY = "monday"


class Level(StrEnum):
    MEMBER = "member"
    ADMIN = "admin"
    OWNER = "owner"
