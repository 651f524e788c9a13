"""Saved insights: what they show, how they run, and how they are changed."""

from dataclasses import replace
from functools import partial
from typing import Annotated, ClassVar

import strawberry
from strawberry.scalars import JSON

from datasource.metadata.records import InsightRecord
from errors import BadUserInput, GatewayError
from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.resources import INSIGHT, Resource
from resolvers.exports import ExportQuery
from resolvers.insights import SAVED_INSIGHTS, InsightQuery, create_insight, update_insight
from resolvers.saved import SavedResource
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_field import resolve_trend
from schema.field_costs import READS_EVENTS
from schema.info import ContextInfo
from schema.raw_arguments import raw_argument
from schema.saved import ProjectId, Saved, read_change, read_description, read_name, under_input
from schema.stored_question import read_stored_query
from schema.trend import RefreshArgument, Trend
from schema.trend_input import TrendQueryInput
from schema.trend_query_reader import read_trend_query

READ_SCOPE = "insight:read"
WRITE_SCOPE = "insight:write"
WRITE_GATE = Gate(INSIGHT)
CREATE_GATE = Gate(INSIGHT, strictly=True)


def _show_query(root: strawberry.Parent["Insight"]) -> JSON:
    return JSON(root.record.query)


@strawberry.federation.type(keys=["projectId id"], description="A trend's query, named and saved.")
class Insight(Saved):
    resource: ClassVar[Resource] = INSIGHT
    saved: ClassVar[SavedResource[InsightRecord]] = SAVED_INSIGHTS
    record: strawberry.Private[InsightRecord]

    query: JSON = strawberry.field(
        resolver=_show_query, description="The stored TrendQueryInput, the way a client sent it."
    )

    @guarded_field(directives=READS_EVENTS, scopes=[READ_SCOPE], description="The answer of the stored query.")
    async def trend(
        self,
        info: ContextInfo,
        date_from: Annotated[
            str | None,
            strawberry.argument(description="Takes the place of the query's dateFrom; null: as stored."),
        ] = None,
        date_to: Annotated[
            str | None, strawberry.argument(description="Takes the place of the query's dateTo; null: as stored.")
        ] = None,
        refresh: RefreshArgument = Refresh.CACHE_FIRST,
    ) -> Trend:
        context = info.context
        given = {"dateFrom": date_from is not None, "dateTo": date_to is not None}
        try:
            stored = read_stored_query(info, self.record.query)
            question = read_trend_query(stored, max_filters=context.settings.max_filters)
            question = replace(
                question,
                date_from=question.date_from if date_from is None else date_from,
                date_to=question.date_to if date_to is None else date_to,
            )
            answer = await resolve_trend(context, self.reached, question, refresh=refresh)
        except GatewayError as refusal:
            if not refusal.path and not isinstance(refusal, BadUserInput):
                raise
            raise self._explain(refusal, tuple(key for key, is_given in given.items() if is_given)) from refusal
        dates = {"dateFrom": question.date_from, "dateTo": question.date_to}
        export_query = ExportQuery({**self.record.query, **dates}, self.record.id)
        return Trend.from_cached(answer, self.reached, export_query)

    def _explain(self, refusal: GatewayError, given: tuple[str, ...]) -> GatewayError:
        """Who runs an insight did not write its query: say which one it is about."""
        message, path = (
            f"The insight {self.record.id}, {self.record.name!r}, cannot run: {refusal.message}",
            refusal.path,
        )
        if refusal.path[:1] == ("query",) and refusal.path[1:] in {(key,) for key in given}:
            message, path = refusal.message, refusal.path[1:]
        return GatewayError(refusal.code, message, hint=refusal.hint, details=refusal.details, path=path)


@strawberry.input(name="InsightCreateInput", description="A new insight.")
class InsightCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    name: str = strawberry.field(description="What it is called, up to 400 characters.")
    description: str = strawberry.field(default="", description="What it is for.")
    query: TrendQueryInput = strawberry.field(description="The trend; it must be one that could run now.")


@strawberry.input(name="InsightUpdateInput", description="Changes of an insight: what is left out stays.")
class InsightUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The project it belongs to.")
    id: strawberry.ID = strawberry.field(description="The insight's id.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    query: strawberry.Maybe[TrendQueryInput | None] = strawberry.field(
        description="The new trend, which replaces all of the old one."
    )


@strawberry.type
class InsightMutations:
    """The fields of Mutation that change insights."""

    @guarded_field(scopes=[WRITE_SCOPE], gate=CREATE_GATE, description="Save a new insight.")
    async def insight_create(
        self,
        info: ContextInfo,
        input: Annotated[InsightCreateInput, strawberry.argument(description="The new insight.")],
    ) -> Insight:
        project = await info.context.reach(input.project_id)
        with under_input():
            record = await create_insight(
                info.context,
                project,
                name=read_name(input.name),
                description=read_description(input.description),
                query=_read_query(info, input.query),
            )
        return Insight.from_record(project, record)

    @guarded_field(
        scopes=[WRITE_SCOPE], gate=WRITE_GATE, description="Change an insight; what is left out stays as it is."
    )
    async def insight_update(
        self,
        info: ContextInfo,
        input: Annotated[InsightUpdateInput, strawberry.argument(description="The changes.")],
    ) -> Insight:
        project = await info.context.reach(input.project_id)
        with under_input():
            record = await update_insight(
                info.context,
                project,
                input.id,
                name=read_change(input.name, "name", read_name),
                description=read_change(input.description, "description", read_description),
                query=read_change(input.query, "query", partial(_read_query, info)),
            )
        return Insight.from_record(project, record)

    @guarded_field(scopes=[WRITE_SCOPE], gate=WRITE_GATE, description="Delete an insight.")
    async def insight_delete(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        id: Annotated[strawberry.ID, strawberry.argument(description="The insight's id; it comes back.")],
    ) -> strawberry.ID:
        project = await info.context.reach(project_id)
        await SAVED_INSIGHTS.delete(info.context, project, id)
        return id


def _read_query(info: ContextInfo, query: TrendQueryInput) -> InsightQuery:
    question = read_trend_query(query, max_filters=info.context.settings.max_filters)
    return InsightQuery(raw=raw_argument(info, "input")["query"], query=question)
