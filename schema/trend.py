"""The answer of a trend."""

from datetime import datetime
from functools import partial
from typing import Annotated, Self

import strawberry

import schema.trend_enums  # noqa: F401 - publishes the enums of trends, before their first use
from permissions.enforce import READ, check_object, controlled
from permissions.guarded_field import guarded_field
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers.exports import SCOPE as EXPORT_SCOPE
from resolvers.exports import Asked, ExportFormat, write_link
from resolvers.trend_cache.cached_trend import CachedTrend
from resolvers.trend_cache.read_through import Refresh
from resolvers.trends.csv import write_csv
from resolvers.trends.query import TrendInterval, TrendMath
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult
from schema.action import READ_SCOPE, Action
from schema.field_costs import assumed_size
from schema.info import ContextInfo

RefreshArgument = Annotated[
    Refresh, strawberry.argument(description="Whether figures that were computed earlier will do.")
]


@strawberry.type(description="One line of figures.")
class TrendSeries:
    reached: strawberry.Private[ReachedProject]
    action_id: strawberry.Private[int | None]
    label: str = strawberry.field(description="The name of the event or the action, or the breakdown value.")
    order: int = strawberry.field(description="Position of the series in the query, from 0.")
    event: str | None = strawberry.field(
        description="The event's name; null: every event, or the series counts no event."
    )
    custom_name: str | None = strawberry.field(description="The client's own name, as sent.")
    math: TrendMath | None = strawberry.field(description="What was counted; null for a formula.")
    formula: str | None = strawberry.field(description="The formula that this series is the result of.")
    data: list[float | None] = strawberry.field(
        description="One figure per bucket; empty for displays that carry one total."
    )
    days: list[str] = strawberry.field(description="The start of each bucket, parallel to data.")
    labels: list[str] = strawberry.field(description="The same in words.")
    count: float = strawberry.field(description="The sum of data; for a cumulative display its last value.")
    aggregated_value: float | None = strawberry.field(description="The total of displays that carry one.")
    breakdown_value: list[str] | None = strawberry.field(
        description="One value per breakdown; null where there is no breakdown."
    )
    compare_label: CompareLabel | None = strawberry.field(description="Which period; null without a comparison.")

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
    def from_result(cls, series: SeriesResult, project: ReachedProject) -> Self:
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
            data=[None if figure is None else float(figure) for figure in series.data],
            days=list(series.days),
            labels=list(series.labels),
            count=series.count,
            aggregated_value=series.aggregated_value,
            breakdown_value=None if breakdown is None else list(breakdown),
            compare_label=series.compare_label,
        )


@strawberry.type(description="What the answer cost ClickHouse.")
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


def _show_csv(root: strawberry.Parent["Trend"]) -> str:
    return write_csv(root.result)


@strawberry.type(
    description=(
        "Links to the trend as a document, paths at the gateway's own address. Whoever holds one can open it, in "
        "a browser too, for 10 minutes, and reads the question in it. The API key that asked, and its access, are "
        "checked again. The figures are those of the moment when the link was made; up to 10000 breakdown values "
        "have lines of their own."
    )
)
class TrendExports:
    csv: str = strawberry.field(description="The document of Trend.csv, with more breakdown values.")
    arrow: str = strawberry.field(
        description=(
            "Arrow's stream format, a row per series and bucket: series, label, custom_name, period, breakdown_1, "
            "..., start (a date, or an instant for hours and minutes), bucket, value."
        )
    )
    parquet: str = strawberry.field(description="The same rows as a Parquet file.")


@strawberry.type(description="Series of figures over dates.")
class Trend:
    reached: strawberry.Private[ReachedProject]
    asked: strawberry.Private[Asked]
    result: strawberry.Private[TrendResult]
    series: list[TrendSeries] = strawberry.field(directives=assumed_size(25), description="The lines, in order.")
    days: list[str] = strawberry.field(description="The time axis that the current period's series share.")
    labels: list[str] = strawberry.field(description="The same in words.")
    interval: TrendInterval = strawberry.field(description="The length of one bucket.")
    date_from: datetime = strawberry.field(description="The start of the range that was read.")
    date_to: datetime = strawberry.field(description="The end of the range that was read.")
    timezone: str = strawberry.field(description="The project's time zone, in which days were counted.")
    has_more: bool = strawberry.field(description="Breakdown values were cut at breakdownLimit.")
    csv: str = strawberry.field(
        resolver=_show_csv,
        description=(
            "The same figures as a CSV document (RFC 4180): a line per series, a column per bucket. "
            "Texts are exact: a spreadsheet that runs those that begin like a formula has to import them as text. "
            "breakdownLimit holds here too; exports often ask for 512 values."
        ),
    )
    sql: str = strawberry.field(description="The ClickHouse SQL that ran, parameters bound by name.")
    statistics: QueryStatistics = strawberry.field(
        description="What computing the figures cost, at lastRefresh where isCached is true."
    )
    is_cached: bool = strawberry.field(description="Whether the figures were computed for an earlier request.")
    last_refresh: datetime = strawberry.field(
        description="When the figures were computed. A range without an end reaches up to then."
    )

    @guarded_field(scopes=[EXPORT_SCOPE], description="Links to the trend as a document.")
    def exports(self, info: ContextInfo) -> TrendExports:
        link = partial(write_link, info.context, self.reached, self.asked)
        return TrendExports(
            csv=link(ExportFormat.CSV), arrow=link(ExportFormat.ARROW), parquet=link(ExportFormat.PARQUET)
        )

    @classmethod
    def from_answer(cls, answer: CachedTrend, project: ReachedProject, asked: Asked) -> Self:
        result = answer.result
        return cls(
            reached=project,
            asked=asked,
            result=result,
            series=[TrendSeries.from_result(series, project) for series in result.series],
            days=list(result.days),
            labels=list(result.labels),
            interval=result.interval,
            date_from=result.date_from,
            date_to=result.date_to,
            timezone=result.timezone,
            has_more=result.has_more,
            sql=result.sql,
            statistics=QueryStatistics.from_result(result.statistics),
            is_cached=answer.is_cached,
            last_refresh=answer.computed_at,
        )
