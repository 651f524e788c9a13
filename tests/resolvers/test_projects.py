from collections.abc import Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from datasource.metadata.records import ProjectRecord, WeekStartDay
from resolvers.projects import trend_project
from resolvers.trends.query import FilterGroup, PropertyFilter, PropertyOperator, PropertyType


def record(*filters: Mapping[str, object]) -> ProjectRecord:
    return ProjectRecord(
        id=7,
        organization_id="o",
        name="shop",
        timezone="Asia/Kolkata",
        week_start_day=WeekStartDay.MONDAY,
        test_account_filters=filters,
        group_types=(),
        created_at=datetime(2020, 1, 1, tzinfo=UTC),
    )


def test_trend_project_takes_over_what_trends_need() -> None:
    project = trend_project(record())
    assert project.id == 7
    assert project.timezone == ZoneInfo("Asia/Kolkata")
    assert project.week_start is WeekStartDay.MONDAY
    assert project.test_account_filters == FilterGroup()


def test_stored_filters_are_read_with_their_defaults() -> None:
    project = trend_project(
        record(
            {"key": "email", "value": ["@a.example", 1], "operator": "NOT_ICONTAINS", "type": "PERSON"},
            {"key": "plan", "type": "GROUP", "groupTypeIndex": 2, "operator": "IS_SET"},
            {"key": "internal", "value": True},
        )
    )
    assert project.test_account_filters.children == (
        PropertyFilter("email", ("@a.example", 1), PropertyOperator.NOT_ICONTAINS, PropertyType.PERSON),
        PropertyFilter("plan", None, PropertyOperator.IS_SET, PropertyType.GROUP, 2),
        PropertyFilter("internal", True),
    )
    assert {leaf.path for leaf in project.test_account_filters.leaves()} == {("query", "filter_test_accounts")}


@pytest.mark.parametrize(
    "stored",
    [{"key": "a", "operator": "LIKE"}, {"key": "a", "groupTypeIndex": "1"}, {"key": "a", "value": {"b": 1}}],
)
def test_stored_filter_that_is_damaged_is_a_failure_and_no_filter(stored: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        trend_project(record(stored))
