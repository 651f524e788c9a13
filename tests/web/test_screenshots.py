"""The pictures of docs/images, taken anew with --update-screenshots; otherwise only looked at."""

import struct
from pathlib import Path

import pytest
from selenium import webdriver

from tests.support.demo_server import ROOT, Demo
from tests.web.page import Page

IMAGES = ROOT / "docs" / "images"
LARGEST_BYTES = 300_000
PICTURES = {
    "graphiql.png": ("light", "Airlines week by week", "ACTIONS_AREA_GRAPH"),
    "graphiql-dark.png": ("dark", "Airlines week by week", "ACTIONS_AREA_GRAPH"),
    "graphiql-map.png": ("light", "Where planes are built", "WORLD_MAP"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_picture_is_a_small_png_of_the_page(name: str, request: pytest.FixtureRequest) -> None:
    picture = IMAGES / name
    if request.config.getoption("--update-screenshots"):
        take(picture, request.getfixturevalue("browser"), request.getfixturevalue("demo"))
    content = picture.read_bytes()
    assert content.startswith(b"\x89PNG")
    assert struct.unpack(">II", content[16:24]) == (1440, 900)
    assert len(content) < LARGEST_BYTES


def take(picture: Path, browser: webdriver.Chrome, demo: Demo) -> None:
    theme, example, display = PICTURES[picture.name]
    page = Page(browser, demo.address, theme=theme)
    page.enter_key(demo.key)
    page.choose_example(example)
    page.await_trend(display)
    page.wait_until(lambda: '"data"' in page.find(".graphiql-response .view-lines").text)
    picture.parent.mkdir(exist_ok=True)
    browser.save_screenshot(picture)
    page.close()
