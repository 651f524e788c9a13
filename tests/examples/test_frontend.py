"""The example page in a real browser, served from another origin than the gateway."""

import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from tests.support.demo_server import ROOT, Demo, copy_data, serve_demo
from tests.web.browser import MISSING, open_browser, show_as

PATIENCE_S = 30


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    """The origin that serves the page."""
    folder = ROOT / "examples" / "frontend"
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def demo(origin: str, demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    data = copy_data(demo_data, tmp_path_factory.mktemp("demo") / "data")
    with serve_demo(data, TRENDGATE_CORS_ORIGINS=origin) as demo:
        yield demo


@pytest.fixture(scope="module")
def browser() -> Iterator[webdriver.Chrome]:
    if MISSING:
        pytest.skip(MISSING)
    with open_browser() as driver:
        yield driver


def draw(browser: webdriver.Chrome, origin: str, demo: Demo, key: str) -> None:
    """Fill in and submit the form."""
    browser.get(origin)
    for name, value in (("url", f"{demo.url}/graphql"), ("key", key)):
        field = browser.find_element(By.NAME, name)
        field.clear()
        field.send_keys(value)
    browser.find_element(By.TAG_NAME, "button").click()


def test_page_draws_a_line_per_airport(browser: webdriver.Chrome, origin: str, demo: Demo) -> None:
    show_as(browser)
    draw(browser, origin, demo, demo.key)
    WebDriverWait(browser, PATIENCE_S).until(lambda _: len(browser.find_elements(By.TAG_NAME, "path")) == 3)
    totals = [item.text for item in browser.find_elements(By.TAG_NAME, "li")]
    # January to March 2013, summed from tests/test_demo_values.py.
    assert totals == ["EWR: 28316", "JFK: 26601", "LGA: 23229"]
    points = (browser.find_element(By.TAG_NAME, "path").get_attribute("d") or "").split("L")
    assert len(points) == 90
    assert browser.find_element(By.CSS_SELECTOR, "[role=alert]").text == ""
    assert demo.key not in browser.current_url


def test_page_shows_the_error_of_an_invalid_key(browser: webdriver.Chrome, origin: str, demo: Demo) -> None:
    draw(browser, origin, demo, "phx_wrong")
    alert = browser.find_element(By.CSS_SELECTOR, "[role=alert]")
    WebDriverWait(browser, PATIENCE_S).until(lambda _: alert.text)
    assert "key" in alert.text.lower()
    assert browser.find_elements(By.TAG_NAME, "path") == []
