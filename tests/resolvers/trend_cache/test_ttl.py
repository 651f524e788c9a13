from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from datasource.layouts.native import NativeLayout
from resolvers.trend_cache.ttl import ttl
from resolvers.trends.compile import compile_trend
from resolvers.trends.query import EventSeries, TrendDisplay, TrendInterval, TrendProject, TrendQuery

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
PROJECT = TrendProject(1, ZoneInfo("UTC"))


def minutes(*, is_told: bool = True, is_changing: bool = False, **query: object) -> float:
    question = TrendQuery((EventSeries("a"),), **query)  # type: ignore[arg-type]  # fields of every kind
    plan = compile_trend(question, PROJECT, NativeLayout(), now=NOW)
    return ttl(plan, NOW, is_told=is_told, is_changing=is_changing) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (TrendInterval.MINUTE, 0.5),
        (TrendInterval.HOUR, 2),
        (TrendInterval.DAY, 5),
        (TrendInterval.WEEK, 10),
        (TrendInterval.MONTH, 10),
    ],
)
def test_open_range_is_kept_by_its_interval(interval: TrendInterval, expected: float) -> None:
    assert minutes(interval=interval, date_from="-1d") == expected


def test_total_over_an_open_range_counts_as_days() -> None:
    assert minutes(interval=TrendInterval.MINUTE, display=TrendDisplay.BOLD_NUMBER) == 5


def test_ended_range_is_kept_for_long() -> None:
    ended: dict[str, Any] = {"date_from": "2020-01-01", "date_to": "2020-01-13"}
    assert minutes(**ended) == 24 * 60
    assert minutes(**ended, is_told=False) == 60


def test_range_that_ended_only_just_may_get_late_events() -> None:
    assert minutes(date_from="2020-01-01", date_to="2020-01-14") == 5


def test_compared_range_that_ended_does_not_close_one_that_has_not() -> None:
    assert minutes(date_from="-3d", compare=True) == 5
    assert minutes(date_from="2020-01-01", date_to="2020-01-07", compare=True) == 24 * 60


def test_nothing_is_kept_for_long_while_data_change() -> None:
    assert minutes(date_from="2020-01-01", date_to="2020-01-13", is_changing=True) == 0.5
    assert minutes(date_from="-3d", is_changing=True) == 0.5
