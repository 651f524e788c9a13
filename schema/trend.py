"""The result of a trend."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

import schema.trend_enums  # noqa: F401 - publishes the enums of trends, before their first use
from permissions.enforce import READ, check_object, controlled
from permissions.guarded_field import guarded_field
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers import trend_warnings
from resolvers.exports import SCOPE as EXPORT_SCOPE
from resolvers.exports import ExportFormat, ExportQuery, write_link
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trend_cache.read_through import Refresh
from resolvers.trend_warnings import TrendWarningCode, find_warnings
from resolvers.trends.csv import write_csv
from resolvers.trends.query import TrendInterval, TrendMath, TrendQuery
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult
from resolvers.worker import in_slices, run_in_worker
from schema.action import READ_SCOPE, Action
from schema.errors import FIELDS, spell_path
from schema.field_costs import Repeats, assumed_size, repeats
from schema.info import ContextInfo

RefreshArgument = Annotated[Refresh, strawberry.argument(description="Whether a cached result may be returned.")]


@strawberry.type(description="One series of a trend.")
class TrendSeries:
    reached: strawberry.Private[ReachedProject]
    action_id: strawberry.Private[int | None]
    label: str = strawberry.field(description="Name of the event or action, or the breakdown value.")
    order: int = strawberry.field(description="Position of the series in the query, from 0.")
    event: str | None = strawberry.field(
        description="Name of the event; null for all events, actions and formulas."
    )
    custom_name: str | None = strawberry.field(description="The client's own name, as sent.")
    math: TrendMath | None = strawberry.field(description="What was counted; null for a formula.")
    formula: str | None = strawberry.field(description="The formula that was evaluated; null for counted series.")
    data: list[float | None] = strawberry.field(
        metadata=repeats(Repeats.BUCKETS), description="One value per bucket; empty for displays of one total."
    )
    days: list[str] = strawberry.field(
        metadata=repeats(Repeats.BUCKETS), description="Start of each bucket, parallel to data."
    )
    labels: list[str] = strawberry.field(
        metadata=repeats(Repeats.BUCKETS), description="Start of each bucket for people to read."
    )
    count: float = strawberry.field(description="Sum of data; for a cumulative display its last value.")
    aggregated_value: float | None = strawberry.field(description="The total, for displays of one total.")
    breakdown_value: list[str] | None = strawberry.field(
        description="One value per breakdown; null without a breakdown."
    )
    compare_label: CompareLabel | None = strawberry.field(
        description="Which period the series covers; null without a comparison."
    )

    @guarded_field(scopes=[READ_SCOPE], description="The action that was counted; null for events and formulas.")
    async def action(self, info: ContextInfo) -> Action | None:
        if self.action_id is None:
            return None
        record = await info.context.loaders.actions.load((self.reached.record.id, self.action_id))
        if record is None:
            return None
        check_object(self.reached.policy, controlled(ACTION, record), READ)
        return Action.from_record(self.reached, record)

    @classmethod
    def from_result(cls, series: SeriesResult, project: ReachedProject, axis: tuple[list[str], list[str]]) -> Self:
        breakdown = series.breakdown_value
        return cls(
            reached=project,
            action_id=series.action_id,
            label=series.label,
            order=series.order,
            event=series.event,
            custom_name=series.custom_name,
            math=series.math,
            formula=series.formula,
            data=[None if value is None else float(value) for value in series.data],
            days=axis[0],
            labels=axis[1],
            count=series.count,
            aggregated_value=series.aggregated_value,
            breakdown_value=None if breakdown is None else list(breakdown),
            compare_label=series.compare_label,
        )


@strawberry.type(description="What the trend cost ClickHouse.")
class QueryStatistics:
    elapsed_ms: float = strawberry.field(
        description="Wall time from the first query to the last row, milliseconds."
    )
    rows_read: float = strawberry.field(description="Rows read by all queries.")
    bytes_read: float = strawberry.field(description="Bytes read by all queries, uncompressed.")
    queries: int = strawberry.field(description="How many queries ran.")

    @classmethod
    def from_result(cls, statistics: Statistics) -> Self:
        return cls(
            elapsed_ms=statistics.elapsed_ms,
            rows_read=statistics.rows_read,
            bytes_read=statistics.bytes_read,
            queries=statistics.queries,
        )


SafeArgument = Annotated[
    bool,
    strawberry.argument(
        description="Whether to put an apostrophe before strings that a spreadsheet would evaluate as a formula."
    ),
]


async def _show_csv(root: strawberry.Parent["Trend"], safe: SafeArgument = False) -> str:
    return await run_in_worker(partial(write_csv, root.result, is_safe=safe), size=root.result.size)


async def _show_series(root: strawberry.Parent["Trend"]) -> list[TrendSeries]:
    # All series of a period share their axis, by identity: to compare long ones takes time.
    axes = {id(each.days): (each.days, each.labels) for each in root.result.series}
    lists = {key: (list(days), list(labels)) for key, (days, labels) in axes.items()}
    return [
        TrendSeries.from_result(each, root.reached, lists[id(each.days)])
        async for each in in_slices(root.result.series)
    ]


def _link_csv(root: strawberry.Parent["TrendExports"], safe: SafeArgument = True) -> str:
    return root.link(ExportFormat.CSV, is_safe=safe)


@strawberry.type(
    description=(
        "Links to the trend as a document: paths on this gateway. Anyone who has a link can open it for 10 "
        "minutes, in a browser too, but cannot read the query in it. The API key that created it, and its access, "
        "are checked again. The document shows the trend as of when the link was created. If the query has no "
        "breakdownLimit, it has up to 10,000 breakdown values, as far as the limit of figures allows."
    )
)
class TrendExports:
    link: strawberry.Private[Callable[..., str]]
    csv: str = strawberry.field(resolver=_link_csv, description="The document of Trend.csv.")
    arrow: str = strawberry.field(
        description=(
            "Arrow's stream format, a row per series and bucket: series, label, custom_name, period, breakdown_1, "
            "..., start (a date, or an instant for hours and shorter), bucket, value."
        )
    )
    parquet: str = strawberry.field(description="The same rows as a Parquet file.")


@strawberry.type(description="What is probably wrong with a trend that was computed.")
class TrendWarning:
    code: TrendWarningCode = strawberry.field(description="What the warning is about.")
    message: str = strawberry.field(description="The warning, for people.")
    path: list[str] = strawberry.field(description="The part of the query that it is about.")
    suggestion: str | None = strawberry.field(
        description="The name that was probably meant; null without one, or if the key may not list definitions."
    )

    @classmethod
    def from_found(cls, found: trend_warnings.TrendWarning) -> Self:
        return cls(
            code=found.code,
            message=found.message.render(FIELDS),
            path=[str(step) for step in spell_path(found.path)],
            suggestion=found.suggestion,
        )


async def _show_warnings(root: strawberry.Parent["Trend"], info: ContextInfo) -> list[TrendWarning]:
    found = await find_warnings(info.context, root.reached, root.query, root.cached)
    return [TrendWarning.from_found(each) for each in found]


@strawberry.type(description="Series of values over time.")
class Trend:
    reached: strawberry.Private[ReachedProject]
    query: strawberry.Private[TrendQuery]
    export_query: strawberry.Private[ExportQuery]
    cached: strawberry.Private[CachedTrend]
    result: strawberry.Private[TrendResult]
    series: list[TrendSeries] = strawberry.field(
        resolver=_show_series,
        directives=assumed_size(25),
        metadata=repeats(Repeats.LINES),
        description="The series, in order.",
    )
    days: list[str] = strawberry.field(
        metadata=repeats(Repeats.BUCKETS), description="Start of each bucket of the current period."
    )
    labels: list[str] = strawberry.field(
        metadata=repeats(Repeats.BUCKETS), description="Start of each bucket for people to read."
    )
    interval: TrendInterval = strawberry.field(description="Length of one bucket.")
    date_from: datetime = strawberry.field(description="Start of the range.")
    date_to: datetime = strawberry.field(description="End of the range.")
    timezone: str = strawberry.field(description="The project's time zone, in which days begin and end.")
    has_more: bool = strawberry.field(description="Whether there are more breakdown values than breakdownLimit.")
    csv: str = strawberry.field(
        resolver=_show_csv,
        metadata=repeats(Repeats.FIGURES),
        description=(
            "The trend as a CSV document (RFC 4180): a row per series, a column per bucket. Strings are exact "
            "unless safe is true. breakdownLimit applies here too; exports often use 512."
        ),
    )
    sql: str = strawberry.field(description="The ClickHouse SQL that ran, with its parameters bound by name.")
    statistics: QueryStatistics = strawberry.field(
        description="What computing the trend cost; if isCached is true, at lastRefresh."
    )
    warnings: list[TrendWarning] = strawberry.field(
        resolver=_show_warnings,
        directives=assumed_size(5),
        description=(
            "What is probably wrong with the query, such as an event that does not exist, and what to know before "
            "comparing the last bucket. An empty list does not prove that the query is right."
        ),
    )
    is_cached: bool = strawberry.field(description="Whether the trend was computed for an earlier request.")
    last_refresh: datetime = strawberry.field(
        description="When the trend was computed. A range without an end ends then."
    )

    @guarded_field(scopes=[EXPORT_SCOPE], description="Links to the trend as a document.")
    def exports(self, info: ContextInfo) -> TrendExports:
        link = partial(write_link, info.context, self.reached, self.export_query)
        return TrendExports(link=link, arrow=link(ExportFormat.ARROW), parquet=link(ExportFormat.PARQUET))

    @classmethod
    def from_cached(
        cls, trend: CachedTrend, project: ReachedProject, query: TrendQuery, export_query: ExportQuery
    ) -> Self:
        result = trend.result
        return cls(
            reached=project,
            query=query,
            export_query=export_query,
            cached=trend,
            result=result,
            days=list(result.days),
            labels=list(result.labels),
            interval=result.interval,
            date_from=result.date_from,
            date_to=result.date_to,
            timezone=result.timezone,
            has_more=result.has_more,
            sql=result.sql,
            statistics=QueryStatistics.from_result(result.statistics),
            is_cached=trend.is_cached,
            last_refresh=trend.computed_at,
        )
