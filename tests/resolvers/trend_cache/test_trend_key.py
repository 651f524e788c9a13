"""What changes the key of a trend, and what does not."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from datasource.layouts.native import NativeLayout
from datasource.metadata.records import WeekStartDay
from resolvers.trend_cache.key import trend_key
from resolvers.trends.actions import Action, ActionStep
from resolvers.trends.compile import compile_trend
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.hogql import filter_expression
from resolvers.trends.hogql.clock import clock_of
from resolvers.trends.hogql.datetime_functions import DATETIME_FUNCTIONS
from resolvers.trends.query import (
    ActionSeries,
    Breakdown,
    BreakdownType,
    Cohort,
    EventSeries,
    FilterGroup,
    Formula,
    Math,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendProject,
    TrendQuery,
)
from resolvers.trends.resolve import resolve
from resolvers.trends.saved_objects import SavedObjects

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
PROJECT = TrendProject(1, ZoneInfo("America/New_York"))
QUERY = TrendQuery((EventSeries("paid", path=("query", "events", 0)), ActionSeries(7)))
SAVED = SavedObjects({7: Action(7, "Buy", (ActionStep("buy"),))}, {3: Cohort(3, "VIPs", version=1)})
PLAN = FilterGroup(children=(PropertyFilter("plan", "pro"),))
ARGUMENTS = (
    *("", "timestamp", "1", "'day', timestamp", "timestamp, 1", "timestamp, '%Y'", "timestamp, INTERVAL 1 DAY"),
    *("'day', timestamp, timestamp", "'day', 1, timestamp"),
)
EXACT: Mapping[str, Any] = {"date_from": "-1h", "explicit_date": True}


def key(
    query: TrendQuery = QUERY,
    project: TrendProject = PROJECT,
    saved_objects: SavedObjects = SAVED,
    *,
    now: datetime = NOW,
    data_version: int = 1,
) -> str:
    return trend_key(resolve(query, project, now), saved_objects, data_version)


@pytest.mark.parametrize(
    "change",
    [
        {"series": QUERY.series[:1]},
        {"series": (EventSeries("paid", custom_name="Sales"), ActionSeries(7))},
        {"series": (EventSeries("paid", Math(TrendMath.DAU)), ActionSeries(7))},
        {"series": (EventSeries("paid", filters=PLAN), ActionSeries(7))},
        {"filters": PLAN},
        {"filter_test_accounts": True},
        {"date_from": "-6d"},
        {"date_to": "2020-01-14"},
        {"explicit_date": True},
        {"interval": TrendInterval.WEEK},
        {"breakdowns": (Breakdown("city"),)},
        {"breakdown_limit": 26},
        {"breakdown_hide_other": True},
        {"compare": True},
        {"compare": True, "compare_to": "-1w"},
        {"display": TrendDisplay.ACTIONS_PIE},
        {"formulas": (Formula("A"),)},
        {"smoothing_intervals": 2},
        {"sampling_factor": 0.5},
    ],
    ids=" ".join,
)
def test_every_part_of_the_query_changes_the_key(change: dict[str, Any]) -> None:
    assert key(replace(QUERY, **change)) != key()


def test_paths_of_the_input_do_not_change_the_key() -> None:
    events = (replace(QUERY.series[0], path=("insight", "series", 0)), QUERY.series[1])
    assert key(replace(QUERY, series=events)) == key()


@pytest.mark.parametrize(
    "change",
    [
        {"id": 2},
        {"timezone": ZoneInfo("America/Toronto")},  # the same wall time, another name
        {"week_start": WeekStartDay.MONDAY},
        {"test_account_filters": PLAN},
    ],
    ids=" ".join,
)
def test_project_settings_change_the_key(change: dict[str, Any]) -> None:
    assert key(project=replace(PROJECT, **change)) != key()


@pytest.mark.parametrize(
    "saved_objects",
    [
        replace(SAVED, actions={7: Action(7, "Buy", (ActionStep("purchase"),))}),
        replace(SAVED, actions={7: Action(7, "Purchase", (ActionStep("buy"),))}),
        replace(SAVED, actions={}),
        replace(SAVED, cohorts={3: Cohort(3, "VIPs", version=2)}),
        replace(SAVED, cohorts={3: Cohort(3, "Others", version=1)}),
        replace(SAVED, cohorts={}),
    ],
    ids=["steps", "name", "no action", "cohort version", "cohort name", "no cohort"],
)
def test_saved_objects_change_the_key(saved_objects: SavedObjects) -> None:
    assert key(saved_objects=saved_objects) != key()


def test_data_version_changes_the_key() -> None:
    assert key(data_version=2) != key()


def test_clock_changes_the_key_of_a_range_of_days_once_a_day() -> None:
    assert key(now=NOW + timedelta(hours=3)) == key()
    assert key(now=NOW + timedelta(days=1)) != key()


def test_day_begins_at_midnight_of_the_project() -> None:
    midnight = datetime(2020, 1, 16, 5, tzinfo=UTC)
    assert key(now=midnight - timedelta(seconds=1)) == key()
    assert key(now=midnight) != key()


def test_clock_changes_the_key_of_a_range_that_ends_now_every_minute() -> None:
    query = replace(QUERY, **EXACT)
    assert key(query, now=NOW + timedelta(seconds=50)) == key(query)
    assert key(query, now=NOW + timedelta(seconds=60)) != key(query)


def test_clock_does_not_change_the_key_of_absolute_dates() -> None:
    query = replace(QUERY, date_from="2019-12-01", date_to="2019-12-31", compare=True)
    assert key(query, now=NOW + timedelta(days=400)) == key(query)


def test_whole_history_depends_on_its_end() -> None:
    query = replace(QUERY, date_from="all")
    assert key(query, now=NOW + timedelta(hours=3)) == key(query)
    assert key(query, now=NOW + timedelta(days=1)) != key(query)
    ended = replace(query, date_to="2019-12-31")
    assert key(ended, now=NOW + timedelta(days=1)) == key(ended)


def _hogql(expression: str) -> FilterGroup:
    return FilterGroup(children=(PropertyFilter(expression, type=PropertyType.HOGQL),))


def _queries_with(expression: str) -> dict[str, tuple[TrendQuery, TrendProject, SavedObjects]]:
    """The expression wherever a trend can have one."""
    absolute = replace(QUERY, date_from="2019-12-01", date_to="2019-12-31")
    math = EventSeries("paid", Math(TrendMath.HOGQL, expression=f"max({expression})"))
    step = ActionStep("buy", properties=tuple(_hogql(expression).leaves()))
    return {
        "filter": (replace(absolute, filters=_hogql(expression)), PROJECT, SAVED),
        "series": (replace(absolute, series=(EventSeries("a", filters=_hogql(expression)),)), PROJECT, SAVED),
        "math": (replace(absolute, series=(math,)), PROJECT, SAVED),
        "breakdown": (
            replace(absolute, breakdowns=(Breakdown(expression, BreakdownType.HOGQL),)),
            PROJECT,
            SAVED,
        ),
        "action": (absolute, PROJECT, replace(SAVED, actions={7: Action(7, "Buy", (step,))})),
        "test accounts": (
            replace(absolute, filter_test_accounts=True),
            replace(PROJECT, test_account_filters=_hogql(expression)),
            SAVED,
        ),
    }


@pytest.mark.parametrize("place", _queries_with(""))
@pytest.mark.parametrize(
    ("expression", "elapsed", "is_equal"),
    [
        ("timestamp > now()", timedelta(seconds=50), True),
        ("timestamp > now()", timedelta(minutes=1), False),
        ("timestamp > NOW()", timedelta(minutes=1), False),
        ("toDate(timestamp) = today()", timedelta(minutes=1), True),
        ("toDate(timestamp) = today()", timedelta(days=1), False),
        ("toDate(timestamp) = yesterday()", timedelta(days=1), False),
        ("properties.known = 'nowhere'", timedelta(days=1), True),
    ],
)
def test_clock_in_hogql_changes_the_key(place: str, expression: str, elapsed: timedelta, is_equal: bool) -> None:
    query, project, saved_objects = _queries_with(expression)[place]
    keys = [key(query, project, saved_objects, now=now) for now in (NOW, NOW + elapsed)]
    assert (keys[0] == keys[1]) is is_equal


@pytest.mark.parametrize(
    ("condition", "elapsed", "is_equal"),
    [
        (PropertyFilter("since", "-7d", PropertyOperator.IS_DATE_AFTER), timedelta(seconds=50), True),
        (PropertyFilter("since", "-7d", PropertyOperator.IS_DATE_AFTER), timedelta(minutes=1), False),
        (PropertyFilter("since", ("2020", "-7d"), PropertyOperator.IS_DATE_BEFORE), timedelta(minutes=1), False),
        (PropertyFilter("since", "dStart", PropertyOperator.IS_DATE_AFTER), timedelta(minutes=1), True),
        (PropertyFilter("since", "yesterday", PropertyOperator.IS_DATE_EXACT), timedelta(days=1), False),
        (PropertyFilter("since", "2020-01-01", PropertyOperator.IS_DATE_AFTER), timedelta(days=1), True),
        (PropertyFilter("since", "-7d"), timedelta(days=1), True),
        (
            PropertyFilter("timestamp", "-7d", PropertyOperator.GT, PropertyType.EVENT_METADATA),
            timedelta(minutes=1),
            False,
        ),
    ],
)
def test_relative_date_in_a_filter_changes_the_key(
    condition: PropertyFilter, elapsed: timedelta, is_equal: bool
) -> None:
    query = replace(
        QUERY, date_from="2019-01-01", date_to="2019-02-01", filters=FilterGroup(children=(condition,))
    )
    keys = [key(query, now=now) for now in (NOW, NOW + elapsed)]
    assert (keys[0] == keys[1]) is is_equal


def test_test_account_filters_that_are_off_do_not_bring_in_the_clock() -> None:
    query = replace(QUERY, date_from="2019-12-01", date_to="2019-12-31")
    project = replace(PROJECT, test_account_filters=_hogql("timestamp > now()"))
    assert key(query, project, now=NOW + timedelta(minutes=1)) == key(query, project)


@pytest.mark.parametrize("name", sorted(DATETIME_FUNCTIONS))
def test_functions_that_read_the_clock_are_recognised(name: str) -> None:
    compiled = 0
    for arguments in ARGUMENTS:
        expression = f"isNotNull({name}({arguments}))"
        try:
            trees = [_translate(expression, now) for now in (NOW, NOW + timedelta(days=40))]
        except Exception:  # noqa: S112 - other arguments are tried
            continue
        compiled += 1
        assert (trees[0] != trees[1]) <= (clock_of(expression, NOW, PROJECT.timezone) is not None)
    assert compiled or name.startswith("tointerval")  # whose values stand in other expressions only


def _translate(expression: str, now: datetime) -> object:
    return filter_expression(expression, (), CompileContext(PROJECT.timezone, now))


def test_equal_keys_mean_equal_statements() -> None:
    query = replace(QUERY, filters=_hogql("timestamp > now()"), compare=True)
    minute = NOW.replace(second=0)
    plans = [compile_trend(resolve(query, PROJECT, now), NativeLayout(), SAVED) for now in (minute, minute, NOW)]
    assert plans[0].parts == plans[1].parts
    assert plans[0].parts != plans[2].parts  # up to a minute old
    assert key(query, now=minute) == key(query, now=NOW)
