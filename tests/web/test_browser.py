"""The page in a real browser, over the demo: what is drawn is what the HTTP API answers."""

import itertools
import re
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.demo_server import Demo
from tests.web.browser import show_as
from tests.web.conftest import Ask
from tests.web.page import Page

POINT = re.compile(r"[ML ]*(-?[\d.]+)[ ,](-?[\d.]+)")
NO_FIGURE = "\N{EN DASH}"
LAND_AND_SEA = {"#e9edf3", "none", "transparent"}


def series_of(page: Page, ask: Ask) -> list[dict[str, Any]]:
    """The series that the API answers to what the page sent last."""
    data = ask(page.log.last_operation())
    found: list[dict[str, Any]] = data["project"]["trend"]["series"]
    return found


def figure(text: str) -> float | None:
    return None if text == NO_FIGURE else float(text.replace(",", ""))


def assert_proportional(drawn: list[float], figures: list[float]) -> None:
    """Differences on the screen stand in one proportion to the differences of the figures."""
    spread, drawn_spread = max(figures) - min(figures), max(drawn) - min(drawn)
    assert drawn_spread > 0
    least, drawn_least = min(figures), min(drawn)
    for pixel, value in zip(drawn, figures, strict=True):
        assert (pixel - drawn_least) / drawn_spread == pytest.approx((value - least) / spread, abs=0.02)


def line_heights(page: Page, colour: str, points: int) -> list[float]:
    """How high a line's points are, bottom up."""
    lines = [
        shape for shape in page.shapes() if shape["stroke"] == colour and len(POINT.findall(shape["d"])) == points
    ]
    assert len(lines) == 1, f"{len(lines)} lines of colour {colour}"
    return [-float(y) for _, y in POINT.findall(lines[0]["d"])]


@pytest.mark.parametrize(
    ("example", "display"),
    [("Flights per month", "ACTIONS_LINE_GRAPH"), ("Planes seen so far", "ACTIONS_LINE_GRAPH_CUMULATIVE")],
)
def test_lines_go_through_the_figures_of_the_api(page: Page, ask: Ask, example: str, display: str) -> None:
    page.choose_example(example)
    page.await_trend(display)
    colours = page.legend()
    answered = series_of(page, ask)
    assert list(colours) == [line["label"] for line in answered] != []
    for line in answered:
        assert_proportional(line_heights(page, colours[line["label"]], len(line["data"])), line["data"])
    head, *rows = page.table()
    assert head == ["Date", *colours]
    for position, line in enumerate(answered, 1):
        assert [figure(row[position]) for row in rows] == line["data"]


def test_areas_stand_on_each_other(page: Page, ask: Ask) -> None:
    page.choose_example("Airlines week by week")
    page.await_trend("ACTIONS_AREA_GRAPH")
    colours = page.legend()
    answered = series_of(page, ask)
    sums = [
        list(itertools.accumulate(column)) for column in zip(*(line["data"] for line in answered), strict=True)
    ]
    for position, line in enumerate(answered):
        heights = line_heights(page, colours[line["label"]], len(sums))
        assert_proportional(heights, [column[position] for column in sums])


@pytest.mark.parametrize(
    ("example", "display"),
    [("Departed and cancelled", "ACTIONS_BAR"), ("Share of cancelled flights", "ACTIONS_UNSTACKED_BAR")],
)
def test_bars_are_as_high_as_the_figures(page: Page, ask: Ask, example: str, display: str) -> None:
    page.choose_example(example)
    page.await_trend(display)
    for (_, colour), line in zip(page.legend().items(), series_of(page, ask), strict=True):
        bars = [shape for shape in page.shapes() if shape["fill"] == colour]
        assert_proportional([bar["height"] for bar in sorted(bars, key=lambda bar: bar["x"])], line["data"])


def test_lying_bars_are_as_long_as_the_totals(page: Page, ask: Ask) -> None:
    page.choose_example("Top destinations")
    page.await_trend("ACTIONS_BAR_VALUE")
    answered = series_of(page, ask)
    drawn = [shape for shape in page.shapes() if shape["fill"] not in LAND_AND_SEA and 15 < shape["height"] < 30]
    lengths = [bar["width"] for bar in sorted(drawn, key=lambda bar: bar["y"]) if bar["width"] > 50]
    assert_proportional(lengths, [line["aggregatedValue"] for line in answered])
    names = page.find(".trend-canvas svg").text
    assert all(line["label"] in names for line in answered)


def test_a_pie_has_a_slice_for_each_series(page: Page, ask: Ask) -> None:
    page.choose_example("Share of each airline")
    page.await_trend("ACTIONS_PIE")
    answered = series_of(page, ask)
    colours = page.legend()
    assert len(colours) == len(answered) == 8
    assert {shape["fill"] for shape in page.shapes()} >= set(colours.values())
    largest = answered[0]["aggregatedValue"] / sum(line["aggregatedValue"] for line in answered)
    assert f"{largest:.1%}" in page.find(".trend-canvas svg").text
    totals = {name: figure(total) for name, total in page.table()[1:]}
    assert totals == {
        line["label"].replace("$$_posthog_breakdown_other_$$", "(other values)"): line["aggregatedValue"]
        for line in answered
    }


def test_a_map_colours_the_countries_with_figures(page: Page, ask: Ask) -> None:
    page.choose_example("Where planes are built")
    page.await_trend("WORLD_MAP")
    answered = series_of(page, ask)
    fills = {shape["fill"] for shape in page.shapes() if shape["stroke"] == "#ffffff" and shape["width"] > 2}
    assert len(fills - LAND_AND_SEA) == len(answered) == 4
    assert {name: figure(total) for name, total in page.table()[1:]} == {
        line["label"]: line["aggregatedValue"] for line in answered
    }


def test_a_number_is_bold_and_tells_its_change(page: Page, ask: Ask) -> None:
    page.choose_example("Flights in December")
    page.await_trend("BOLD_NUMBER")
    now, before = (line["aggregatedValue"] for line in series_of(page, ask))
    assert page.find(".trend-number").text == f"{now:,.0f}" == "27,110"
    assert page.find(".trend-number-change").text.endswith(f"less than {before:,.0f} in the previous period")


def test_a_table_lists_the_totals(page: Page, ask: Ask) -> None:
    page.choose_example("Delays by airline")
    page.await_trend("ACTIONS_TABLE")
    listed = {name: figure(total) for name, total in page.table()[1:]}
    assert listed == {
        line["label"]: pytest.approx(line["aggregatedValue"], abs=0.006) for line in series_of(page, ask)
    }


def test_the_period_before_is_dashed_beside_the_asked_one(page: Page, ask: Ask) -> None:
    page.choose_example("February against January")
    page.await_trend("ACTIONS_LINE_GRAPH")
    days = len(series_of(page, ask)[0]["data"])
    lines = [
        shape for shape in page.shapes() if len(POINT.findall(shape["d"])) == days and shape["fill"] == "none"
    ]
    assert sorted(shape["dash"] is not None for shape in lines) == [False, True]
    assert lines[0]["stroke"] != lines[1]["stroke"]
    assert page.find(".trend-legend-note").text == "previous"


def test_hovering_tells_the_bucket_and_the_figures(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    canvas = page.find(".trend-canvas svg")
    ActionChains(page.driver).move_to_element_with_offset(canvas, -canvas.size["width"] // 2 + 42, 0).perform()
    assert page.find(".trend-tip").text.split("\n") == ["Jan 2013", "EWR", "9,655", "JFK", "9,061", "LGA", "7,767"]


def test_the_legend_hides_and_shows_series_from_the_keyboard(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    hidden = page.legend()["EWR"]
    button = page.find(".trend-legend button", "EWR")
    for is_shown in (False, True):
        button.send_keys(Keys.SPACE)
        page.find(f'.trend-legend button[aria-pressed="{str(is_shown).lower()}"]', "EWR")
        assert (hidden in {shape["stroke"] for shape in page.shapes()}) is is_shown


def test_the_first_query_runs_as_it_stands_and_loads_the_chart_only_then(page: Page) -> None:
    assert page.find(".trend-empty h3").text == "Charts appear here"
    assert not [url for url in page.log.urls() if "/Drawing-" in url]
    page.find(".graphiql-execute-button").click()
    page.await_trend("ACTIONS_LINE_GRAPH")
    assert [url for url in page.log.urls() if "/Drawing-" in url]
    assert not [url for url in page.log.urls() if "/WorldMap-" in url]


def test_a_partial_answer_is_drawn_and_tells_what_is_missing(page: Page) -> None:
    page.write(
        '{ project(id: "1") { trend(query: { events: [{ event: "flight departed" }],'
        ' dateFrom: "2013-01-01", dateTo: "2013-01-03" }) { series { data } } } }'
    )
    page.run()
    page.await_trend("ACTIONS_LINE_GRAPH")
    assert page.find(".trend-hint").text == "For a complete chart, also request series { label } and labels."
    assert page.table() == [["Date", "Series 1"], ["1", "838"], ["2", "935"], ["3", "904"]]


def test_several_trends_have_a_selector(page: Page) -> None:
    page.choose_example("Two trends at once")
    page.await_trend("ACTIONS_LINE_GRAPH")
    options = page.all(".trend-choice option")
    assert [option.text for option in options] == ["january", "july"]
    options[1].click()
    page.find(".trend-head h3", "july")
    assert page.table()[1][0] == "1-Jul-2013"


def test_an_error_is_told_with_its_code(page: Page) -> None:
    page.write('{ project(id: "1") { trend(query: { dateFrom: "someday" }) { series { label } } } }')
    page.run()
    told = page.find(".trend-errors[role=alert]").text
    assert told.startswith("The answer is an error")
    assert "BAD_USER_INPUT" in told or "INVALID" in told, told


def test_a_refused_key_is_told_in_the_bar_and_in_the_panel(browser: webdriver.Chrome, demo: Demo) -> None:
    page = Page(browser, demo.address)
    page.find(".graphiql-execute-button").click()
    assert "UNAUTHENTICATED" in page.find(".trend-errors").text
    page.find(".key-bar-status", "API key missing")
    page.close()


def test_an_answer_without_a_trend_offers_an_example_that_runs(page: Page) -> None:
    page.write("{ viewer { keyLabel } }")
    page.run()
    page.find(".trend-empty h3", "No trend in this answer")
    page.find(".trend-empty li button", "Flights per month").click()
    page.await_trend("ACTIONS_LINE_GRAPH")


def test_an_example_leaves_a_query_of_ones_own_in_its_tab(page: Page) -> None:
    page.write("query Mine { viewer { keyLabel } }")
    page.choose_example("Flights in December")
    page.await_trend("BOLD_NUMBER")
    assert [tab.text for tab in page.all(".graphiql-tab-button")] == ["Mine", "FlightsInDecember"]
    page.find(".graphiql-tab-button", "Mine").click()
    page.find(".trend-empty h3", "Charts appear here")
    page.find(".graphiql-tab-button", "FlightsInDecember").click()
    page.await_trend("BOLD_NUMBER")


def test_the_chart_follows_the_theme(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    light = page.legend()
    show_as(page.driver, "dark")
    page.wait_until(lambda: "#56b4e9" in page.legend().values())
    dark = page.legend()
    assert not set(light.values()) & set(dark.values())
    assert {shape["stroke"] for shape in page.shapes()} >= set(dark.values())


def test_a_narrow_window_shows_the_chart_above_the_query(page: Page) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    show_as(page.driver, size=(700, 1000))
    chart, editor = page.find(".graphiql-plugin").rect, page.find(".graphiql-query-editor").rect
    assert chart["y"] + chart["height"] <= editor["y"]
    assert page.find(".trend-canvas").rect["width"] > 400
    assert page.driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
