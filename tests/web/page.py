"""The page as a user works with it."""

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
    """GraphiQL at an address, opened for the first time."""

    def __init__(
        self,
        driver: webdriver.Chrome,
        address: str,
        *,
        theme: str = "light",
        size: tuple[int, int] = (1440, 900),
    ) -> None:
        self.driver = driver
        self.address = address
        driver.get(f"{address}/healthz")
        driver.execute_script("localStorage.clear(); sessionStorage.clear()")
        show_as(driver, theme, size)
        self.log = Log(driver)
        driver.get(f"{address}/graphql")
        self.find(".graphiql-query-editor .monaco-editor .view-line")

    def find(self, css: str, text: str = "") -> WebElement:
        """The first visible element with this text in it; waits until there is one."""

        def first(_: webdriver.Chrome) -> WebElement | None:
            found = self.driver.find_elements(By.CSS_SELECTOR, css)
            return next((one for one in found if one.is_displayed() and text in one.text), None)

        found = WebDriverWait(
            self.driver, PATIENCE_S, poll_frequency=0.05, ignored_exceptions=[StaleElementReferenceException]
        ).until(first, f"nothing at {css!r} says {text!r}")
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
        """Pastes over the query: typed one by one, brackets would be closed by the editor."""
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
        # The editor reads the operation's name a moment later; running earlier would send the old one.
        named = re.search(r"\b(?:query|mutation|subscription) (\w+)", query)
        self.find(".graphiql-tab-active", named[1] if named else "<untitled>")

    def run(self) -> None:
        ActionChains(self.driver).key_down(Keys.CONTROL).send_keys(Keys.ENTER).key_up(Keys.CONTROL).perform()

    def choose_example(self, title: str) -> None:
        self.find(".trend-button").click()
        self.find(".examples-menu [role=menuitem]", title).click()

    def await_trend(self, display: str) -> WebElement:
        """The panel's trend once it is drawn as this display, from the answer to the last operation."""
        trend = self.find(f'.trend[data-display="{display}"][data-stale="false"]')
        if display in ("ACTIONS_TABLE", "BOLD_NUMBER"):
            return trend
        self.find(f'.trend[data-display="{display}"] svg path')
        return trend

    def table(self) -> list[list[str]]:
        """The rows of the table that stands beside every chart."""
        if not self.all(".trend-table"):
            self.find(".trend-switch button", "Table").click()
        self.find(".trend-table table")
        rows: list[list[str]] = self.driver.execute_script(
            'return [...document.querySelectorAll(".trend-table tr")]'
            ".map((row) => [...row.children].map((cell) => cell.textContent.trim()))"
        )
        return rows

    def legend(self) -> dict[str, str]:
        """The colour of each series by its name."""
        return {
            item.find_element(By.CSS_SELECTOR, ".trend-legend-name").text: str(
                item.find_element(By.CSS_SELECTOR, "line").get_attribute("stroke")
            )
            for item in self.all(".trend-legend li")
        }

    def shapes(self) -> list[dict[str, Any]]:
        """The outlines of the drawing: stroke, fill, dashes, and the points and the box on the screen."""
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
        """Every test ends here: the page was content, and talked to its own server alone."""
        assert self.log.complaints() == []
        assert {f"http://{host}" for host in self.log.hosts()} == {self.address}
