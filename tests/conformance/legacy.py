"""The legacy filter dictionary as the variables of a GraphQL query."""

import json
from collections.abc import Callable

from tests.conformance.fields import CaseError, Fields, items_of, read_object, without_missing
from tests.conformance.filters import Input, read_filter_list, read_filter_tree
from tests.conformance.series import (
    SeriesInput,
    place_series,
    read_breakdown_filter,
    read_display,
    read_interval,
    read_math,
)

# How an answer is drawn or fetched; no value depends on it.
_DRAWING = (
    "aggregation_axis_format",
    "aggregation_axis_postfix",
    "aggregation_axis_prefix",
    "decimal_places",
    "hidden_legend_keys",
    "refresh",
    "show_labels_on_series",
    "show_legend",
    "show_percent_stack_view",
    "show_values_on_series",
    "y_axis_scale_type",
)
# Parts of an entity that change no value: names never enter labels, and breakdowns belong to the whole query.
_OF_NO_EFFECT = ("name", "breakdown")
_MOST_BREAKDOWNS = 3
_UNORDERED = -1


def read_filter_dictionary(filter_: object, where: str = "filter", *, is_export: bool = False) -> Input:
    """Return the filter as TrendQueryInput. Raises CaseError for what that cannot express."""
    with read_object(_parsed(filter_, where), where) as fields:
        fields.drop(_DRAWING)
        _check_insight(fields)
        return {
            **place_series(_read_entities(fields)),
            **read_filter_tree(
                _parsed(fields.take("properties", []), f"{where}.properties"), f"{where}.properties"
            ),
            "dateFrom": fields.text("date_from"),
            "dateTo": fields.text("date_to"),
            "explicitDate": _read_flag(fields, "explicit_date"),
            **without_missing(
                interval=_read_interval(fields),
                filterTestAccounts=_read_flag(fields, "filter_test_accounts") or None,
                samplingFactor=_read_sampling(fields),
                display=read_display(fields),
                formula=fields.text("formula"),
                smoothingIntervals=fields.integer("smoothing_intervals"),
            ),
            **_read_compare(fields),
            **_read_breakdowns(fields, is_export=is_export),
        }


def _check_insight(fields: Fields) -> None:
    if fields.take("insight", "TRENDS") not in ("TRENDS", "SESSIONS"):
        raise CaseError(f"{fields.where}.insight: this is not a trend")
    if fields.take("shown_as", "Volume") != "Volume":
        raise CaseError(f"{fields.where}.shown_as: this is not a trend")


def _read_entities(fields: Fields) -> list[SeriesInput]:
    """Actions, then events, sorted by their order; an order of 0 counts as none."""
    entities = [
        *_read_kind(fields, "actions", _read_action),
        *_read_kind(fields, "events", _read_event),
    ]
    if items_of(_parsed(fields.take("data_warehouse", []), fields.where), f"{fields.where}.data_warehouse"):
        raise CaseError(f"{fields.where}.data_warehouse: the gateway has no such series")
    entities.sort(key=lambda pair: pair[0] or _UNORDERED)
    return [series for _, series in entities if series is not None]


def _read_kind(
    fields: Fields, key: str, read_subject: Callable[[Fields], Input | None]
) -> list[tuple[int | None, SeriesInput | None]]:
    where = f"{fields.where}.{key}"
    listed = items_of(_parsed(fields.take(key, []), where), where)
    return [_read_entity(item, place, key, read_subject) for place, item in listed]


def _read_entity(
    entity: object, where: str, kind: str, read_subject: Callable[[Fields], Input | None]
) -> tuple[int | None, SeriesInput | None]:
    with read_object(entity, where) as fields:
        fields.drop(_OF_NO_EFFECT)
        if fields.take("type", kind) != kind:
            raise CaseError(f"{where}.type: this entity is listed under {kind}")
        subject = read_subject(fields)
        filters = read_filter_list(_parsed(fields.take("properties", []), where), f"{where}.properties")
        parts = without_missing(customName=fields.text("custom_name"), properties=filters or None)
        order, math = fields.integer("order"), read_math(fields)
    return order, None if subject is None else SeriesInput(kind == "actions", {**subject, **parts, **math})


def _read_event(fields: Fields) -> Input:
    return {"event": fields.text("id")}


def _read_action(fields: Fields) -> Input | None:
    """Return None for an action without an id, which is not a series."""
    action_id = fields.take("id")
    return None if action_id is None else {"actionId": str(action_id)}


def _read_interval(fields: Fields) -> str | None:
    interval = read_interval(fields)
    return "HOUR" if interval == "MINUTE" else interval


def _read_sampling(fields: Fields) -> float | None:
    value = fields.take("sampling_factor")
    if value is None or value == "":
        return None
    try:
        return float(str(value))
    except ValueError as wrong:
        raise CaseError(f"{fields.where}.sampling_factor: {value!r} is not a number") from wrong


def _read_compare(fields: Fields) -> Input:
    compare_to = fields.text("compare_to")
    return {"compare": True, "compareTo": compare_to} if _read_flag(fields, "compare") else {}


def _read_breakdowns(fields: Fields, *, is_export: bool) -> Input:
    where = f"{fields.where}.breakdowns"
    kept = _parsed(fields.take("breakdowns", []), where)
    named = [item for _, item in items_of(kept, where) if not isinstance(item, dict) or item.get("property")]
    parts = {
        key: fields.take(key)
        for key in (
            "breakdown",
            "breakdown_type",
            "breakdown_group_type_index",
            "breakdown_histogram_bin_count",
            "breakdown_limit",
        )
    }
    flags = {
        key: _read_flag(fields, key) for key in ("breakdown_normalize_url", "breakdown_hide_other_aggregation")
    }
    if isinstance(parts["breakdown"], str) and parts["breakdown"].startswith("["):
        parts["breakdown"] = _list_or_text(parts["breakdown"])
    if parts["breakdown_type"] == "undefined":
        parts["breakdown_type"] = None
        parts["breakdown"] = parts["breakdown"] if isinstance(parts["breakdown"], str) else None
    if parts["breakdown"] is None:
        parts["breakdown_type"] = None
    with read_object({**parts, **flags, "breakdowns": named[:_MOST_BREAKDOWNS]}, fields.where) as breakdown:
        return read_breakdown_filter(breakdown, is_export=is_export)


def _list_or_text(text: str) -> object:
    """Parse a list of keys; a HogQL expression may begin like one."""
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


def _read_flag(fields: Fields, key: str) -> bool:
    """A boolean, which may be written as a string."""
    value = fields.take(key, False)
    flag = {"true": True, "false": False}.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(flag, bool):
        raise CaseError(f"{fields.where}.{key}: must be true or false, not {value!r}")
    return flag


def _parsed(value: object, where: str) -> object:
    """Parse a JSON string; other values are returned unchanged."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except json.JSONDecodeError as wrong:
        raise CaseError(f"{where}: {wrong}") from wrong
