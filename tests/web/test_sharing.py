"""Links to the page, and what can be taken out of it: links, code and CSV."""

import csv
from pathlib import Path

from selenium import webdriver

from tests.support.demo_server import Demo
from tests.web.page import Page

QUERY = 'query Shared { project(id: "1") { name } } # é & # "+"'


def query_of(page: Page) -> str:
    """The editor's text, with its wrapped lines joined."""
    return " ".join(page.find(".graphiql-query-editor .view-lines").text.split())


def copied(page: Page, form: str) -> str:
    """Copy the query in a form, and return what the clipboard then has."""
    permissions = {"permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"], "origin": page.url}
    page.driver.execute_cdp_cmd("Browser.grantPermissions", permissions)
    page.find("button[aria-label='Copy as link or code']").click()
    page.find("[role=menuitem]", form).click()
    page.find(".share-status", "Copied.")
    text: str = page.driver.execute_async_script("navigator.clipboard.readText().then(arguments[0], arguments[0])")
    return text


def test_link_with_a_key_enters_it_and_leaves_no_trace_in_the_address(
    browser: webdriver.Chrome, demo: Demo
) -> None:
    page = Page(browser, demo.url)
    browser.get(f"{demo.url}/graphql#key={demo.key}")
    page.find(".key-bar-status", "Key accepted")
    assert browser.current_url == f"{demo.url}/graphql"
    assert not [url for url in page.log.urls() if demo.key in url]
    page.close()


def test_link_opens_the_query_in_a_tab_of_its_own_and_does_not_run_it(page: Page) -> None:
    page.write(QUERY)
    link = copied(page, "Link to this query")
    assert link.startswith(f"{page.url}/graphql#query=")
    page.write("query Mine { viewer { keyLabel } }")
    # The page stores its tabs half a second after an edit.
    stored = "return localStorage.getItem('trendgate:graphiql:tabState')"
    page.wait_until(lambda: "Mine" in page.driver.execute_script(stored))
    page.driver.get("about:blank")
    page.driver.get(link)
    page.find(".graphiql-tab-active", "Shared")
    assert query_of(page) == QUERY
    assert [tab.text for tab in page.all(".graphiql-tab-button")] == ["Mine", "Shared"]
    assert page.driver.current_url == f"{page.url}/graphql"
    page.find(".trend-empty h3", "Charts appear here")


def test_copied_code_has_the_query_and_no_key(page: Page, demo: Demo) -> None:
    page.write(QUERY)
    for form, beginning in [("cURL", "curl '"), ("fetch", "const query"), ("Python", "import json")]:
        code = copied(page, form)
        assert code.startswith(beginning)
        assert f"{page.url}/graphql" in code
        assert "TRENDGATE_API_KEY" in code
        assert demo.key not in code


def test_csv_has_the_values_of_the_table(page: Page, tmp_path: Path) -> None:
    page.choose_example("Flights per month")
    page.await_trend("ACTIONS_LINE_GRAPH")
    page.driver.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    page.find("button[aria-label='Download CSV']").click()
    file = tmp_path / "nyc-flights-2013.csv"
    page.wait_until(file.exists)
    rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
    assert rows[:2] == [["Date", "EWR", "JFK", "LGA"], ["Jan 2013", "9655", "9061", "7767"]]
    assert len(rows) == 13
