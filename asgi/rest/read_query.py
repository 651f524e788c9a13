"""From the parameters of a request to the schema's own input, so that all checks and their words are the same."""

from collections.abc import Mapping
from dataclasses import dataclass

import strawberry

from asgi.rest.fields import Fields, list_items, read_members, read_text, shown
from asgi.rest.filters import read_conditions
from asgi.rest.naming import Places, in_parameters
from asgi.rest.parameters import BY_NAME, display_name
from errors import BadUserInput, GatewayError
from resolvers.trend_cache.read_through import Refresh
from resolvers.trends.query import (
    BreakdownType,
    InputPath,
    PropertyType,
    TrendDisplay,
    TrendInterval,
    TrendMath,
    TrendQuery,
)
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
"""Breakdown values that a document for export keeps."""

ENTITY_KEYS = (
    "id",
    "type",
    "order",
    "custom_name",
    "math",
    "math_property",
    "math_property_type",
    "math_group_type_index",
    "math_hogql",
    "properties",
)
BREAKDOWN_KEYS = ("property", "type", "group_type_index", "histogram_bin_count", "normalize_url")
MATHS: Mapping[str, TrendMath] = {each.value.lower(): each for each in TrendMath}
PROPERTY_SOURCES: Mapping[str, PropertyType] = {
    "event_properties": PropertyType.EVENT,
    "numerical_event_properties": PropertyType.EVENT,
    "person_properties": PropertyType.PERSON,
    "group_properties": PropertyType.GROUP,
    "session_properties": PropertyType.SESSION,
}
# Names never enter labels, and a breakdown is the whole query's.
_ENTITY_WITHOUT_EFFECT = ("name", "breakdown", "uuid", "index")
_UNORDERED = -1
_SESSION_PROPERTY = "$session_duration"
_INTERVALS = {
    **{each.value.lower(): each for each in TrendInterval},
    "minute": TrendInterval.HOUR,  # the endpoint never answered minutes
}
_DISPLAYS = {display_name(each): each for each in TrendDisplay}
BREAKDOWN_TYPES = {**{each.value.lower(): each for each in BreakdownType}, "events": BreakdownType.EVENT}
_TRENDS = dict.fromkeys(("TRENDS", "SESSIONS"), True)
_VOLUME = {"Volume": True}


@dataclass(frozen=True, slots=True)
class Question:
    """A question with where its parts were sent, for refusals."""

    query: TrendQuery
    places: Places
    refresh: Refresh


def read_parameters(values: Mapping[str, object], *, max_filters: int, is_export: bool) -> Question:
    """The question of a request. Raises BadUserInput whose path begins at a parameter."""
    places = Places()
    given = _read(Fields(values), places, is_export=is_export)
    refresh = Refresh.FORCE if values.get("refresh") else Refresh.CACHE_FIRST
    try:
        return Question(read_trend_query(given, max_filters=max_filters), places, refresh)
    except GatewayError as refusal:
        raise in_parameters(refusal, places) from refusal


def _read(fields: Fields, places: Places, *, is_export: bool) -> TrendQueryInput:
    fields.choice("insight", _TRENDS)
    fields.choice("shown_as", _VOLUME)
    fields.take("refresh")
    events, actions = _read_entities(fields, places)
    conditions = read_conditions(fields.take("properties"), ("properties",), ARGUMENT, places)
    breakdown, breakdown_type = _read_breakdown(fields, places)
    limit = fields.integer("breakdown_limit")
    query = TrendQueryInput(
        events=events,
        actions=actions,
        properties=conditions.properties,
        property_group=conditions.group,
        filter_test_accounts=fields.flag("filter_test_accounts"),
        date_from=fields.text("date_from"),
        date_to=fields.text("date_to"),
        explicit_date=fields.flag("explicit_date"),
        interval=fields.choice("interval", _INTERVALS) or TrendInterval.DAY,
        breakdown=breakdown,
        breakdown_type=breakdown_type,
        breakdown_group_type_index=fields.integer("breakdown_group_type_index"),
        breakdown_histogram_bin_count=fields.integer("breakdown_histogram_bin_count"),
        breakdown_normalize_url=fields.flag("breakdown_normalize_url"),
        breakdowns=[_read_listed(item, place) for place, item in fields.items("breakdowns")],
        breakdown_hide_other=fields.flag("breakdown_hide_other_aggregation"),
        compare=fields.flag("compare"),
        compare_to=fields.text("compare_to"),
        display=fields.choice("display", _DISPLAYS) or TrendDisplay.ACTIONS_LINE_GRAPH,
        formula=fields.text("formula"),
        formulas=_read_formulas(fields, places),
        sampling_factor=fields.number("sampling_factor"),
    )
    smoothing = fields.integer("smoothing_intervals")
    query.smoothing_intervals = 1 if smoothing is None else smoothing
    if limit is not None or is_export:
        query.breakdown_limit = EXPORT_LIMIT if limit is None else limit
    fields.refuse_rest([*BY_NAME])
    return query


def _read_entities(fields: Fields, places: Places) -> tuple[list[EventSeriesInput], list[ActionSeriesInput]]:
    """Both lists as they were sent, with places among all: by order, of which 0 is none, and actions first."""
    events = [_read_event(item, sent, places) for sent, item in fields.items("events")]
    actions = [_read_action(item, sent, places) for sent, item in fields.items("actions")]
    if not events and not actions:
        raise BadUserInput(
            "One of events or actions is required.",
            path=("events",),
            hint='For every event: events=[{"id": null}]; for one: events=[{"id": "sign up"}].',
        )
    series: list[SeriesInput] = sorted([*actions, *events], key=lambda each: each.order or _UNORDERED)
    for place, each in enumerate(series):
        each.order = place
    return events, actions


def _read_event(item: object, sent: InputPath, places: Places) -> EventSeriesInput:
    with read_members(item, sent, known=ENTITY_KEYS) as fields:
        series = EventSeriesInput()
        _require_id(fields, "null stands for every event.")
        series.event = read_text(fields.take_exact("id"), fields.at("id"))
        _read_entity(fields, series, "events", places)
    return series


def _read_action(item: object, sent: InputPath, places: Places) -> ActionSeriesInput:
    with read_members(item, sent, known=ENTITY_KEYS) as fields:
        _require_id(fields, "It is the id of a saved action.")
        action_id = fields.take("id")
        if isinstance(action_id, bool) or not isinstance(action_id, str | int):
            raise BadUserInput(f"The id of an action is needed, not {shown(action_id)}.", path=fields.at("id"))
        series = ActionSeriesInput(action_id=_identifier(action_id))
        _read_entity(fields, series, "actions", places)
    return series


def _require_id(fields: Fields, hint: str) -> None:
    if "id" not in fields:
        raise BadUserInput("The id is missing.", path=fields.at("id"), hint=hint)


def _read_entity(fields: Fields, series: SeriesInput, kind: str, places: Places) -> None:
    fields.drop(_ENTITY_WITHOUT_EFFECT)
    fields.choice("type", {kind: True})
    conditions = read_conditions(
        fields.take("properties"), fields.at("properties"), (*ARGUMENT, *fields.path), places
    )
    series.custom_name = fields.text("custom_name")
    series.order = fields.integer("order")
    series.properties, series.property_group = conditions.properties, conditions.group
    series.math = fields.choice("math", MATHS) or TrendMath.TOTAL
    series.math_property = fields.text("math_property")
    series.math_property_type = fields.choice("math_property_type", PROPERTY_SOURCES) or PropertyType.EVENT
    if series.math_property == _SESSION_PROPERTY:
        series.math_property_type = PropertyType.SESSION
    series.math_group_type_index = fields.integer("math_group_type_index")
    series.math_expression = fields.text("math_hogql")


def _read_breakdown(fields: Fields, places: Places) -> tuple[list[strawberry.ID] | None, BreakdownType]:
    """The keys and what they name. Clients send breakdown_type also where nothing is broken down."""
    value, type_ = fields.take("breakdown"), fields.take("breakdown_type")
    if type_ == "undefined":
        type_, value = None, value if isinstance(value, str) else None
    named = Fields({"breakdown_type": type_}).choice("breakdown_type", BREAKDOWN_TYPES)
    listed = list_items(value, ("breakdown",)) if isinstance(value, list) else [(("breakdown",), value)]
    keys = [(sent, item) for sent, item in listed if item is not None]
    for index, (sent, _) in enumerate(keys):
        places.note((*ARGUMENT, "breakdown", index), sent)
    if not keys:
        return None, BreakdownType.EVENT
    return [_read_key(item, sent) for sent, item in keys], named or BreakdownType.EVENT


def _read_listed(item: object, sent: InputPath) -> BreakdownInput:
    with read_members(item, sent, known=BREAKDOWN_KEYS) as fields:
        return BreakdownInput(
            type=fields.choice("type", BREAKDOWN_TYPES) or BreakdownType.EVENT,
            property=_read_key(fields.take("property"), fields.at("property")),
            group_type_index=fields.integer("group_type_index"),
            histogram_bin_count=fields.integer("histogram_bin_count"),
            normalize_url=fields.flag("normalize_url"),
        )


def _read_key(value: object, path: InputPath) -> strawberry.ID:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise BadUserInput(f"A property's key or the id of a cohort is needed, not {shown(value)}.", path=path)
    return _identifier(value)


def _read_formulas(fields: Fields, places: Places) -> list[FormulaInput] | None:
    listed = [(sent, Fields({"formula": item}, sent).text("formula")) for sent, item in fields.items("formulas")]
    for index, (sent, _) in enumerate(listed):
        places.note((*ARGUMENT, "formulas", index, "formula"), sent)
        places.note((*ARGUMENT, "formulas", index), sent)
    return [FormulaInput(formula=text or "") for _, text in listed] or None


def _identifier(value: str | int) -> strawberry.ID:
    return strawberry.ID(str(value))
