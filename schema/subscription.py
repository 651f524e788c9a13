"""The fields that a subscription starts with."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated, Self

import strawberry

from permissions.guarded_field import guarded_field
from permissions.permission_classes import Gate
from permissions.reach import ReachedProject
from permissions.resources import INSIGHT
from resolvers.exports import Asked
from resolvers.trend_stream import TrendUpdate, watch_trend
from schema.field_costs import READS_EVENTS
from schema.info import ContextInfo
from schema.project import PROJECT_SCOPE, TREND_SCOPE
from schema.raw_arguments import raw_argument
from schema.saved import ProjectId
from schema.trend import Trend
from schema.trend_input import TrendQueryInput
from schema.trend_query_reader import read_trend_query


@strawberry.type(description="How far a trend is; the last message of the subscription has its result.")
class TrendProgress:
    rows_read: float = strawberry.field(description="Rows read so far by all queries; never less than before.")
    total_rows: float | None = strawberry.field(
        description="About how many rows there are to read: ClickHouse's estimate, which may still change, and in "
        "the end what was read. Null while it is not known for every query of the trend."
    )
    bytes_read: float = strawberry.field(description="Bytes read so far by all queries, uncompressed.")
    elapsed_ms: float = strawberry.field(
        description="Time since the subscription began, waiting included, milliseconds."
    )
    result: Trend | None = strawberry.field(description="The trend; null in every message but the last.")

    @classmethod
    def from_update(cls, update: TrendUpdate, project: ReachedProject, asked: Asked) -> Self:
        answer = update.answer
        return cls(
            rows_read=update.progress.rows_read,
            total_rows=update.progress.total_rows,
            bytes_read=update.progress.bytes_read,
            elapsed_ms=update.elapsed_s * 1000,
            result=None if answer is None else Trend.from_answer(answer, project, asked),
        )


@strawberry.type(
    description="What can be followed while it is computed: over a WebSocket with the subprotocol "
    "graphql-transport-ws, or by HTTP as text/event-stream."
)
class Subscription:
    @guarded_field(
        directives=READS_EVENTS,
        scopes=[PROJECT_SCOPE, TREND_SCOPE],
        gate=Gate(INSIGHT, strictly=True),
        is_subscription=True,
        description="Runs a trend and tells how far it is, at most five times a second; the last message has the "
        "result. Unsubscribing ends its queries.",
    )
    async def trend(
        self,
        info: ContextInfo,
        project_id: ProjectId,
        query: Annotated[TrendQueryInput, strawberry.argument(description="What to count, and how.")],
    ) -> AsyncGenerator[TrendProgress, None]:
        context = info.context
        try:
            project = await context.reach(project_id)
            question = read_trend_query(query, max_filters=context.settings.max_filters)
            asked = Asked(raw_argument(info, "query"))
            async with aclosing(watch_trend(context, project, question)) as updates:
                async for update in updates:
                    yield TrendProgress.from_update(update, project, asked)
        except Exception as failure:
            # GraphQL raises a failure that is yielded, at the field; one that leaves the stream has no place.
            yield failure  # type: ignore[misc]  # no value of the field, see above
