"""Results of trends to put into a cache."""

from datetime import UTC, datetime

from resolvers.trends.query import TrendInterval, TrendMath
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult

NOW = datetime(2020, 1, 15, 13, 5, 1, 250_000, tzinfo=UTC)


def result_of(count: float) -> TrendResult:
    series = SeriesResult(
        label="Größe",
        order=0,
        event=None,
        math=TrendMath.TOTAL,
        data=(count, None),
        days=("2020-01-14", "2020-01-15"),
        labels=("14-Jan-2020", "15-Jan-2020"),
        count=count,
        breakdown_value=("a", "b"),
        compare_label=CompareLabel.PREVIOUS,
    )
    return TrendResult(
        series=(series,),
        days=series.days,
        labels=series.labels,
        interval=TrendInterval.DAY,
        date_from=NOW,
        date_to=NOW,
        timezone="UTC",
        has_more=True,
        sql="SELECT 1",
        statistics=Statistics(1.5, 2**40, 3, 1),
        breakdown_headers=("plan", "place"),
        cohort_names={"1": "Everybody"},
    )
