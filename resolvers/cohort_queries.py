"""The queries that find the members of cohorts."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import assert_never

from datasource.clickhouse.engine import Engine, Limits
from datasource.layouts.contract import EventLayout
from datasource.metadata.records import ProjectRecord
from datasource.sql.render import render
from datasource.sql.tenant_scope import scope_to_project
from datasource.sql.tree import Query
from errors import BadUserInput
from resolvers.cohort_graph import CohortGraph
from resolvers.projects import trend_project
from resolvers.trends.cohorts import CohortDefinition, known_distinct_ids, listed_members, members
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import InputPath
from resolvers.worker import run_in_worker

FILTERS: InputPath = ("filters",)
DISTINCT_IDS: InputPath = ("distinct_ids",)

_MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class StaticMembers:
    """The members of a static cohort: the persons of these distinct ids."""

    distinct_ids: tuple[str, ...]


Membership = CohortDefinition | StaticMembers
"""What decides who is in a cohort."""


@dataclass(frozen=True, slots=True)
class MemberQueries:
    """Builds the members' queries of one project's cohorts. A query is None if there cannot be any members."""

    engine: Engine = field(repr=False)
    limits: Limits
    now: datetime
    project: ProjectRecord
    layout: EventLayout = field(repr=False)

    async def check(self, membership: Membership, graph: CohortGraph) -> Query | None:
        """Build the query of a new membership. Raises BadUserInput for one that cannot be calculated."""
        match membership:
            case StaticMembers():
                return await self.of_static(membership)
            case CohortDefinition():
                # Up to thousands of conditions and regular expressions.
                return await run_in_worker(partial(self.of_definition, membership, graph))
            case _:
                assert_never(membership)

    def of_definition(self, definition: CohortDefinition, graph: CohortGraph) -> Query | None:
        project, saved_objects = trend_project(self.project), graph.saved_objects(definition)
        context = CompileContext(project.timezone, self.now, project.week_start, saved_objects.cohorts)
        return members(definition, context, saved_objects)

    async def of_static(self, membership: StaticMembers) -> Query | None:
        """Raises BadUserInput for distinct ids that no person has."""
        if not membership.distinct_ids:
            return None
        known = await self._known(membership.distinct_ids)
        unknown = [text for text in dict.fromkeys(membership.distinct_ids) if text not in known]
        if unknown:
            raise BadUserInput(
                "Unknown distinct ids ({count}): {ids}{rest}.",
                count=len(unknown),
                ids=tuple(map(repr, unknown[:_MAX_NAMED])),
                rest=", and more" * (len(unknown) > _MAX_NAMED),
                path=DISTINCT_IDS,
                hint="A distinct id is known once an event or a person with it is loaded.",
            )
        return listed_members(membership.distinct_ids)

    async def _known(self, distinct_ids: tuple[str, ...]) -> set[str]:
        query = known_distinct_ids(distinct_ids)
        statement = render(scope_to_project(self.layout.lower(query), self.project.id))
        result = await self.engine.query(statement.text, statement.params, limits=self.limits)
        return {str(text) for text in result.columns[0]}
