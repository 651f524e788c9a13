"""What the two forms of a query have in common: series, maths, breakdowns, displays, with the gateway's names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from resolvers.trends.query import BreakdownType, TrendDisplay, TrendInterval, TrendMath
from tests.conformance.fields import CaseError, Fields, read_object, without_missing
from tests.conformance.filters import Input

EXPORT_LIMIT = 512
"""The breakdown limit of exports."""

_PROPERTY_TYPES = {
    "event_properties": "EVENT",
    "numerical_event_properties": "EVENT",
    "person_properties": "PERSON",
    "group_properties": "GROUP",
    "session_properties": "SESSION",
}
_SESSION_PROPERTY = "$session_duration"
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class SeriesInput:
    """One series as EventSeriesInput or ActionSeriesInput, without its position."""

    is_action: bool
    parts: Input


def place_series(series: Sequence[SeriesInput]) -> Input:
    """The series, in their order, as parts of TrendQueryInput."""
    placed = [(each.is_action, {**each.parts, "order": order}) for order, each in enumerate(series)]
    return {
        "events": [parts for is_action, parts in placed if not is_action],
        "actions": [parts for is_action, parts in placed if is_action],
    }


def read_math(fields: Fields) -> Input:
    """Read the math keys of a series, which are the same in both forms."""
    key = fields.text("math_property")
    kind = fields.text("math_property_type")
    if kind is not None and kind not in _PROPERTY_TYPES:
        raise CaseError(f"{fields.where}.math_property_type: the gateway has no {kind!r}")
    type_ = _PROPERTY_TYPES[kind] if kind else None
    return without_missing(
        math=enum_name(fields, "math", TrendMath),
        mathProperty=key,
        mathPropertyType="SESSION" if key == _SESSION_PROPERTY else type_,
        mathGroupTypeIndex=fields.integer("math_group_type_index"),
        mathExpression=fields.text("math_hogql"),
    )


def read_breakdown_filter(fields: Fields, *, is_export: bool) -> Input:
    """Return the breakdown keys, which are the same in both forms, as parts of TrendQueryInput."""
    listed = [_read_breakdown(item, place) for place, item in fields.items("breakdowns")]
    limit = fields.integer("breakdown_limit") or (EXPORT_LIMIT if is_export else None)
    return {
        **_read_keys(fields),
        **without_missing(
            breakdowns=listed or None,
            breakdownLimit=limit,
            breakdownHideOther=fields.flag("breakdown_hide_other_aggregation") or None,
        ),
    }


def _read_keys(fields: Fields) -> Input:
    value = fields.take("breakdown")
    keys = [item for item in (value if isinstance(value, list) else [value]) if item is not None]
    type_ = _breakdown_type(fields, "breakdown_type")
    details = without_missing(
        breakdownGroupTypeIndex=fields.integer("breakdown_group_type_index"),
        breakdownHistogramBinCount=fields.integer("breakdown_histogram_bin_count"),
        breakdownNormalizeUrl=fields.flag("breakdown_normalize_url") or None,
    )
    if not keys:
        return details  # the gateway rejects details without a breakdown
    return {"breakdown": [_as_id(key, fields.where) for key in keys], "breakdownType": type_ or "EVENT", **details}


def _read_breakdown(item: object, place: str) -> Input:
    with read_object(item, place) as fields:
        return without_missing(
            type=_breakdown_type(fields, "type"),
            property=_as_id(fields.take("property"), f"{place}.property"),
            groupTypeIndex=fields.integer("group_type_index"),
            histogramBinCount=fields.integer("histogram_bin_count"),
            normalizeUrl=fields.flag("normalize_url") or None,
        )


def _breakdown_type(fields: Fields, key: str) -> str | None:
    text = fields.text(key)
    if text is None:
        return None
    name = "EVENT" if text == "events" else text.upper()
    if name not in BreakdownType.__members__:
        raise CaseError(f"{fields.where}.{key}: the gateway has no breakdowns of type {text!r}")
    return name


def _as_id(value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise CaseError(f"{where}: must be a string or an id, not {value!r}")
    return str(value)


def read_display(fields: Fields) -> str | None:
    """ActionsLineGraph as ACTIONS_LINE_GRAPH."""
    text = fields.text("display")
    name = text and _BORDER.sub("_", text).upper()
    if name and name not in TrendDisplay.__members__:
        raise CaseError(f"{fields.where}.display: the gateway has no display {text!r}")
    return name


def read_interval(fields: Fields) -> str | None:
    """The interval's name in the gateway."""
    return enum_name(fields, "interval", TrendInterval)


def enum_name(fields: Fields, key: str, enum: type[TrendMath] | type[TrendInterval]) -> str | None:
    """Return the name of an enum value, which PostHog writes in lower case."""
    text = fields.text(key)
    if text is not None and text.upper() not in enum.__members__:
        raise CaseError(f"{fields.where}.{key}: the gateway has no {key} {text!r}")
    return text and text.upper()
