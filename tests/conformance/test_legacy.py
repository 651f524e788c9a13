import json

import pytest

from tests.conformance.fields import CaseError
from tests.conformance.legacy import read_filter_dictionary

ALWAYS: dict[str, object] = {"events": [], "actions": [], "dateFrom": None, "dateTo": None, "explicitDate": False}


def read(**filter_: object) -> dict[str, object]:
    """Return what a filter adds to an empty one."""
    given = read_filter_dictionary(filter_)
    return {key: value for key, value in given.items() if key not in ALWAYS or value != ALWAYS[key]}


def orders(**filter_: object) -> list[tuple[object, object]]:
    """Return the events and actions of a filter's series in order."""
    given = read_filter_dictionary(filter_)
    series = [*_objects(given["events"]), *_objects(given["actions"])]
    return [
        (each.get("event"), each.get("actionId")) for each in sorted(series, key=lambda each: str(each["order"]))
    ]


def _objects(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


def test_empty_filter_says_that_nothing_is_given() -> None:
    assert read_filter_dictionary({}) == ALWAYS


def test_entities_without_an_order_put_actions_first() -> None:
    given = orders(events=[{"id": "a"}, {"id": None}], actions=[{"id": 1}, {"id": None}])
    assert given == [(None, "1"), ("a", None), (None, None)]


def test_entities_of_order_0_stand_with_those_that_have_none() -> None:
    given = orders(
        events=[{"id": "a", "order": 0}, {"id": "b", "order": 2}], actions=[{"id": 1, "order": 1}, {"id": 2}]
    )
    assert given == [(None, "2"), ("a", None), (None, "1"), ("b", None)]


def test_entity_keeps_its_own_parts() -> None:
    entity = {
        "id": "pay",
        "name": "Pay",
        "custom_name": "paid",
        "type": "events",
        "math": "sum",
        "math_property": "price",
        "math_property_type": "person_properties",
        "math_group_type_index": 0,
        "math_hogql": "count()",
        "properties": {"type": "AND", "values": [{"key": "plan", "value": "pro"}]},
    }
    assert read(events=[entity])["events"] == [
        {
            "event": "pay",
            "customName": "paid",
            "math": "SUM",
            "mathProperty": "price",
            "mathPropertyType": "PERSON",
            "mathGroupTypeIndex": 0,
            "mathExpression": "count()",
            "properties": [{"key": "plan", "value": "pro", "operator": "EXACT", "type": "EVENT"}],
            "order": 0,
        }
    ]


def test_session_duration_is_read_from_sessions() -> None:
    [series] = _objects(read(events=[{"id": "a", "math": "avg", "math_property": "$session_duration"}])["events"])
    assert series["mathPropertyType"] == "SESSION"


def test_lists_may_be_json_texts() -> None:
    assert orders(events=json.dumps([{"id": "a"}])) == [("a", None)]
    properties = [{"key": "plan", "value": "pro"}]
    assert read(properties=json.dumps(properties)) == read(properties=properties)


@pytest.mark.parametrize(
    ("filter_", "parts"),
    [
        ({"date_from": "-14d", "date_to": "2020-01-01"}, {"dateFrom": "-14d", "dateTo": "2020-01-01"}),
        ({"date_from": "", "explicit_date": "true"}, {"explicitDate": True}),
        ({"interval": "minute"}, {"interval": "HOUR"}),
        ({"interval": "week"}, {"interval": "WEEK"}),
        ({"filter_test_accounts": True}, {"filterTestAccounts": True}),
        ({"filter_test_accounts": "false"}, {}),
        ({"sampling_factor": "0.1"}, {"samplingFactor": 0.1}),
        ({"sampling_factor": ""}, {}),
        ({"compare": "true"}, {"compare": True, "compareTo": None}),
        ({"compare": True, "compare_to": "-1w"}, {"compare": True, "compareTo": "-1w"}),
        ({"compare": "false", "compare_to": "-1w"}, {}),
        ({"formula": "A + B"}, {"formula": "A + B"}),
        ({"smoothing_intervals": 3}, {"smoothingIntervals": 3}),
        ({"display": "ActionsLineGraphCumulative"}, {"display": "ACTIONS_LINE_GRAPH_CUMULATIVE"}),
        ({"display": "WorldMap", "insight": "TRENDS", "show_legend": True}, {"display": "WORLD_MAP"}),
        ({"breakdown": "plan"}, {"breakdown": ["plan"], "breakdownType": "EVENT"}),
        ({"breakdown": "plan", "breakdown_type": "events"}, {"breakdown": ["plan"], "breakdownType": "EVENT"}),
        (
            {"breakdown": ["all", 7], "breakdown_type": "cohort"},
            {"breakdown": ["all", "7"], "breakdownType": "COHORT"},
        ),
        (
            {"breakdown": '["all", 7]', "breakdown_type": "cohort"},
            {"breakdown": ["all", "7"], "breakdownType": "COHORT"},
        ),
        (
            {"breakdown": "[properties.a][1]", "breakdown_type": "hogql"},
            {"breakdown": ["[properties.a][1]"], "breakdownType": "HOGQL"},
        ),
        ({"breakdown": [None, 7], "breakdown_type": "undefined"}, {}),
        ({"breakdown_type": "person"}, {}),
        (
            {"breakdown": "name", "breakdown_type": "group", "breakdown_group_type_index": 0},
            {"breakdown": ["name"], "breakdownType": "GROUP", "breakdownGroupTypeIndex": 0},
        ),
        (
            {"breakdown": "n", "breakdown_histogram_bin_count": 4, "breakdown_normalize_url": "true"},
            {
                "breakdown": ["n"],
                "breakdownType": "EVENT",
                "breakdownHistogramBinCount": 4,
                "breakdownNormalizeUrl": True,
            },
        ),
        (
            {"breakdowns": [{"property": p} for p in ("a", "", "b", "c", "d")], "breakdown_limit": 2},
            {"breakdowns": [{"property": "a"}, {"property": "b"}, {"property": "c"}], "breakdownLimit": 2},
        ),
        ({"breakdown_hide_other_aggregation": True}, {"breakdownHideOther": True}),
        ({"breakdown_limit": 0}, {}),
    ],
)
def test_filter_says_the_same_to_the_gateway(filter_: dict[str, object], parts: dict[str, object]) -> None:
    assert read(**filter_) == parts


@pytest.mark.parametrize(
    "filter_",
    [
        {"mathh": "dau"},
        {"events": [{"id": "a", "mathh": "dau"}]},
        {"events": [{"id": "a", "math": "daau"}]},
        {"events": [{"id": "a", "type": "actions"}]},
        {"events": [{"id": "a", "math_multiplier": 2}]},
        {"events": "nothing"},
        {"data_warehouse": [{"id": "a"}]},
        {"breakdowns": [{"property": "a", "limit": 3}]},
        {"breakdowns": [{"property": "a", "type": "table"}]},
        {"breakdown": {"a": 1}},
        {"compare": "maybe"},
        {"sampling_factor": "a half"},
        {"interval": "fortnight"},
        {"display": "Funnel"},
        {"insight": "FUNNELS"},
        {"shown_as": "Stickiness"},
    ],
)
def test_filter_that_is_not_understood_is_refused(filter_: dict[str, object]) -> None:
    with pytest.raises(CaseError):
        read_filter_dictionary(filter_)


def test_export_keeps_more_breakdown_values_unless_told_how_many() -> None:
    assert read_filter_dictionary({"breakdown": "a"}, is_export=True)["breakdownLimit"] == 512
    assert read_filter_dictionary({"breakdown": "a", "breakdown_limit": 3}, is_export=True)["breakdownLimit"] == 3
