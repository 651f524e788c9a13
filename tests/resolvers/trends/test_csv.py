"""The document is compared as text: what a program reads from it is then beyond doubt."""

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from resolvers.trends.csv import write_csv
from resolvers.trends.query import (
    Breakdown,
    BreakdownType,
    EventSeries,
    Formula,
    TrendDisplay,
    TrendInterval,
    TrendMath,
)
from resolvers.trends.results import CompareLabel, SeriesResult, Statistics, TrendResult
from tests.resolvers.trends.test_assemble import answer, days
from tests.support.seeds.events import Event, EventSeeds, trend

LABELS = ("14-Jan-2020", "15-Jan-2020")


def line(label: str, *data: float | None, labels: tuple[str, ...] = LABELS, **parts: object) -> SeriesResult:
    given: dict[str, object] = {"order": 0, "event": label, "math": TrendMath.TOTAL, "count": 0.0, **parts}
    return SeriesResult(label=label, data=data, days=labels, labels=labels, **given)  # type: ignore[arg-type]  # as written


def total(label: str, figure: float | None, **parts: object) -> SeriesResult:
    return line(label, labels=(), aggregated_value=figure, **parts)


def result(
    *series: SeriesResult, labels: tuple[str, ...] = LABELS, by: tuple[str, ...] = (), **parts: object
) -> TrendResult:
    given: dict[str, object] = {"breakdown_headers": by, **parts}
    return TrendResult(
        series=series,
        days=labels,
        labels=labels,
        interval=TrendInterval.DAY,
        date_from=datetime(2020, 1, 14, tzinfo=UTC),
        date_to=datetime(2020, 1, 15, tzinfo=UTC),
        timezone="UTC",
        has_more=False,
        sql="",
        statistics=Statistics(0.0, 0, 0, 1),
        **given,  # type: ignore[arg-type]  # as written
    )


def rows(document: str) -> Sequence[list[str]]:
    return list(csv.reader(io.StringIO(document, newline="")))


def test_breakdown_over_time_has_a_column_per_bucket() -> None:
    found = result(line("Chrome", 2, 1, breakdown_value=("Chrome",)), by=("$browser",))
    assert write_csv(found) == "series,$browser,14-Jan-2020,15-Jan-2020\r\nChrome,Chrome,2.0,1.0\r\n"


def test_series_without_a_breakdown_has_no_breakdown_columns() -> None:
    found = result(line("sign up", 2, 0), line("pay", 0, 12.5))
    assert write_csv(found) == "series,14-Jan-2020,15-Jan-2020\r\nsign up,2.0,0.0\r\npay,0.0,12.5\r\n"


def test_total_has_one_column() -> None:
    found = result(total("sign up", 7), total("pay", None), labels=())
    assert write_csv(found) == "series,Total Sum\r\nsign up,7.0\r\npay,\r\n"


def test_nothing_to_show_is_one_sentence() -> None:
    assert write_csv(result()) == "error\r\nNo data available or unable to format for export.\r\n"


def test_custom_name_has_a_column_where_any_series_has_one() -> None:
    found = result(line("sign up", 1, 1), line("pay", 2, 2, custom_name="money"))
    assert rows(write_csv(found)) == [
        ["series", "custom name", *LABELS],
        ["sign up", "", "1.0", "1.0"],
        ["pay", "money", "2.0", "2.0"],
    ]


def test_name_of_a_formula_is_only_its_label() -> None:
    found = result(line("Share", 1, 2, formula="A / B", custom_name="Share"))
    assert rows(write_csv(found))[0] == ["series", *LABELS]


def test_codes_of_breakdown_values_become_words_but_labels_keep_them() -> None:
    found = result(
        line(NO_VALUE, 1, 0, breakdown_value=(NO_VALUE, "a")),
        line(OTHER_VALUES, 0, 1, breakdown_value=(OTHER_VALUES, OTHER_VALUES)),
        by=("city", "plan"),
    )
    none, other = "None (i.e. no value)", "Other (i.e. all remaining values)"
    assert [cells[:3] for cells in rows(write_csv(found))] == [
        ["series", "city", "plan"],
        [NO_VALUE, none, "a"],
        [OTHER_VALUES, other, other],
    ]


def test_compared_series_share_the_current_periods_labels() -> None:
    found = result(
        line("sign up", 3, 4, compare_label=CompareLabel.CURRENT),
        line("sign up", 1, 2, labels=("12-Jan-2020", "13-Jan-2020"), compare_label=CompareLabel.PREVIOUS),
    )
    assert rows(write_csv(found)) == [
        ["series", *LABELS],
        ["sign up - current", "3.0", "4.0"],
        ["sign up - previous", "1.0", "2.0"],
    ]


@pytest.mark.parametrize(
    ("labels", "data", "heads", "cells"),
    [
        (("a",), (1.0,), [*LABELS], ["1.0", ""]),
        (("a", "b", "c"), (1.0, 2.0, 3.0), [*LABELS, "c"], ["1.0", "2.0", "3.0"]),
    ],
    ids=["shorter", "longer"],
)
def test_previous_period_of_another_length_loses_no_value(
    labels: tuple[str, ...], data: tuple[float, ...], heads: list[str], cells: list[str]
) -> None:
    previous = line("pay", *data, labels=labels, compare_label=CompareLabel.PREVIOUS)
    found = rows(write_csv(result(line("pay", 3, 4, compare_label=CompareLabel.CURRENT), previous)))
    assert (found[0][1:], found[2][1:]) == (heads, cells)


def test_hours_of_the_same_label_stay_two_columns() -> None:
    labels = ("1-Nov 01:00", "1-Nov 01:00")
    found = result(line("pay", 1, 2, labels=labels), labels=labels)
    assert rows(write_csv(found)) == [["series", *labels], ["pay", "1.0", "2.0"]]


@pytest.mark.parametrize(
    ("key", "head"), [("a--b", "b"), ("a--b--c d", "c d"), ("a-b", "a-b"), ("a--", ""), ("a---b", "b")]
)
def test_header_shows_what_follows_the_last_two_dashes(key: str, head: str) -> None:
    found = result(line("x--y", 1, 2, breakdown_value=("v--w",)), by=(key,))
    assert rows(write_csv(found)) == [["series", head, *LABELS], ["x--y", "v--w", "1.0", "2.0"]]


@pytest.mark.parametrize(
    "text",
    ['say "hi", you', "two\r\nlines", "two\nlines", "=1+1", "@SUM(A1)", "-2", "+3", " padded ", "", "日本;é"],
)
def test_strings_survive_a_round_trip(text: str) -> None:
    found = result(line(text, 1, 2, breakdown_value=(text,), custom_name=text or None), by=("k",))
    _, cells = rows(write_csv(found))
    assert set(cells) == {text, "1.0", "2.0"}


def test_quotes_are_doubled_and_cells_quoted_only_where_needed() -> None:
    document = write_csv(result(line('a "b", c', 1, 2)))
    assert document.splitlines()[1] == '"a ""b"", c",1.0,2.0'


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0.1 + 0.2, "0.30000000000000004"), (1e16, "1e+16"), (-2, "-2.0"), (2**53, "9007199254740992.0")],
)
def test_values_are_printed_as_the_shortest_floats(figure: float, text: str) -> None:
    assert rows(write_csv(result(total("a", figure), labels=())))[1] == ["a", text]


def test_cohorts_are_called_by_their_names() -> None:
    cohorts = (Breakdown("all", BreakdownType.COHORT), Breakdown("5", BreakdownType.COHORT))
    query = replace(trend(), date_from="2020-01-13", date_to="2020-01-13", breakdowns=cohorts)
    found = answer(query, [("all", [0], [3.0])], [("5", [0], [2.0])])
    assert rows(write_csv(found)) == [
        ["series", "all, 5", "13-Jan-2020"],
        ["sign up - all users", "all users", "3.0"],
        ["sign up - five", "five", "2.0"],
    ]


def test_formula_series_keep_the_breakdown() -> None:
    query = replace(
        trend(EventSeries("a"), EventSeries("b")),
        date_from="2020-01-13",
        date_to="2020-01-13",
        breakdowns=(Breakdown("city"),),
        formulas=(Formula("A / B"),),
    )
    found = answer(query, [("Rome", [0], [3.0])], [("Rome", [0], [2.0])])
    assert rows(write_csv(found)) == [["series", "city", "13-Jan-2020"], ["Formula (A / B)", "Rome", "1.5"]]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_safe_document_has_no_formulas(start: str) -> None:
    formula = f"{start}HYPERLINK(A1)"
    found = result(line(formula, -1.5, 2.0, custom_name=formula, breakdown_value=(formula,)), by=(formula,))
    assert {cell for row in rows(write_csv(found)) for cell in row if "HYPERLINK" in cell} == {formula}
    assert rows(write_csv(found, is_safe=True)) == [
        ["series", "custom name", f"'{formula}", *LABELS],
        [f"'{formula}", f"'{formula}", f"'{formula}", "-1.5", "2.0"],
    ]


@pytest.mark.parametrize("text", ["-5", "+49.5", "a=b", "'=1", " =1", "", "1-2"])
def test_safe_document_has_numbers_and_other_strings_as_they_are(text: str) -> None:
    found = result(line(text, 1.0, 2.0, breakdown_value=(text,)), by=("plan",))
    assert write_csv(found, is_safe=True) == write_csv(found)


def test_plain_trend_has_no_breakdown_column() -> None:
    found = answer(replace(trend(), date_from="2020-01-13", date_to="2020-01-14"), days(1, 2))
    assert write_csv(found) == "series,13-Jan-2020,14-Jan-2020\r\nsign up,1.0,2.0\r\n"


async def test_trend_of_stored_events_has_the_same_values(seeds: EventSeeds) -> None:
    await seeds.add_events(
        [Event("buy", f"2020-01-{day} 10:00", person, {"a.b": city}) for day, person, city in ORDERS]
    )
    query = trend(EventSeries("buy", custom_name="orders"), breakdowns=(Breakdown("a.b"),), breakdown_limit=1)
    over_time = await seeds.run(query)
    assert write_csv(over_time).split("\r\n") == [
        "series,custom name,a.b,9-Jan-2020,10-Jan-2020,11-Jan-2020,12-Jan-2020",
        '"Rome, old",orders,"Rome, old",1.0,1.0,0.0,0.0',
        f"{OTHER_VALUES},orders,Other (i.e. all remaining values),1.0,0.0,0.0,1.0",
        "",
    ]
    totals = await seeds.run(replace(query, display=TrendDisplay.ACTIONS_PIE, breakdown_limit=5))
    assert rows(write_csv(totals)) == [
        ["series", "custom name", "a.b", "Total Sum"],
        ["Rome, old", "orders", "Rome, old", "2.0"],
        ["Oslo", "orders", "Oslo", "1.0"],
        [NO_VALUE, "orders", "None (i.e. no value)", "1.0"],
    ]


ORDERS = [("09", 1, "Rome, old"), ("10", 2, "Rome, old"), ("09", 3, "Oslo"), ("12", 1, None)]
