"""A headless Chromium, and its log of a page."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
DRIVER = shutil.which("chromedriver")
MISSING = "needs Chromium and its driver (Debian: chromium chromium-driver)" if not (CHROMIUM and DRIVER) else None

WIDE = (1440, 900)
REPORT_VIOLATIONS = """
window.policyViolations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.policyViolations.push(`${event.effectiveDirective}: ${event.blockedURI}`));
"""


@contextmanager
def open_browser() -> Iterator[webdriver.Chrome]:
    """Open a browser with an empty profile. Requires that MISSING is None."""
    assert CHROMIUM is not None
    assert DRIVER is not None
    options = Options()
    options.binary_location = CHROMIUM
    for argument in (
        "--headless=new",
        "--disable-dev-shm-usage",
        "--hide-scrollbars",
        "--force-color-profile=srgb",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:  # in containers, tests run as root, for whom Chromium has no sandbox
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(DRIVER))
    try:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": REPORT_VIOLATIONS})
        yield driver
    finally:
        driver.quit()


def show_as(driver: webdriver.Chrome, theme: str = "light", size: tuple[int, int] = WIDE) -> None:
    """Set the system's theme and the window's size, without animations, which would move what tests measure."""
    features = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
    driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": name, "value": features[name]} for name in features]}
    )
    width, height = size
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
    )


class Log:
    """The requests, errors and warnings of a page since it was opened."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver
        self._requests: list[dict[str, Any]] = []
        self._problems: list[str] = []
        self.read()
        self._requests.clear()
        self._problems.clear()

    def read(self) -> None:
        """Fetch new entries from the browser, which returns each entry once."""
        for entry in self._entries("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                self._requests.append(message["params"]["request"])
        self._problems += [
            entry["message"] for entry in self._entries("browser") if entry["level"] in ("SEVERE", "WARNING")
        ]

    def _entries(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self._driver.get_log(kind)  # type: ignore[no-untyped-call]  # Selenium's gap
        return entries

    def urls(self) -> list[str]:
        self.read()
        return [request["url"] for request in self._requests]

    def hosts(self) -> set[str]:
        return {urlsplit(url).netloc for url in self.urls()} - {""}

    def last_operation(self) -> dict[str, Any]:
        """The last GraphQL request, except introspection and the check of the key."""
        self.read()
        bodies = [json.loads(request["postData"]) for request in self._requests if "postData" in request]
        operations: list[dict[str, Any]] = [
            body for body in bodies if "ApiKeyCheck" not in body["query"] and "__schema" not in body["query"]
        ]
        return operations[-1]

    def problems(self) -> list[str]:
        """Errors and warnings of the console, and violations of the Content-Security-Policy."""
        self.read()
        violations: list[str] = self._driver.execute_script("return window.policyViolations")
        return [*self._problems, *violations]
