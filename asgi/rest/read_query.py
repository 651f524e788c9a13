"""A trend query from REST parameters, through the schema's own input so that all checks are shared."""

from dataclasses import dataclass

import strawberry

from asgi.rest.filters import read_conditions
from asgi.rest.naming import RequestPaths
from asgi.rest.parameters import ActionEntity, Breakdown, Entity, EventEntity, TrendParameters
from asgi.rest.validation import read_identifier, read_list
from errors import BadUserInput, GatewayError
from resolvers.trends.query import BreakdownType, InputPath, PropertyType, TrendQuery
from schema.breakdown_reader import has_several_cohorts
from schema.trend_input import (
    ActionSeriesInput,
    BreakdownInput,
    EventSeriesInput,
    FormulaInput,
    SeriesInput,
    TrendQueryInput,
)
from schema.trend_query_reader import ARGUMENT, read_trend_query

EXPORT_LIMIT = 512
"""Breakdown values in a CSV file, unless the request says how many."""

_UNORDERED = -1
_SESSION_PROPERTY = "$session_duration"


@dataclass(frozen=True, slots=True)
class LocatedQuery:
    """A query, and where the client wrote its parts."""

    query: TrendQuery
    paths: RequestPaths


def read_query(parameters: TrendParameters, *, max_filters: int, is_export: bool) -> LocatedQuery:
    """Raises BadUserInput whose path begins at a parameter."""
    paths = RequestPaths()
    query = _read_input(parameters, paths)
    if parameters.breakdown_limit is not None:
        query.breakdown_limit = parameters.breakdown_limit
    elif is_export and not has_several_cohorts(query):
        query.breakdown_limit = EXPORT_LIMIT
    try:
        return LocatedQuery(read_trend_query(query, max_filters=max_filters), paths)
    except GatewayError as error:
        raise paths.locate(error) from error


def _read_input(parameters: TrendParameters, paths: RequestPaths) -> TrendQueryInput:
    events, actions = _read_entities(parameters, paths)
    filters = read_conditions(parameters.properties, ("properties",), ARGUMENT, paths)
    breakdown = _read_breakdown(parameters, paths)
    return TrendQueryInput(
        events=events,
        actions=actions,
        properties=filters.properties,
        property_group=filters.group,
        filter_test_accounts=parameters.filter_test_accounts,
        date_from=parameters.date_from,
        date_to=parameters.date_to,
        explicit_date=parameters.explicit_date,
        interval=parameters.interval,
        breakdown=breakdown,
        breakdown_type=(parameters.breakdown_type if breakdown else None) or BreakdownType.EVENT,
        breakdown_group_type_index=parameters.breakdown_group_type_index,
        breakdown_histogram_bin_count=parameters.breakdown_histogram_bin_count,
        breakdown_normalize_url=parameters.breakdown_normalize_url,
        breakdowns=[_read_listed_breakdown(each) for each in parameters.breakdowns],
        breakdown_hide_other=parameters.breakdown_hide_other_aggregation,
        compare=parameters.compare,
        compare_to=parameters.compare_to,
        display=parameters.display,
        formula=parameters.formula,
        formulas=_read_formulas(parameters, paths),
        smoothing_intervals=parameters.smoothing_intervals,
        sampling_factor=parameters.sampling_factor,
    )


def _read_entities(
    parameters: TrendParameters, paths: RequestPaths
) -> tuple[list[EventSeriesInput], list[ActionSeriesInput]]:
    """Read both lists, with positions among all series: by order, where 0 means none, then actions first."""
    if not parameters.events and not parameters.actions:
        raise BadUserInput(
            "One of events or actions is required.",
            path=("events",),
            hint='For all events: events=[{"id": null}]; for one: events=[{"id": "sign up"}].',
        )
    events = [_read_event(each, ("events", index), paths) for index, each in enumerate(parameters.events)]
    actions = [_read_action(each, ("actions", index), paths) for index, each in enumerate(parameters.actions)]
    series: list[SeriesInput] = sorted([*actions, *events], key=lambda each: each.order or _UNORDERED)
    for position, each in enumerate(series):
        each.order = position
    return events, actions


def _read_event(entity: EventEntity, path: InputPath, paths: RequestPaths) -> EventSeriesInput:
    series = EventSeriesInput(event=entity.id)
    _read_entity(entity, series, path, paths)
    return series


def _read_action(entity: ActionEntity, path: InputPath, paths: RequestPaths) -> ActionSeriesInput:
    series = ActionSeriesInput(action_id=strawberry.ID(entity.id))
    _read_entity(entity, series, path, paths)
    return series


def _read_entity(entity: Entity, series: SeriesInput, path: InputPath, paths: RequestPaths) -> None:
    filters = read_conditions(entity.properties, (*path, "properties"), (*ARGUMENT, *path), paths)
    is_session = entity.math_property == _SESSION_PROPERTY
    series.custom_name = entity.custom_name
    series.order = entity.order
    series.properties, series.property_group = filters.properties, filters.group
    series.math = entity.math
    series.math_property = entity.math_property
    series.math_property_type = PropertyType.SESSION if is_session else entity.math_property_type
    series.math_group_type_index = entity.math_group_type_index
    series.math_expression = entity.math_hogql


def _read_breakdown(parameters: TrendParameters, paths: RequestPaths) -> list[strawberry.ID] | None:
    """Read the keys. Clients send breakdown_type even without a breakdown, sometimes as undefined."""
    value: object = parameters.breakdown
    is_undefined = parameters.breakdown_type is None and "breakdown_type" in parameters.model_fields_set
    if is_undefined and not isinstance(value, str):
        return None
    items = read_list(value, ("breakdown",)) if isinstance(value, list) else [(("breakdown",), value)]
    located = [(path, item) for path, item in items if item is not None]
    for index, (path, _) in enumerate(located):
        paths.record((*ARGUMENT, "breakdown", index), path)
    return [strawberry.ID(read_identifier(item, path)) for path, item in located] or None


def _read_listed_breakdown(raw: Breakdown) -> BreakdownInput:
    return BreakdownInput(
        type=raw.type,
        property=strawberry.ID(raw.property),
        group_type_index=raw.group_type_index,
        histogram_bin_count=raw.histogram_bin_count,
        normalize_url=raw.normalize_url,
    )


def _read_formulas(parameters: TrendParameters, paths: RequestPaths) -> list[FormulaInput] | None:
    for index in range(len(parameters.formulas)):
        paths.record((*ARGUMENT, "formulas", index), ("formulas", index))
        paths.record((*ARGUMENT, "formulas", index, "formula"), ("formulas", index))
    return [FormulaInput(formula=each or "") for each in parameters.formulas] or None
