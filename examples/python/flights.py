"""Prints flights per month and airport of the demo project, with nothing but an HTTP client."""

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
    """The gateway refused; each error says in `extensions.code` why, and in `extensions.hint` what helps."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("\n".join(map(_describe, errors)))


def _describe(error: dict[str, Any]) -> str:
    extensions = error.get("extensions", {})
    return f"{extensions.get('code', 'ERROR')}: {error['message']} {extensions.get('hint', '')}".strip()


def ask(client: httpx2.Client, document: str, **variables: object) -> object:
    """The data of an answer. Raises RequestFailed when there is none, or not all of it."""
    response = client.post(
        "/graphql",
        json={"query": document, "variables": variables},
        headers={"accept": "application/graphql-response+json"},
    )
    answer = response.json()
    if "errors" in answer:
        raise RequestFailed(answer["errors"])
    return answer["data"]


def main() -> int:
    address = os.environ.get("TRENDGATE_URL", "http://127.0.0.1:8000/graphql").removesuffix("/graphql")
    key = os.environ.get("TRENDGATE_KEY", "")
    question = {
        "events": [{"event": "flight departed"}],
        "breakdown": ["origin"],
        "interval": "MONTH",
        "dateFrom": "2013-01-01",
        "dateTo": "2013-04-30",
    }
    with httpx2.Client(base_url=address, headers={"authorization": f"Bearer {key}"}, timeout=60) as client:
        try:
            answer = ask(client, FLIGHTS, project=os.environ.get("TRENDGATE_PROJECT", "1"), query=question)
        except RequestFailed as failure:
            print(failure, file=sys.stderr)
            return 1
    project = cast(Flights, answer)["project"]
    print(project["name"])
    rows = [
        [line["label"], *(f"{figure or 0:.0f}" for figure in line["data"])] for line in project["trend"]["series"]
    ]
    for row in [["", *project["trend"]["days"]], *rows]:
        print("  ".join([row[0].ljust(4), *(cell.rjust(10) for cell in row[1:])]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
