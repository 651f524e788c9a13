"""GraphiQL in the browser, with the actions of a user."""

import re
from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.web.browser import Log, show_as

PATIENCE_S = 30


class Page:
    """GraphiQL of a server, opened for the first time."""

    def __init__(
        self,
        driver: webdriver.Chrome,
        url: str,
        *,
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
    ) -> None:
        self.driver = driver
        self.url = url
        driver.get(f"{url}/healthz")
        driver.execute_script("localStorage.clear(); sessionStorage.clear()")
        show_as(driver, theme, size)
        self.log = Log(driver)
        driver.get(f"{url}/graphql")
        self.find(".graphiql-query-editor .monaco-editor .view-line")

    def find(self, css: str, text: str = "") -> WebElement:
        """Wait for a visible element that contains the text, and return the first one."""

        def first(_: webdriver.Chrome) -> WebElement | None:
            found = self.driver.find_elements(By.CSS_SELECTOR, css)
            return next((one for one in found if one.is_displayed() and text in one.text), None)

        found = WebDriverWait(
            self.driver, PATIENCE_S, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
        ).until(first, f"no element {css!r} with the text {text!r}")
        assert found is not None
        return found

    def wait_until(self, condition: Callable[[], bool]) -> None:
        WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.05).until(lambda _: condition())

    def all(self, css: str) -> list[WebElement]:
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def enter_key(self, key: str) -> None:
        self.find(".key-bar input").send_keys(key, Keys.ENTER)
        self.find(".key-bar-status", "Key accepted")

    def write(self, query: str) -> None:
        """Replace the query by pasting: the editor would close brackets that are typed."""
        self.find(".graphiql-query-editor .view-lines").click()
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys("a").key_up(Keys.CONTROL).perform()
        self.driver.execute_script(
            """
            const clipboardData = new DataTransfer();
            clipboardData.setData("text/plain", arguments[0]);
            const paste = new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true });
            document.activeElement.dispatchEvent(paste);
            """,
            query,
        )
        # The editor parses the operation's name with a delay; running earlier would send the old name.
        named = re.search(r"\b(?:query|mutation|subscription) (\w+)", query)
        self.find(".graphiql-tab-active", named[1] if named else "<untitled>")

    def run(self) -> None:
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()

    def choose_example(self, title: str) -> None:
        self.find(".trend-button").click()
        self.find(".examples-menu [role=menuitem]", title).click()

    def await_trend(self, display: str) -> WebElement:
        """Wait until the result of the last operation is drawn as a display, and return its element."""
        trend = self.find(f'.trend[data-display="{display}"][data-stale="false"]')
        if display in ("ACTIONS_TABLE", "BOLD_NUMBER"):
            return trend
        self.find(f'.trend[data-display="{display}"] svg path')
        return trend

    def table(self) -> list[list[str]]:
        """The rows of the table view, which every chart has."""
        if not self.all(".trend-table"):
            self.find(".trend-switch button", "Table").click()
        self.find(".trend-table table")
        rows: list[list[str]] = self.driver.execute_script(
            'return [...document.querySelectorAll(".trend-table tr")]'
            ".map((row) => [...row.children].map((cell) => cell.textContent.trim()))"
        )
        return rows

    def legend(self) -> dict[str, str]:
        """The colours of the series by name."""
        return {
            item.find_element(By.CSS_SELECTOR, ".trend-legend-name").text: str(
                item.find_element(By.CSS_SELECTOR, "line").get_attribute("stroke")
            )
            for item in self.all(".trend-legend li")
        }

    def shapes(self) -> list[dict[str, Any]]:
        """The paths of the chart: stroke, fill, dashes, points, and bounding box on the screen."""
        shapes: list[dict[str, Any]] = self.driver.execute_script("""
            return [...document.querySelectorAll(".trend-canvas svg path")].map((path) => {
              const box = path.getBBox();
              return {
                stroke: path.getAttribute("stroke"),
                fill: path.getAttribute("fill"),
                dash: path.getAttribute("stroke-dasharray"),
                d: path.getAttribute("d"),
                x: box.x, y: box.y, width: box.width, height: box.height,
              };
            })""")
        return shapes

    def close(self) -> None:
        """Check that the page had no problems and sent requests to its own server only."""
        assert self.log.problems() == []
        assert {f"http://{host}" for host in self.log.hosts()} == {self.url}
