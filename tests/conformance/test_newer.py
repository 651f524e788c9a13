import pytest

from tests.conformance.fields import CaseError
from tests.conformance.newer import read_trends_query

ALWAYS: dict[str, object] = {"events": [], "actions": [], "dateFrom": None, "dateTo": None, "explicitDate": False}
EVENT = {"kind": "EventsNode", "event": "pay"}


def read(**query: object) -> dict[str, object]:
    """Return what a query adds to an empty one."""
    given = read_trends_query({"kind": "TrendsQuery", **query})
    return {key: value for key, value in given.items() if key not in ALWAYS or value != ALWAYS[key]}


def test_series_keep_their_order() -> None:
    action = {"kind": "ActionsNode", "id": 7, "name": "Seven"}
    given = read(
        series=[EVENT, {**action, "math": "dau"}, {"kind": "EventsNode", "event": None, "custom_name": "any"}]
    )
    assert given == {
        "events": [{"event": "pay", "order": 0}, {"event": None, "customName": "any", "order": 2}],
        "actions": [{"actionId": "7", "math": "DAU", "order": 1}],
    }


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ({"interval": "minute"}, {"interval": "MINUTE"}),
        ({"filterTestAccounts": True, "samplingFactor": 0.5}, {"filterTestAccounts": True, "samplingFactor": 0.5}),
        ({"dateRange": {"date_from": "all", "explicitDate": True}}, {"dateFrom": "all", "explicitDate": True}),
        ({"compareFilter": {"compare": True, "compare_to": "-1w"}}, {"compare": True, "compareTo": "-1w"}),
        ({"compareFilter": {"compare": False, "compare_to": "-1w"}}, {}),
        ({"trendsFilter": {"display": "BoldNumber", "showLegend": True}}, {"display": "BOLD_NUMBER"}),
        ({"trendsFilter": {"smoothingIntervals": 7}}, {"smoothingIntervals": 7}),
        ({"trendsFilter": {"formula": "A"}}, {"formulas": [{"formula": "A"}]}),
        (
            {"trendsFilter": {"formula": "A", "formulas": ["B", "C"]}},
            {"formulas": [{"formula": "B"}, {"formula": "C"}]},
        ),
        (
            {"trendsFilter": {"formulas": ["B"], "formulaNodes": [{"formula": "C", "custom_name": "c"}]}},
            {"formulas": [{"formula": "C", "customName": "c"}]},
        ),
        (
            {"breakdownFilter": {"breakdown": ["all", 7], "breakdown_type": "cohort"}},
            {"breakdown": ["all", "7"], "breakdownType": "COHORT"},
        ),
        (
            {"breakdownFilter": {"breakdowns": [{"property": "url", "type": "person", "normalize_url": True}]}},
            {"breakdowns": [{"property": "url", "type": "PERSON", "normalizeUrl": True}]},
        ),
        (
            {
                "breakdownFilter": {
                    "breakdowns": [{"property": "n", "histogram_bin_count": 4, "group_type_index": 1}]
                }
            },
            {"breakdowns": [{"property": "n", "histogramBinCount": 4, "groupTypeIndex": 1}]},
        ),
    ],
)
def test_query_says_the_same_to_the_gateway(query: dict[str, object], parts: dict[str, object]) -> None:
    assert read(**query) == parts


def test_query_gives_the_gateway_every_breakdown_for_it_to_refuse_too_many() -> None:
    listed = [{"property": key} for key in "abcd"]
    assert read(breakdownFilter={"breakdowns": listed})["breakdowns"] == listed


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "FunnelsQuery"},
        {"conversionGoal": {}},
        {"series": [{**EVENT, "limit": 3}]},
        {"series": [{"kind": "GroupNode", "nodes": [EVENT]}]},
        {"series": [{**EVENT, "math_property_type": "data_warehouse_properties"}]},
        {"dateRange": {"from": "-7d"}},
        {"compareFilter": {"compare": True, "to": "-7d"}},
        {"trendsFilter": {"formulaNodes": [{"formula": "A", "name": "a"}]}},
        {"trendsFilter": {"formulaNodes": [{}]}},
        {"trendsFilter": {"detailed": True}},
        {"breakdownFilter": {"breakdown_path_cleaning": True}},
        {"breakdownFilter": {"breakdowns": [{"property": None}]}},
        {"properties": [{"key": "a", "is": "b"}]},
        {"filterTestAccounts": "true"},
    ],
)
def test_query_that_is_not_understood_is_refused(query: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        read_trends_query({"kind": "TrendsQuery", **query})


def test_export_keeps_more_breakdown_values() -> None:
    assert read_trends_query({}, is_export=True)["breakdownLimit"] == 512
