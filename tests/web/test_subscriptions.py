"""A running subscription in the page: progress, result, errors and stopping."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.support.demo_server import Demo
from tests.web.page import Page
from tests.web.subscription_server import Subscriptions, serve_subscriptions

QUERY = """
subscription Running {
  trend(projectId: "1", query: { events: [{ event: "paid" }], display: ACTIONS_BAR }) {
    rowsRead totalRows bytesRead elapsedMs
    result { labels series { label data } }
  }
}
"""
RESULT = {"labels": ["Mon", "Tue"], "series": [{"label": "paid", "data": [3, 4]}]}


@pytest.fixture
def subscriptions() -> Iterator[Subscriptions]:
    with serve_subscriptions() as subscriptions:
        yield subscriptions


@pytest.fixture
def running(browser: webdriver.Chrome, subscriptions: Subscriptions) -> Iterator[Page]:
    """The page with the subscription running."""
    page = Page(browser, subscriptions.url)
    page.enter_key("phx_secret")
    page.write(QUERY)
    page.run()
    page.wait_until(lambda: subscriptions.operation is not None)
    yield page
    page.close()


def bar_value(page: Page) -> str | None:
    return page.find(".trend-progress progress").get_attribute("value")


def test_progress_is_shown_until_the_result_is_drawn(running: Page, subscriptions: Subscriptions) -> None:
    assert subscriptions.parameters == {"Authorization": "Bearer phx_secret"}
    assert subscriptions.operation is not None
    assert subscriptions.operation["operationName"] == "Running"
    running.find(".trend-progress", "Running")
    subscriptions.progress(rowsRead=250_000, totalRows=1_000_000, bytesRead=4_200_000, elapsedMs=40, result=None)
    running.find(".trend-progress", "250,000 of 1,000,000 rows · 4.2 MB · 40 ms")
    assert bar_value(running) == "0.25"
    subscriptions.progress(
        rowsRead=750_000, totalRows=1_000_000, bytesRead=12_600_000, elapsedMs=1530, result=None
    )
    running.find(".trend-progress", "750,000 of 1,000,000 rows · 12.6 MB · 1.5 s")
    assert bar_value(running) == "0.75"
    subscriptions.progress(
        rowsRead=1_000_000, totalRows=1_000_000, bytesRead=16_800_000, elapsedMs=2000, result=RESULT
    )
    subscriptions.complete()
    running.await_trend("ACTIONS_BAR")
    running.find(".trend-progress", "1,000,000 rows read · 16.8 MB · 2 s")
    assert running.table() == [["Date", "paid"], ["Mon", "3"], ["Tue", "4"]]


def test_stopping_ends_the_subscription_on_the_server(running: Page, subscriptions: Subscriptions) -> None:
    subscriptions.progress(rowsRead=1, totalRows=4, bytesRead=1, elapsedMs=1, result=None)
    running.find(".trend-progress", "1 of 4 rows")
    running.find(".graphiql-execute-button").click()
    running.find(".trend-progress", "Stopped")
    assert subscriptions.is_stopped.wait(10)


def test_errors_of_a_subscription_are_shown(running: Page, subscriptions: Subscriptions) -> None:
    subscriptions.fail({"message": "No such project.", "extensions": {"code": "NOT_FOUND"}})
    shown = running.find(".trend-errors").text
    assert "No such project." in shown
    assert "NOT_FOUND" in shown


def test_example_shows_progress_and_draws_its_result(browser: webdriver.Chrome, demo: Demo) -> None:
    page = Page(browser, demo.url)
    page.enter_key(demo.key)
    page.choose_example("Progress of a long query")
    page.find(".trend-progress progress[value]")
    page.find(".trend[data-display=ACTIONS_LINE_GRAPH] .trend-legend li")
    assert list(page.legend()) == [
        f"{airport} ({period} active people)"
        for period in ("weekly", "monthly")
        for airport in ("EWR", "LGA", "JFK")
    ]
    page.close()
