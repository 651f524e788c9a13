"""The names of REST: how errors spell the parameters, and where the client sent the parts of a query."""

from collections.abc import Mapping
from enum import StrEnum

from errors import GatewayError, Place
from resolvers.trends.query import InputPath, TrendDisplay

_OTHER_NAMES: Mapping[str, str] = {
    "event": "id",
    "action_id": "id",
    "math_expression": "math_hogql",
    "property_group": "properties",
    "breakdown_hide_other": "breakdown_hide_other_aggregation",
}
_PLACES: Mapping[Place, str] = {
    Place.PROJECTS: "GET /api/projects/ lists the projects you can use.",
    Place.ACTIONS: "GraphQL's field Project.actions lists the actions you can use.",
    Place.COHORTS: "GraphQL's field Project.cohorts lists the cohorts you can use.",
    Place.INSIGHTS: "GraphQL's field Project.insights lists the insights you can use.",
    Place.GROUP_TYPES: "GraphQL's field Project.groupTypes lists the project's group types.",
    Place.ACCESS_EXPLANATION: "GraphQL's field viewer.can explains your access.",
    Place.CALCULATE_COHORT: "Calculate it with GraphQL's mutation cohortCalculate.",
}


class ParameterSpeller:
    """Spells the domain's names as the parameters of REST."""

    def name(self, snake_case: str) -> str:
        return _OTHER_NAMES.get(snake_case, snake_case)

    def choice(self, member: StrEnum) -> str:
        if isinstance(member, TrendDisplay):  # ActionsLineGraph
            return "".join(word.capitalize() for word in member.value.split("_"))
        return member.value.lower()

    def place(self, place: Place) -> str:
        return _PLACES.get(place, place.value)


PARAMETERS = ParameterSpeller()


class RequestPaths:
    """Where the client sent the parts of a query whose paths differ by more than their names."""

    def __init__(self) -> None:
        self._request_paths: dict[InputPath, InputPath] = {}

    def record(self, path: InputPath, request_path: InputPath) -> None:
        """Remember that the part of the query at `path` was sent at `request_path`."""
        self._request_paths[path] = request_path

    def find(self, path: InputPath) -> InputPath:
        """The path from the parameter's name on. A path outside of the query is one of parameters already."""
        if path[:1] != ("query",):
            return path
        for length in range(len(path), 0, -1):
            known = self._request_paths.get(path[:length])
            if known is not None:
                return (*known, *map(_spell, path[length:]))
        return tuple(map(_spell, path[1:]))

    def locate(self, error: GatewayError) -> GatewayError:
        """The same error at the path where the client sent the input."""
        return error.at(self.find(error.path))


def write_path(path: InputPath) -> str:
    """events[0].math"""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f"{'.' if written else ''}{step}"
    return written


def _spell(step: str | int) -> str | int:
    return PARAMETERS.name(step) if isinstance(step, str) else step
