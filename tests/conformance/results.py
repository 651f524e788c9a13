"""The gateway's answer with PostHog's names."""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.conformance.filters import Input

TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) { series {
    label order event action { name } math formula data days labels
    count aggregatedValue breakdownValue compareLabel
} } } }"""

Row = dict[str, object]


def read_rows(trend: Mapping[str, Any], query: Input) -> list[Row]:
    """The rows of an answer to the query, which are its series. Keys that a row lacks are absent, not null."""
    asked = [*_listed(query, "events"), *_listed(query, "actions")]
    maths = {each["order"]: each.get("math") for each in asked}
    return [dict(_read_row(series, query, maths)) for series in trend["series"]]


def _listed(query: Input, key: str) -> list[Any]:
    value = query.get(key)
    return value if isinstance(value, list) else []


def _read_row(
    series: Mapping[str, Any], query: Input, maths: Mapping[int, object]
) -> Iterator[tuple[str, object]]:
    is_total, is_formula = not series["days"], series["formula"] is not None
    yield "label", series["label"]
    yield "order", series["order"]
    yield "count", series["count"]
    yield "days", series["days"]
    yield "data", None if is_total and is_formula else series["data"]
    if is_total:
        yield "aggregated_value", series["aggregatedValue"]
    else:
        yield "labels", series["labels"]
    yield "action", None if is_formula else _read_action(series, maths)
    if series["breakdownValue"] is not None:
        yield "breakdown_value", _read_breakdown_value(series["breakdownValue"], query)
    if series["compareLabel"] is not None:
        yield "compare", True
        yield "compare_label", series["compareLabel"].lower()


def _read_action(series: Mapping[str, Any], maths: Mapping[int, object]) -> Row:
    action = series["action"]
    name = action["name"] if action else series["event"] or "All events"
    # The gateway returns the math in use; PostHog repeats its input.
    math = series["math"].lower() if maths[series["order"]] else None
    return {"name": name, "order": series["order"], "math": math}


def _read_breakdown_value(values: list[str], query: Input) -> object:
    if query.get("breakdownType") == "COHORT":
        [value] = values
        return int(value) if value.isdecimal() else value
    keys = query.get("breakdown")
    return values[0] if isinstance(keys, list) and len(keys) == 1 else values
