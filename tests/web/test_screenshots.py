"""The screenshots in docs/images. --update-screenshots takes them again; otherwise only the files are checked."""

import struct
from pathlib import Path

import pytest
from selenium import webdriver

from tests.support.demo_server import ROOT, Demo
from tests.web.page import Page

IMAGES = ROOT / "docs" / "images"
LARGEST_BYTES = 300_000
SCREENSHOTS = {
    "graphiql.png": ("light", "Airlines week by week", "ACTIONS_AREA_GRAPH"),
    "graphiql-dark.png": ("dark", "Airlines week by week", "ACTIONS_AREA_GRAPH"),
    "graphiql-map.png": ("light", "Where planes are built", "WORLD_MAP"),
}


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_screenshot_is_a_small_png_of_the_page(name: str, request: pytest.FixtureRequest) -> None:
    screenshot = IMAGES / name
    if request.config.getoption("--update-screenshots"):
        take(screenshot, request.getfixturevalue("browser"), request.getfixturevalue("demo"))
    content = screenshot.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1440, 900)
    assert len(content) < LARGEST_BYTES


def take(screenshot: Path, browser: webdriver.Chrome, demo: Demo) -> None:
    theme, example, display = SCREENSHOTS[screenshot.name]
    page = Page(browser, demo.url, theme=theme)
    page.enter_key(demo.key)
    page.choose_example(example)
    page.await_trend(display)
    page.wait_until(lambda: '"data"' in page.find(".graphiql-response .view-lines").text)
    screenshot.parent.mkdir(exist_ok=True)
    browser.save_screenshot(screenshot)
    page.close()
