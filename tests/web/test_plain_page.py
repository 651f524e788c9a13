"""The form that replaces GraphiQL in a checkout without its build."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from asgi.graphql.graphiql import load_graphiql
from tests.support.demo_server import ROOT, Demo, copy_data, serve_demo
from tests.web.browser import Log


@pytest.fixture
def unbuilt_demo(tmp_path: Path, demo_data: Path) -> Iterator[Demo]:
    """The demo, served from a checkout without web/dist."""
    checkout = tmp_path / "checkout"
    ignored = shutil.ignore_patterns(".*", "dist", "node_modules", "tests", "__pycache__")
    shutil.copytree(ROOT, checkout, ignore=ignored)
    with serve_demo(copy_data(demo_data, tmp_path / "data"), checkout) as demo:
        yield demo


def test_page_without_a_build_is_the_form(tmp_path: Path) -> None:
    assert "make web" in load_graphiql(tmp_path).html
    assert "make web" not in load_graphiql().html


def test_form_runs_a_query(browser: webdriver.Chrome, unbuilt_demo: Demo) -> None:
    log = Log(browser)
    browser.get(f"{unbuilt_demo.url}/graphql")
    assert "GraphiQL and its charts have not been built" in browser.find_element(By.TAG_NAME, "main").text
    browser.find_element(By.ID, "key").send_keys(unbuilt_demo.key)
    browser.find_element(By.CSS_SELECTOR, "button").click()
    answer = browser.find_element(By.ID, "answer")
    WebDriverWait(browser, 30, poll_frequency=0.05).until(lambda _: answer.text.startswith("{"))
    trend = json.loads(answer.text)["data"]["project"]["trend"]
    assert [(line["label"], line["data"][0]) for line in trend["series"]] == [
        ("EWR", 9655),
        ("JFK", 9061),
        ("LGA", 7767),
    ]
    assert log.problems() == []
    assert {f"http://{host}" for host in log.hosts()} == {unbuilt_demo.url}
