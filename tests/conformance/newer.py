"""The newer form of a query, camelCase, as the variables of a GraphQL query."""

from tests.conformance.fields import CaseError, Fields, read_object, without_missing
from tests.conformance.filters import Input, read_filter_list, read_filter_tree
from tests.conformance.series import (
    SeriesInput,
    place_series,
    read_breakdown_filter,
    read_display,
    read_interval,
    read_math,
)

# How an answer is drawn; no value depends on it.
_DRAWING = (
    "aggregationAxisFormat",
    "aggregationAxisPostfix",
    "aggregationAxisPrefix",
    "decimalPlaces",
    "goalLines",
    "hiddenLegendIndexes",
    "resultCustomizationBy",
    "resultCustomizations",
    "showAlertThresholdLines",
    "showLabelsOnSeries",
    "showLegend",
    "showMultipleYAxes",
    "showPercentStackView",
    "showValuesOnSeries",
    "yAxisScaleType",
)


def read_trends_query(query: object, where: str = "trends_query", *, is_export: bool = False) -> Input:
    """Return the query as TrendQueryInput. Raises CaseError for what that cannot express."""
    with read_object(query, where) as fields:
        if fields.take("kind", "TrendsQuery") != "TrendsQuery":
            raise CaseError(f"{where}.kind: only a TrendsQuery is a trend")
        return {
            **place_series([_read_node(item, place) for place, item in fields.items("series")]),
            **read_filter_tree(fields.take("properties", []), f"{where}.properties"),
            **without_missing(
                interval=read_interval(fields),
                filterTestAccounts=fields.flag("filterTestAccounts") or None,
                samplingFactor=fields.number("samplingFactor"),
            ),
            **_read_dates(fields.take("dateRange", {}), f"{where}.dateRange"),
            **_read_breakdowns(fields.take("breakdownFilter", {}), f"{where}.breakdownFilter", is_export),
            **_read_compare(fields.take("compareFilter", {}), f"{where}.compareFilter"),
            **_read_trends_filter(fields.take("trendsFilter", {}), f"{where}.trendsFilter"),
        }


def _read_node(node: object, where: str) -> SeriesInput:
    with read_object(node, where) as fields:
        kind = fields.take("kind")
        if kind not in ("EventsNode", "ActionsNode"):
            raise CaseError(f"{where}.kind: the gateway has no series of kind {kind!r}")
        fields.drop(("name",))  # it never enters a label
        parts = without_missing(
            customName=fields.text("custom_name"),
            properties=read_filter_list(fields.take("properties", []), f"{where}.properties") or None,
        )
        return SeriesInput(kind == "ActionsNode", {**_read_subject(fields, kind), **parts, **read_math(fields)})


def _read_subject(fields: Fields, kind: object) -> Input:
    if kind == "EventsNode":
        return {"event": fields.text("event")}
    return {"actionId": str(fields.take("id", ""))}


def _read_dates(value: object, where: str) -> Input:
    with read_object(value, where) as fields:
        return {
            "dateFrom": fields.text("date_from"),
            "dateTo": fields.text("date_to"),
            "explicitDate": fields.flag("explicitDate"),
        }


def _read_breakdowns(value: object, where: str, is_export: bool) -> Input:
    with read_object(value, where) as fields:
        return read_breakdown_filter(fields, is_export=is_export)


def _read_compare(value: object, where: str) -> Input:
    with read_object(value, where) as fields:
        compare_to = fields.text("compare_to")
        return {"compare": True, "compareTo": compare_to} if fields.flag("compare") else {}


def _read_trends_filter(value: object, where: str) -> Input:
    with read_object(value, where) as fields:
        fields.drop(_DRAWING)
        return without_missing(
            display=read_display(fields),
            smoothingIntervals=fields.integer("smoothingIntervals"),
            formulas=_read_formulas(fields) or None,
        )


def _read_formulas(fields: Fields) -> list[Input]:
    """Of the three ways to give formulas, the newest one present counts."""
    single = fields.text("formula")
    listed = [{"formula": item} for _, item in fields.items("formulas")]
    nodes = [_read_formula_node(item, place) for place, item in fields.items("formulaNodes")]
    return nodes or listed or ([{"formula": single}] if single else [])


def _read_formula_node(node: object, where: str) -> Input:
    with read_object(node, where) as fields:
        return without_missing(formula=fields.required_text("formula"), customName=fields.text("custom_name"))
