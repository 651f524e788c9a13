"""The page in a real browser with the demo: charts show the values that the HTTP API returns."""

import itertools
import re
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.demo_server import Demo
from tests.web.browser import show_as
from tests.web.conftest import RunOperation
from tests.web.page import Page

POINT = re.compile(r"[ML ]*(-?[\d.]+)[ ,](-?[\d.]+)")
NO_VALUE = "\N{EN DASH}"
LAND_AND_SEA = {"#e9edf3", "none", "transparent"}


def series_of(page: Page, run_operation: RunOperation) -> list[dict[str, Any]]:
    """The series that the API returns for the page's last operation."""
    data = run_operation(page.log.last_operation())
    found: list[dict[str, Any]] = data["project"]["trend"]["series"]
    return found


def parse_value(text: str) -> float | None:
    return None if text == NO_VALUE else float(text.replace(",", ""))


def assert_proportional(drawn: list[float], values: list[float]) -> None:
    """Check that differences on the screen are proportional to the differences of the values."""
    spread, drawn_spread = max(values) - min(values), max(drawn) - min(drawn)
    assert drawn_spread > 0
    least, drawn_least = min(values), min(drawn)
    for pixel, value in zip(drawn, values, strict=True):
        assert (pixel - drawn_least) / drawn_spread == pytest.approx((value - least) / spread, abs=0.02)


def line_heights(page: Page, colour: str, points: int) -> list[float]:
    """The heights of a line's points."""
    lines = [
        shape for shape in page.shapes() if shape["stroke"] == colour and len(POINT.findall(shape["d"])) == points
    ]
    assert len(lines) == 1, f"{len(lines)} lines of colour {colour}"
    return [-float(y) for _, y in POINT.findall(lines[0]["d"])]


@pytest.mark.parametrize(
    ("example", "display"),
    [("Flights per month", "ACTIONS_LINE_GRAPH"), ("Planes seen so far", "ACTIONS_LINE_GRAPH_CUMULATIVE")],
)
def test_lines_go_through_the_values_of_the_api(
    page: Page, run_operation: RunOperation, example: str, display: str
) -> None:
    page.choose_example(example)
    page.await_trend(display)
    colours = page.legend()
    series = series_of(page, run_operation)
    assert list(colours) == [line["label"] for line in series] != []
    for line in series:
        assert_proportional(line_heights(page, colours[line["label"]], len(line["data"])), line["data"])
    head, *rows = page.table()
    assert head == ["Date", *colours]
    for position, line in enumerate(series, 1):
        assert [parse_value(row[position]) for row in rows] == line["data"]


def test_areas_are_stacked(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("Airlines week by week")
    page.await_trend("ACTIONS_AREA_GRAPH")
    colours = page.legend()
    series = series_of(page, run_operation)
    sums = [list(itertools.accumulate(column)) for column in zip(*(line["data"] for line in series), strict=True)]
    for position, line in enumerate(series):
        heights = line_heights(page, colours[line["label"]], len(sums))
        assert_proportional(heights, [column[position] for column in sums])


@pytest.mark.parametrize(
    ("example", "display"),
    [("Departed and cancelled", "ACTIONS_BAR"), ("Share of cancelled flights", "ACTIONS_UNSTACKED_BAR")],
)
def test_heights_of_bars_are_proportional_to_the_values(
    page: Page, run_operation: RunOperation, example: str, display: str
) -> None:
    page.choose_example(example)
    page.await_trend(display)
    for (_, colour), line in zip(page.legend().items(), series_of(page, run_operation), strict=True):
        bars = [shape for shape in page.shapes() if shape["fill"] == colour]
        assert_proportional([bar["height"] for bar in sorted(bars, key=lambda bar: bar["x"])], line["data"])


def test_lengths_of_horizontal_bars_are_proportional_to_the_totals(
    page: Page, run_operation: RunOperation
) -> None:
    page.choose_example("Top destinations")
    page.await_trend("ACTIONS_BAR_VALUE")
    series = series_of(page, run_operation)
    drawn = [shape for shape in page.shapes() if shape["fill"] not in LAND_AND_SEA and 15 < shape["height"] < 30]
    lengths = [bar["width"] for bar in sorted(drawn, key=lambda bar: bar["y"]) if bar["width"] > 50]
    assert_proportional(lengths, [line["aggregatedValue"] for line in series])
    names = page.find(".trend-canvas svg").text
    assert all(line["label"] in names for line in series)


def test_pie_has_a_slice_for_each_series(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("Share of each airline")
    page.await_trend("ACTIONS_PIE")
    series = series_of(page, run_operation)
    colours = page.legend()
    assert len(colours) == len(series) == 8
    assert {shape["fill"] for shape in page.shapes()} >= set(colours.values())
    largest = series[0]["aggregatedValue"] / sum(line["aggregatedValue"] for line in series)
    assert f"{largest:.1%}" in page.find(".trend-canvas svg").text
    totals = {name: parse_value(total) for name, total in page.table()[1:]}
    assert totals == {
        line["label"].replace("$$_posthog_breakdown_other_$$", "(other values)"): line["aggregatedValue"]
        for line in series
    }


def test_map_colours_the_countries_with_values(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("Where planes are built")
    page.await_trend("WORLD_MAP")
    series = series_of(page, run_operation)
    fills = {shape["fill"] for shape in page.shapes() if shape["stroke"] == "#ffffff" and shape["width"] > 2}
    assert len(fills - LAND_AND_SEA) == len(series) == 4
    assert {name: parse_value(total) for name, total in page.table()[1:]} == {
        line["label"]: line["aggregatedValue"] for line in series
    }


def test_bold_number_shows_its_change(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("Flights in December")
    page.await_trend("BOLD_NUMBER")
    now, before = (line["aggregatedValue"] for line in series_of(page, run_operation))
    assert page.find(".trend-number").text == f"{now:,.0f}" == "27,110"
    assert page.find(".trend-number-change").text.endswith(f"less than {before:,.0f} in the previous period")


def test_table_lists_the_totals(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("Delays by airline")
    page.await_trend("ACTIONS_TABLE")
    listed = {name: parse_value(total) for name, total in page.table()[1:]}
    assert listed == {
        line["label"]: pytest.approx(line["aggregatedValue"], abs=0.006) for line in series_of(page, run_operation)
    }


def test_previous_period_is_dashed(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("February against January")
    page.await_trend("ACTIONS_LINE_GRAPH")
    days = len(series_of(page, run_operation)[0]["data"])
    lines = [
        shape for shape in page.shapes() if len(POINT.findall(shape["d"])) == days and shape["fill"] == "none"
    ]
    assert sorted(shape["dash"] is not None for shape in lines) == [False, True]
    assert lines[0]["stroke"] != lines[1]["stroke"]
    assert page.find(".trend-legend-note").text == "previous"


def test_tooltip_shows_the_bucket_and_its_values(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    canvas = page.find(".trend-canvas svg")
    ActionChains(page.driver).move_to_element_with_offset(canvas, -canvas.size["width"] // 2 + 42, 0).perform()
    assert page.find(".trend-tip").text.split("\n") == ["Jan 2013", "EWR", "9,655", "JFK", "9,061", "LGA", "7,767"]


def test_legend_hides_and_shows_series_from_the_keyboard(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    hidden = page.legend()["EWR"]
    button = page.find(".trend-legend button", "EWR")
    for is_shown in (False, True):
        button.send_keys(Keys.SPACE)
        page.find(f'.trend-legend button[aria-pressed="{str(is_shown).lower()}"]', "EWR")
        assert (hidden in {shape["stroke"] for shape in page.shapes()}) is is_shown


def test_chart_code_is_loaded_when_the_first_query_runs(page: Page) -> None:
    assert page.find(".trend-empty h3").text == "Charts appear here"
    assert not [url for url in page.log.urls() if "/Drawing-" in url]
    page.find(".graphiql-execute-button").click()
    page.await_trend("ACTIONS_LINE_GRAPH")
    assert [url for url in page.log.urls() if "/Drawing-" in url]
    assert not [url for url in page.log.urls() if "/WorldMap-" in url]


def test_partial_result_is_drawn_with_a_hint_about_missing_fields(page: Page) -> None:
    page.write(
        '{ project(id: "1") { trend(query: { events: [{ event: "flight departed" }],'
        ' dateFrom: "2013-01-01", dateTo: "2013-01-03" }) { series { data } } } }'
    )
    page.run()
    page.await_trend("ACTIONS_LINE_GRAPH")
    assert page.find(".trend-hint").text == "For a complete chart, also request series { label } and labels."
    assert page.table() == [["Date", "Series 1"], ["1", "838"], ["2", "935"], ["3", "904"]]


def test_result_with_several_trends_has_a_selector(page: Page) -> None:
    page.choose_example("Two trends at once")
    page.await_trend("ACTIONS_LINE_GRAPH")
    options = page.all(".trend-choice option")
    assert [option.text for option in options] == ["january", "july"]
    options[1].click()
    page.find(".trend-head h3", "july")
    assert page.table()[1][0] == "1-Jul-2013"


def test_error_is_shown_with_its_code(page: Page) -> None:
    page.write('{ project(id: "1") { trend(query: { dateFrom: "someday" }) { series { label } } } }')
    page.run()
    shown = page.find(".trend-errors[role=alert]").text
    assert shown.startswith("The answer is an error")
    assert "BAD_USER_INPUT" in shown or "INVALID" in shown, shown


def test_error_names_the_path_of_the_input(page: Page) -> None:
    page.write(
        '{ project(id: "1") { trend(query: { events: [{ event: "flight departed" }], dateFrom: "someday" })'
        " { series { label } } } }"
    )
    page.run()
    page.find(".trend-errors code", "query.dateFrom")


def test_warnings_are_shown_above_the_chart(page: Page) -> None:
    page.write(
        '{ project(id: "1") { trend(query: { events: [{ event: "flight depated" }, { event: "flight departed" }],'
        ' dateFrom: "2013-01-01", dateTo: "2013-01-03" })'
        " { labels series { label data } warnings { message path suggestion } } } }"
    )
    page.run()
    page.await_trend("ACTIONS_LINE_GRAPH")
    warning = page.find(".trend-warnings")
    assert "Did you mean flight departed?" in warning.text
    assert "query.events[0].event" in warning.text
    assert warning.rect["y"] < page.find(".trend-canvas").rect["y"]


def test_comparison_has_its_change_in_the_table(page: Page, run_operation: RunOperation) -> None:
    page.choose_example("February against January")
    page.await_trend("ACTIONS_LINE_GRAPH")
    now, before = (line["data"] for line in series_of(page, run_operation))
    head, first, *_ = page.table()
    assert head == ["Date", "flight cancelled", "Previous", "Change"]
    assert first == ["1-Feb-2013", f"{now[0]:.0f}", f"{before[0]:.0f}", f"+{now[0] / before[0] - 1:.0%}"]


def test_example_is_shown_from_its_beginning_and_without_cut_lines(page: Page) -> None:
    page.write("query Long { viewer { keyLabel } } #" + " wide" * 100 + "\n" * 100 + "# end")
    page.choose_example("Where planes are built")
    page.await_trend("WORLD_MAP")
    lines = page.find(".graphiql-query-editor .view-lines")
    assert "Flights by the country" in lines.text.replace("\N{NO-BREAK SPACE}", " ")
    edge = page.find(".graphiql-query-editor .monaco-editor").rect
    rights = [line.rect["x"] + line.rect["width"] for line in page.all(".graphiql-query-editor .view-line > span")]
    assert max(rights) <= edge["x"] + edge["width"]
    assert min(line.rect["x"] for line in page.all(".graphiql-query-editor .view-line > span")) >= edge["x"]


def test_editor_is_wider_than_the_answer_on_a_first_visit(page: Page) -> None:
    editor, answer = page.find(".graphiql-query-editor").rect, page.find(".graphiql-response").rect
    assert editor["width"] > answer["width"]


@pytest.mark.parametrize("focused", [".trend-button", ".key-bar input"])
def test_ctrl_enter_runs_the_query_from_anywhere(page: Page, focused: str) -> None:
    page.driver.execute_script("arguments[0].focus()", page.find(focused))
    page.run()
    page.await_trend("ACTIONS_LINE_GRAPH")


def test_ctrl_enter_in_the_key_field_sends_the_key(browser: webdriver.Chrome, demo: Demo) -> None:
    page = Page(browser, demo.url)
    page.find(".key-bar input").send_keys(demo.key)
    page.run()
    page.await_trend("ACTIONS_LINE_GRAPH")
    page.close()


def test_missing_key_is_shown_in_the_bar_and_in_the_panel(browser: webdriver.Chrome, demo: Demo) -> None:
    page = Page(browser, demo.url)
    page.find(".graphiql-execute-button").click()
    assert "UNAUTHENTICATED" in page.find(".trend-errors").text
    page.find(".key-bar-status", "API key missing")
    page.close()


def test_result_without_a_trend_offers_an_example(page: Page) -> None:
    page.write("{ viewer { keyLabel } }")
    page.run()
    page.find(".trend-empty h3", "No trend in this answer")
    page.find(".trend-empty li button", "Flights per month").click()
    page.await_trend("ACTIONS_LINE_GRAPH")


def test_example_opens_beside_an_edited_query(page: Page) -> None:
    page.write("query Mine { viewer { keyLabel } }")
    page.choose_example("Flights in December")
    page.await_trend("BOLD_NUMBER")
    assert [tab.text for tab in page.all(".graphiql-tab-button")] == ["Mine", "FlightsInDecember"]
    page.find(".graphiql-tab-button", "Mine").click()
    page.find(".trend-empty h3", "Charts appear here")
    page.find(".graphiql-tab-button", "FlightsInDecember").click()
    page.await_trend("BOLD_NUMBER")


def test_chart_follows_the_theme(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    light = page.legend()
    show_as(page.driver, "dark")
    page.wait_until(lambda: "#56b4e9" in page.legend().values())
    dark = page.legend()
    assert not set(light.values()) & set(dark.values())
    assert {shape["stroke"] for shape in page.shapes()} >= set(dark.values())


def test_narrow_window_shows_the_chart_above_the_query(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    show_as(page.driver, size=(700, 1000))
    chart, editor = page.find(".graphiql-plugin").rect, page.find(".graphiql-query-editor").rect
    assert chart["y"] + chart["height"] <= editor["y"]
    assert page.find(".trend-canvas").rect["width"] > 400
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
