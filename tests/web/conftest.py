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

RunOperation = Callable[[dict[str, Any]], dict[str, Any]]


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
    """The page on a first visit, with the key entered."""
    page = Page(browser, demo.url)
    page.enter_key(demo.key)
    yield page
    page.close()


@pytest.fixture(scope="session")
def run_operation(demo: Demo) -> Iterator[RunOperation]:
    """Runs an operation over the HTTP API, and returns its data."""
    headers = {"authorization": f"Bearer {demo.key}"}
    with httpx2.Client(base_url=demo.url, headers=headers, timeout=60) as client:

        def post(operation: dict[str, Any]) -> dict[str, Any]:
            body = client.post("/graphql", json=operation).json()
            assert "errors" not in body, body["errors"]
            data: dict[str, Any] = body["data"]
            return data

        yield post
