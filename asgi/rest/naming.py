"""Refusals speak of the client's input: from the names and paths of GraphQL to those of the REST parameters."""

import re
from collections.abc import Mapping

from errors import GatewayError
from resolvers.trends.query import InputPath

_OTHER_NAMES: Mapping[str, str] = {
    "event": "id",
    "actionId": "id",
    "mathExpression": "math_hogql",
    "propertyGroup": "properties",
    "breakdownHideOther": "breakdown_hide_other_aggregation",
}
_CAMEL_CASE = re.compile(
    r"\b(?:breakdown|math|date|compare|explicit|filter|smoothing|sampling|groupType(?=I)|custom)[A-Z]\w*"
)
_ENUM_VALUE = re.compile(r"\b[A-Z]+_[A-Z_]+\b")
_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORDS: Mapping[str, str] = {
    "The field projects lists": "GET /api/projects/ lists",
    "The field viewer.can tells": "GraphQL's viewer.can tells",
    "Project.actions lists": "GraphQL's field actions of the project lists",
    "Project.groupTypes lists": "GraphQL's field groupTypes of the project lists",
    "The mutation cohortCalculate does so.": "GraphQL's mutation cohortCalculate does so.",
    "Type GROUP ": "Type group ",
    "type GROUP ": "type group ",
}


class Places:
    """Where the client wrote the parts of a question whose paths differ by more than their names."""

    def __init__(self) -> None:
        self._sent: dict[InputPath, InputPath] = {}

    def note(self, path: InputPath, sent: InputPath) -> None:
        """What GraphQL has at `path` was sent at `sent`."""
        self._sent[path] = sent

    def find(self, path: InputPath) -> InputPath:
        """The path of a parameter, from the parameter's name on; a path that is no question's stays as it is."""
        if path[:1] != ("query",):
            return path
        for length in range(len(path), 0, -1):
            known = self._sent.get(path[:length])
            if known is not None:
                return (*known, *map(_renamed, path[length:]))
        return tuple(map(_renamed, path[1:]))


def in_parameters(refusal: GatewayError, places: Places) -> GatewayError:
    """The same refusal in the words of the parameters."""
    return GatewayError(
        refusal.code,
        _reworded(refusal.message),
        hint=None if refusal.hint is None else _reworded(refusal.hint),
        details=refusal.details,
        path=places.find(refusal.path),
    )


def write_path(path: InputPath) -> str:
    """events[0].math"""
    written = ""
    for step in path:
        written += f"[{step}]" if isinstance(step, int) else f"{'.' if written else ''}{step}"
    return written


def _renamed(step: str | int) -> str | int:
    if isinstance(step, int):
        return step
    return _OTHER_NAMES.get(step) or _BORDER.sub("_", step).lower()


def _reworded(text: str) -> str:
    for said, instead in _WORDS.items():
        text = text.replace(said, instead)
    text = _ENUM_VALUE.sub(lambda match: match[0].lower(), text)
    return _CAMEL_CASE.sub(lambda match: str(_renamed(match[0])), text)
