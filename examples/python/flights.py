"""Print the flights of the demo project by month and airport, with only an HTTP client."""

import os
import sys
from typing import Any, TypedDict, cast

import httpx2

FLIGHTS = """
query Flights($project: ID!, $query: TrendQueryInput!) {
  project(id: $project) {
    name
    trend(query: $query) { days series { label data } }
  }
}
"""


class Series(TypedDict):
    label: str
    data: list[float | None]


class Trend(TypedDict):
    days: list[str]
    series: list[Series]


class Project(TypedDict):
    name: str
    trend: Trend


class Flights(TypedDict):
    project: Project


class RequestFailed(Exception):
    """Errors of the gateway. Each has a code in `extensions.code` and advice in `extensions.hint`."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(map(_describe, errors)))


def _describe(error: dict[str, Any]) -> str:
    extensions = error.get("extensions", {})
    return f"{extensions.get('code', 'ERROR')}: {error['message']} {extensions.get('hint', '')}".strip()


def execute(client: httpx2.Client, document: str, **variables: object) -> object:
    """Send an operation, and return its data. Raises RequestFailed if the response has any errors."""
    response = client.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"accept": "application/graphql-response+json"},
    )
    body = response.json()
    if "errors" in body:
        raise RequestFailed(body["errors"])
    return body["data"]


def main() -> int:
    url = os.environ.get("TRENDGATE_URL", "http://127.0.0.1:8000/graphql").removesuffix("/graphql")
    key = os.environ.get("TRENDGATE_KEY", "")
    query = {
        "events": [{"event": "flight departed"}],
        "breakdown": ["origin"],
        "interval": "MONTH",
        "dateFrom": "2013-01-01",
        "dateTo": "2013-04-30",
    }
    with httpx2.Client(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=60) as client:
        try:
            data = execute(client, FLIGHTS, project=os.environ.get("TRENDGATE_PROJECT", "1"), query=query)
        except RequestFailed as error:
            print(error, file=sys.stderr)
            return 1
    project = cast(Flights, data)["project"]
    print(project["name"])
    rows = [
        [series["label"], *(f"{value or 0:.0f}" for value in series["data"])]
        for series in project["trend"]["series"]
    ]
    for row in [["", *project["trend"]["days"]], *rows]:
        print("  ".join([row[0].ljust(4), *(cell.rjust(10) for cell in row[1:])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
