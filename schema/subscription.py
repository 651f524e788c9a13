"""The fields that a subscription starts with."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Self

import strawberry

from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.exports import ExportQuery
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_stream import TrendUpdate, watch_trend
from resolvers.trends.query import TrendQuery
from schema.field_costs import FREE
from schema.info import ContextInfo
from schema.project import PROJECT_SCOPE, TREND_SCOPE
from schema.raw_arguments import raw_argument
from schema.saved import ProjectId
from schema.trend import RefreshArgument, Trend
from schema.trend_input import TrendQueryInput
from schema.trend_price import price_of
from schema.trend_query_reader import read_trend_query


@strawberry.type(description="The progress of a trend; the last message of the subscription has its result.")
class TrendProgress:
    rows_read: float = strawberry.field(description="Rows read so far by all queries; never decreases.")
    total_rows: float | None = strawberry.field(
        description="About how many rows there are to read: ClickHouse's estimate, which may change, and finally "
        "the rows read. Queries that wait count as the average of the others. Null until the first has started."
    )
    bytes_read: float = strawberry.field(description="Bytes read so far by all queries, uncompressed.")
    elapsed_ms: float = strawberry.field(
        description="Time since the subscription began, including time in the queue, in milliseconds."
    )
    result: Trend | None = strawberry.field(description="The trend; null in all messages but the last.")

    @classmethod
    def from_update(
        cls, update: TrendUpdate, project: ReachedProject, query: TrendQuery, export_query: ExportQuery
    ) -> Self:
        return cls(
            rows_read=update.progress.rows_read,
            total_rows=update.progress.total_rows,
            bytes_read=update.progress.bytes_read,
            elapsed_ms=update.elapsed_s * 1000,
            result=None if update.trend is None else Trend.from_cached(update.trend, project, query, export_query),
        )


@strawberry.type(
    description="Progress of long-running queries, over a WebSocket with the subprotocol graphql-transport-ws or "
    "over HTTP as text/event-stream."
)
class Subscription:
    @guarded_field(
        directives=FREE,
        scopes=[PROJECT_SCOPE, TREND_SCOPE],
        gate=Gate(INSIGHT, strictly=True),
        is_subscription=True,
        description="Computes a trend and sends its progress at most five times a second; the last message has "
        "the result. Unsubscribing cancels its queries.",
    )
    async def trend(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        query: Annotated[TrendQueryInput, strawberry.argument(description="What to count, and how.")],
        refresh: RefreshArgument = Refresh.CACHE_FIRST,
    ) -> AsyncGenerator[TrendProgress, None]:
        context = info.context
        try:
            project = await context.reach(project_id)
            question = read_trend_query(query, max_filters=context.settings.max_filters)
            export_query = ExportQuery(raw_argument(info, "query"))
            async with aclosing(
                watch_trend(context, project, question, price=price_of(info), refresh=refresh)
            ) as updates:
                async for update in updates:
                    yield TrendProgress.from_update(update, project, question, export_query)
        except Exception as failure:
            # GraphQL raises a failure that is yielded, at the field; one that leaves the stream has no place.
            yield failure  # type: ignore[misc]  # no value of the field, see above
