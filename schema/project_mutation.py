"""The mutation that changes a project's settings."""

from typing import Annotated

import strawberry

from datasource.metadata.records import WeekStartDay
from errors import BadUserInput
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.resources import PROJECT
from resolvers.projects import update_project
from resolvers.trends.query import PropertyFilter
from schema.filters import PropertyFilterInput
from schema.info import ContextInfo
from schema.project import Project
from schema.saved import new_value, under_input

WRITE_SCOPE = "project:write"


@strawberry.input(
    name="ProjectUpdateInput",
    description="The changes to a project; fields that are left out keep their values.",
)
class ProjectUpdateInput:
    id: strawberry.ID = strawberry.field(description="The id of the project.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    timezone: strawberry.Maybe[str | None] = strawberry.field(
        description="The new time zone, an IANA name such as Europe/Berlin."
    )
    week_start_day: strawberry.Maybe[WeekStartDay | None] = strawberry.field(
        description="The new first day of the week."
    )
    test_account_filters: strawberry.Maybe[list[PropertyFilterInput] | None] = strawberry.field(
        description="The new conditions for filterTestAccounts; they replace all existing ones."
    )

    @property
    def project_id(self) -> str:
        """Return the id under the name that other inputs use."""
        return self.id


@strawberry.type
class ProjectMutations:
    @guarded_field(
        scopes=[WRITE_SCOPE],
        gate=Gate(PROJECT),
        description="Change a project; fields that are left out keep their values.",
    )
    async def project_update(
        self,
        info: ContextInfo,
        input: Annotated[ProjectUpdateInput, strawberry.argument(description="The changes.")],
    ) -> Project:
        context = info.context
        project = await context.reach(input.id)
        with under_input():
            week_start = new_value(input.week_start_day, "week_start_day")
            filters = new_value(input.test_account_filters, "test_account_filters")
            updated = await update_project(
                context,
                project,
                name=new_value(input.name, "name"),
                timezone=new_value(input.timezone, "timezone"),
                week_start_day=week_start,
                filters=None if filters is None else _read(filters, most=context.settings.max_filters),
            )
        return Project.from_reached(updated)


def _read(filters: list[PropertyFilterInput], *, most: int) -> tuple[PropertyFilter, ...]:
    path = ("test_account_filters",)
    if len(filters) > most:
        raise BadUserInput(
            "There are {count} property filters; the limit is {limit}.", count=len(filters), limit=most, path=path
        )
    return tuple(item.read((*path, index)) for index, item in enumerate(filters))
