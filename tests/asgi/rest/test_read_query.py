"""Trend queries read from parameters."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asgi.rest.filters import PropertyFilter, PropertyGroup
from asgi.rest.parameters import ActionEntity, Breakdown, EventEntity, TrendParameters
from asgi.rest.read_query import read_query
from asgi.rest.validation import validate
from errors import ErrorCode, GatewayError
from resolvers.trends.query import ActionSeries, EventSeries, PropertyType, TrendInterval, TrendMath, TrendQuery

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63),
    st.floats(allow_nan=False),
    st.sampled_from(
        ["", "a", "AND", "OR", "cohort", "hogql", "undefined", "in", "-7d", "1", "true", "dau", "[1]"]
    ),
)
MODELS = (EventEntity, ActionEntity, Breakdown, PropertyFilter, PropertyGroup)
KEYS = st.sampled_from(sorted({"plan__gt", *(name for model in MODELS for name in model.model_fields)}))
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)


def read(*, is_export: bool = False, **values: Any) -> TrendQuery:
    parameters = validate(TrendParameters, values)
    return read_query(parameters, max_filters=200, is_export=is_export).query


@given(
    st.dictionaries(st.sampled_from(sorted(TrendParameters.model_fields)), VALUES, max_size=5),
    st.lists(VALUES, max_size=2),
)
def test_any_json_is_read_or_rejected_with_its_parameter(values: dict[str, Any], events: list[Any]) -> None:
    try:
        read(**{"events": [{"id": "a"}, *events], **values})
    except GatewayError as error:
        assert error.code is ErrorCode.BAD_USER_INPUT  # noqa: PT017 - both outcomes are valid
        assert not error.path or error.path[0] in TrendParameters.model_fields  # noqa: PT017


def test_series_without_an_order_come_first_and_actions_before_events() -> None:
    query = read(
        events=[{"id": "a", "order": 0}, {"id": "b", "order": 2}, {"id": "c"}],
        actions=[{"id": 1, "order": 1}, {"id": "2"}],
    )
    subjects = [series.event if isinstance(series, EventSeries) else series.action_id for series in query.series]
    assert subjects == [2, "a", "c", 1, "b"]
    assert [series.path[1:] for series in query.series if isinstance(series, ActionSeries)] == [
        ("actions", 1),
        ("actions", 0),
    ]


def test_session_duration_is_read_from_sessions() -> None:
    [series] = read(events=[{"id": "a", "math": "avg", "math_property": "$session_duration"}]).series
    assert (series.math.kind, series.math.property_type) == (TrendMath.AVG, PropertyType.SESSION)


@pytest.mark.parametrize(
    ("parameters", "asked"),
    [
        ({"interval": "minute"}, {"interval": TrendInterval.HOUR}),
        ({"interval": "five_minutes"}, {"interval": TrendInterval.FIVE_MINUTES}),
        ({"interval": "fifteen_minutes"}, {"interval": TrendInterval.FIFTEEN_MINUTES}),
        ({"interval": "thirty_minutes"}, {"interval": TrendInterval.THIRTY_MINUTES}),
        ({"interval": "quarter"}, {"interval": TrendInterval.QUARTER}),
        ({"interval": "year"}, {"interval": TrendInterval.YEAR}),
        ({"date_from": "", "explicit_date": "true"}, {"date_from": None, "explicit_date": True}),
        ({"filter_test_accounts": "FALSE"}, {"filter_test_accounts": False}),
        ({"sampling_factor": "0.1"}, {"sampling_factor": 0.1}),
        ({"smoothing_intervals": "3"}, {"smoothing_intervals": 3}),
        ({"breakdown": "a", "breakdown_limit": 7}, {"breakdown_limit": 7}),
        ({"breakdown_type": "person"}, {"breakdowns": ()}),
        ({"breakdown": [None, 7], "breakdown_type": "undefined"}, {"breakdowns": ()}),
        ({"breakdown_hide_other_aggregation": True}, {"breakdown_hide_other": True}),
    ],
)
def test_parameters_become_a_query(parameters: dict[str, Any], asked: dict[str, Any]) -> None:
    query = read(events=[{"id": "a"}], **parameters)
    assert {name: getattr(query, name) for name in asked} == asked


def test_export_has_more_breakdown_values_by_default() -> None:
    series = [{"id": "a"}]
    assert read(is_export=True, events=series, breakdown="p").breakdown_limit == 512
    assert read(is_export=True, events=series, breakdown="p", breakdown_limit=3).breakdown_limit == 3
