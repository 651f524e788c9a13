from typing import Any

import pytest

from tests.conformance.results import read_rows

SERIES = {
    "label": "pay",
    "order": 0,
    "event": "pay",
    "action": None,
    "math": "TOTAL",
    "formula": None,
    "data": [1.0, 2.0],
    "days": ["2020-01-01", "2020-01-02"],
    "labels": ["1-Jan-2020", "2-Jan-2020"],
    "count": 3.0,
    "aggregatedValue": None,
    "breakdownValue": None,
    "compareLabel": None,
}
TOTAL = {**SERIES, "data": [], "days": [], "labels": [], "count": 0.0, "aggregatedValue": 3.0}


def read(series: dict[str, object], **query: Any) -> dict[str, object]:
    """The one row of an answer."""
    [row] = read_rows({"series": [series]}, {"events": [{"event": "pay", "order": 0}], **query})
    return row


def test_series_over_time_lacks_what_it_has_not() -> None:
    assert read(SERIES) == {
        "label": "pay",
        "order": 0,
        "count": 3.0,
        "days": ["2020-01-01", "2020-01-02"],
        "labels": ["1-Jan-2020", "2-Jan-2020"],
        "data": [1.0, 2.0],
        "action": {"name": "pay", "order": 0, "math": None},
    }


def test_total_has_a_value_and_no_labels() -> None:
    row = read(TOTAL)
    assert (row["aggregated_value"], row["data"], row["days"], row["count"]) == (3.0, [], [], 0.0)
    assert "labels" not in row


def test_formula_has_no_action_and_its_total_no_data() -> None:
    formula = {"formula": "A + 1", "math": None, "event": None}
    assert read({**SERIES, **formula})["action"] is None
    assert read({**SERIES, **formula})["data"] == [1.0, 2.0]
    assert read({**TOTAL, **formula})["data"] is None


@pytest.mark.parametrize(
    ("series", "name"),
    [
        ({"event": "pay", "label": "Chrome"}, "pay"),
        ({"event": None}, "All events"),
        ({"event": None, "action": {"name": "pays"}}, "pays"),
    ],
)
def test_action_names_what_was_counted(series: dict[str, object], name: str) -> None:
    action = read({**SERIES, **series})["action"]
    assert isinstance(action, dict)
    assert action["name"] == name


def test_action_repeats_the_math_that_was_asked_for() -> None:
    query = {"events": [{"event": "pay", "order": 1}], "actions": [{"actionId": "1", "math": "DAU", "order": 0}]}
    assert read({**SERIES, "math": "DAU"}, **query)["action"] == {"name": "pay", "order": 0, "math": "dau"}


def test_comparison_is_marked_in_every_row() -> None:
    row = read({**SERIES, "compareLabel": "PREVIOUS"})
    assert (row["compare"], row["compare_label"]) == (True, "previous")


@pytest.mark.parametrize(
    ("values", "query", "shown"),
    [
        (["Chrome"], {"breakdown": ["$browser"], "breakdownType": "EVENT"}, "Chrome"),
        (["7"], {"breakdown": ["n"], "breakdownType": "EVENT"}, "7"),
        (["a", "b"], {"breakdown": ["x", "y"], "breakdownType": "EVENT"}, ["a", "b"]),
        (["Chrome"], {"breakdowns": [{"property": "$browser"}]}, ["Chrome"]),
        (["7"], {"breakdown": ["7", "all"], "breakdownType": "COHORT"}, 7),
        (["all"], {"breakdown": ["7", "all"], "breakdownType": "COHORT"}, "all"),
    ],
)
def test_breakdown_value_has_the_form_of_the_question(
    values: list[str], query: dict[str, object], shown: object
) -> None:
    assert read({**SERIES, "breakdownValue": values}, **query)["breakdown_value"] == shown
