"""One demo server and one browser for the tests of the page."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from selenium import webdriver

from tests.support.demo_server import Demo, copy_data, serve_demo
from tests.web.browser import MISSING, open_browser
from tests.web.page import Page

Ask = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    if MISSING:
        pytest.skip(MISSING)
    with open_browser() as driver:
        yield driver


@pytest.fixture(scope="session")
def demo(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with serve_demo(copy_data(demo_data, tmp_path_factory.mktemp("demo") / "data")) as demo:
        yield demo


@pytest.fixture
def page(browser: webdriver.Chrome, demo: Demo) -> Iterator[Page]:
    """A first visit, with the key entered."""
    page = Page(browser, demo.address)
    page.enter_key(demo.key)
    yield page
    page.close()


@pytest.fixture(scope="session")
def ask(demo: Demo) -> Iterator[Ask]:
    """The data that the HTTP API answers to the same operation."""
    headers = {"authorization": f"Bearer {demo.key}"}
    with httpx2.Client(base_url=demo.address, headers=headers, timeout=60) as client:

        def post(operation: dict[str, Any]) -> dict[str, Any]:
            answer = client.post("/graphql", json=operation).json()
            assert "errors" not in answer, answer["errors"]
            data: dict[str, Any] = answer["data"]
            return data

        yield post
