"""The GraphQL type of insights and the mutations that change them."""

from collections.abc import Collection
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
from schema.stored_query import read_stored_query
from schema.trend import RefreshArgument, Trend
from schema.trend_input import TrendQueryInput
from schema.trend_price import price_of
from schema.trend_query_reader import read_trend_query

READ_SCOPE = "insight:read"
WRITE_SCOPE = "insight:write"
WRITE_GATE = Gate(INSIGHT)
CREATE_GATE = Gate(INSIGHT, strictly=True)


def _show_query(root: strawberry.Parent["Insight"]) -> JSON:
    return JSON(root.record.query)


@strawberry.federation.type(keys=["projectId id"], description="A saved trend query.")
class Insight(Saved):
    resource: ClassVar[Resource] = INSIGHT
    saved: ClassVar[SavedResource[InsightRecord]] = SAVED_INSIGHTS
    record: strawberry.Private[InsightRecord]

    query: JSON = strawberry.field(
        resolver=_show_query, description="The stored TrendQueryInput, as the client sent it."
    )

    @guarded_field(directives=READS_EVENTS, scopes=[READ_SCOPE], description="The result of the stored query.")
    async def trend(
        self,
        info: ContextInfo,
        date_from: Annotated[
            str | None,
            strawberry.argument(description="Replaces the query's dateFrom; null keeps it."),
        ] = None,
        date_to: Annotated[
            str | None, strawberry.argument(description="Replaces the query's dateTo; null keeps it.")
        ] = None,
        refresh: RefreshArgument = Refresh.CACHE_FIRST,
    ) -> Trend:
        context = info.context
        dates = {"date_from": date_from, "date_to": date_to}
        given = {key: value for key, value in dates.items() if value is not None}
        try:
            stored = read_stored_query(info, self.record.query)
            query = read_trend_query(stored, max_filters=context.settings.max_filters)
            query = replace(
                query,
                date_from=given.get("date_from", query.date_from),
                date_to=given.get("date_to", query.date_to),
            )
            trend = await resolve_trend(context, self.reached, query, price=price_of(info), refresh=refresh)
        except GatewayError as error:
            if not error.path and not isinstance(error, BadUserInput):
                raise
            raise self._about(error, given) from error
        raw_query = {**self.record.query, "dateFrom": query.date_from, "dateTo": query.date_to}
        return Trend.from_cached(trend, self.reached, query, ExportQuery(raw_query, self.record.id))

    def _about(self, error: GatewayError, given: Collection[str]) -> GatewayError:
        """Name the insight in an error about its query, which the caller may not have written."""
        if error.path[:1] == ("query",) and error.path[1:] in {(key,) for key in given}:
            return error.at(error.path[1:])
        return error.reworded(
            "Insight {id}, {name!r}, cannot run: {message}", id=self.record.id, name=self.record.name
        )


@strawberry.input(name="InsightCreateInput", description="The insight to create.")
class InsightCreateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    name: str = strawberry.field(description="The name, up to 400 characters.")
    description: str = strawberry.field(default="", description="The description, up to 10,000 characters.")
    query: TrendQueryInput = strawberry.field(description="The trend query, which must be valid now.")


@strawberry.input(
    name="InsightUpdateInput", description="The changes to an insight; fields that are left out keep their values."
)
class InsightUpdateInput:
    project_id: strawberry.ID = strawberry.field(description="The id of the project.")
    id: strawberry.ID = strawberry.field(description="The id of the insight.")
    name: strawberry.Maybe[str | None] = strawberry.field(description="The new name.")
    description: strawberry.Maybe[str | None] = strawberry.field(description="The new description.")
    query: strawberry.Maybe[TrendQueryInput | None] = strawberry.field(
        description="The new trend query, which replaces the whole existing one."
    )


@strawberry.type
class InsightMutations:
    @guarded_field(scopes=[WRITE_SCOPE], gate=CREATE_GATE, description="Create an insight.")
    async def insight_create(
        self,
        info: ContextInfo,
        input: Annotated[InsightCreateInput, strawberry.argument(description="The insight to create.")],
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
        scopes=[WRITE_SCOPE],
        gate=WRITE_GATE,
        description="Change an insight; fields that are left out keep their values.",
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
        id: Annotated[
            strawberry.ID, strawberry.argument(description="The id of the insight, which is also the result.")
        ],
    ) -> strawberry.ID:
        project = await info.context.reach(project_id)
        await SAVED_INSIGHTS.delete(info.context, project, id)
        return id


def _read_query(info: ContextInfo, query: TrendQueryInput) -> InsightQuery:
    trend_query = read_trend_query(query, max_filters=info.context.settings.max_filters)
    return InsightQuery(raw=raw_argument(info, "input")["query"], query=trend_query)
