from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from resolvers.trend_cache.ttl import ttl
from resolvers.trends.query import EventSeries, TrendDisplay, TrendInterval, TrendProject, TrendQuery
from resolvers.trends.resolve import resolve

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
PROJECT = TrendProject(1, ZoneInfo("UTC"))


def minutes(*, has_invalidation: bool = True, is_changing: bool = False, **query: object) -> float:
    question = TrendQuery((EventSeries("a"),), **query)  # type: ignore[arg-type]  # fields of every kind
    resolved = resolve(question, PROJECT, NOW)
    lifetime = ttl(resolved, NOW, has_invalidation=has_invalidation, is_changing=is_changing)
    return lifetime / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (TrendInterval.MINUTE, 0.5),
        (TrendInterval.FIVE_MINUTES, 1),
        (TrendInterval.FIFTEEN_MINUTES, 2),
        (TrendInterval.THIRTY_MINUTES, 2),
        (TrendInterval.HOUR, 2),
        (TrendInterval.DAY, 5),
        (TrendInterval.WEEK, 10),
        (TrendInterval.MONTH, 10),
        (TrendInterval.QUARTER, 10),
        (TrendInterval.YEAR, 10),
    ],
)
def test_ttl_of_an_open_range_depends_on_its_interval(interval: TrendInterval, expected: float) -> None:
    assert minutes(interval=interval, date_from="-1d") == expected


def test_total_over_an_open_range_counts_as_days_except_by_hour_and_minute() -> None:
    assert minutes(interval=TrendInterval.MONTH, display=TrendDisplay.BOLD_NUMBER) == 5
    assert minutes(interval=TrendInterval.MINUTE, display=TrendDisplay.BOLD_NUMBER) == 0.5


def test_ttl_of_an_ended_range_is_long() -> None:
    ended: dict[str, Any] = {"date_from": "2020-01-01", "date_to": "2020-01-13"}
    assert minutes(**ended) == 24 * 60
    assert minutes(**ended, has_invalidation=False) == 60


def test_range_that_ended_recently_may_get_late_events() -> None:
    assert minutes(date_from="2020-01-01", date_to="2020-01-14") == 5


def test_compared_range_that_ended_does_not_close_one_that_has_not() -> None:
    assert minutes(date_from="-3d", compare=True) == 5
    assert minutes(date_from="2020-01-01", date_to="2020-01-07", compare=True) == 24 * 60


def test_ttl_is_short_while_data_change() -> None:
    assert minutes(date_from="2020-01-01", date_to="2020-01-13", is_changing=True) == 0.5
    assert minutes(date_from="-3d", is_changing=True) == 0.5


def test_whole_history_is_as_open_as_its_end() -> None:
    assert minutes(date_from="all") == 5
    assert minutes(date_from="all", date_to="2020-01-13") == 24 * 60
