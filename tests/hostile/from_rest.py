"""A request for every parameter of REST, with values that no client should send."""

import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from asgi.rest.filters import PropertyFilter, PropertyGroup
from asgi.rest.parameters import IGNORED, JSON_PARAMETERS, UNSUPPORTED, TrendParameters
from asgi.rest.projects import PageParameters
from tests.hostile.case import Case, as_json, with_ids
from tests.hostile.values import FLOATS, INTEGERS, MISFITS, Value, property_values, repeated, texts_for, values

Path = tuple[str | int, ...]
LONGEST_ADDRESS: Final = 30_000
TREND: Final = "/api/projects/{project}/insights/trend/"
BASE: Final[Mapping[str, Any]] = {"events": [{"id": "view"}], "date_from": "2020-01-10", "date_to": "2020-01-14"}
FILTER: Final = {"key": "page", "value": "a"}
GROUP: Final = {"type": "AND", "values": [FILTER]}
EXAMPLES: Final[Mapping[str, Any]] = {
    "actions": [{"id": "$action"}],
    "breakdowns": [{"property": "page"}],
    "compare_to": "-1w",
    "date_from": "2020-01-10",
    "date_to": "2020-01-14",
    "events": [{"id": "view"}],
    "formula": "A",
    "formulas": ["A"],
    "group_type_index": 0,
    "math_group_type_index": 0,
    "breakdown_group_type_index": 0,
    "math_hogql": "count()",
    "math_property": "price",
    "operator": "icontains",
    "properties": [FILTER],
    "refresh": "true",
    "values": ["a"],
}
"""Valid values of parameters and members by their names, where the example of their type is none."""
COMPANIONS: Final[Mapping[str, Mapping[str, Any]]] = {
    "breakdown_group_type_index": {"breakdown": "page", "breakdown_type": "group"},
    "breakdown_hide_other_aggregation": {"breakdown": "page"},
    "breakdown_histogram_bin_count": {"breakdown": "page"},
    "breakdown_limit": {"breakdown": "page"},
    "breakdown_normalize_url": {"breakdown": "page"},
    "breakdown_type": {"breakdown": "page"},
    "compare_to": {"compare": True},
    "group_type_index": {"type": "group"},
    "math_group_type_index": {"math": "unique_group"},
    "math_hogql": {"math": "hogql"},
    "math_property": {"math": "sum"},
    "math_property_type": {"math": "sum", "math_property": "price"},
    "negation": {"type": "cohort", "key": "id", "value": "$cohort"},
    "values": {"value": None},
}
"""What an object needs beside one of its members, so that it counts."""


@dataclass(frozen=True)
class Place:
    """Where a value goes, and the JSON schema of what belongs there."""

    path: Path
    schema: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of the parameter or member."""
        return next(str(key) for key in reversed(self.path) if isinstance(key, str))


def places() -> Iterator[Place]:
    """Every parameter, and every member of the objects in them."""
    yield from _places_of(TrendParameters.model_json_schema(), ())
    # Filters are read one by one, so the parameters' own schema says less than their models.
    for above in (("properties", 0), ("events", 0, "properties", 0)):
        yield from _places_of(PropertyFilter.model_json_schema(), above)
    yield from _places_of(PropertyGroup.model_json_schema()["$defs"]["PropertyGroup"], ("properties",))


def _places_of(document: Mapping[str, Any], above: Path) -> Iterator[Place]:
    definitions = document.get("$defs", {})
    for name, member in document["properties"].items():
        yield from _places_at(member, (*above, name), definitions)


def _places_at(schema: Mapping[str, Any], path: Path, definitions: Mapping[str, Any]) -> Iterator[Place]:
    yield Place(path, schema)
    for each in schema.get("anyOf", [schema]):
        if "items" in each and path[-1] != "properties":
            listed = each["items"]
            yield Place((*path, 0), listed)
            if "$ref" in listed:
                members = definitions[listed["$ref"].rpartition("/")[2]]["properties"]
                for name, member in members.items():
                    yield from _places_at(member, (*path, 0, name), definitions)


def example(place: Place) -> Any:
    """A valid value."""
    if place.path == ("properties", "type"):
        return "AND"
    if place.path[:2] == ("properties", "values"):
        return FILTER if place.path[-1] == 0 else [FILTER]
    if place.path[-1] == 0 and isinstance(EXAMPLES.get(place.name), list):
        return deepcopy(EXAMPLES[place.name][0])
    if place.path == ("actions", 0, "id"):
        return "$action"
    if place.name in EXAMPLES:
        return deepcopy(EXAMPLES[place.name])
    for each in place.schema.get("anyOf", [place.schema]):
        match each:
            case {"enum": [first, *_]}:
                return first
            case {"type": "integer"}:
                return 1
            case {"type": "number"}:
                return 0.5
            case {"type": "boolean"}:
                return True
    return "page"


def hostile_values(place: Place) -> Iterator[Value]:
    """Values of every kind that the place accepts, and of every other type."""
    yield from values(MISFITS)
    kinds = [each.get("type") for each in place.schema.get("anyOf", [place.schema])]
    for each in place.schema.get("anyOf", [place.schema]):
        yield from values([*each.get("enum", ()), *(str(item).upper() for item in each.get("enum", ())[:1])])
    if place.name in ("value", "values"):
        yield from property_values()
    elif "array" in kinds or place.name == "properties":
        yield from repeated(example(Place((*place.path, 0), {})))
        yield from values(("[", "[" * 5_000, "{", '[{"id": "' + "a" * 9_000 + '"}]', "null", "[null]", "\0"))
    elif "integer" in kinds:
        yield from values(INTEGERS)
    elif "number" in kinds:
        yield from values(FLOATS)
    else:
        yield from texts_for(place.name)
        yield from values(INTEGERS)


def valid(ids: Mapping[str, str]) -> Iterator[Case]:
    """A case that the gateway must answer for every parameter."""
    for place in places():
        for method in ("GET", "POST"):
            yield ask(place, Value("valid", example(place)), ids, method, is_valid=True)


def hostile(ids: Mapping[str, str], rng: Random, count: int) -> Iterator[Case]:
    """Cases for some of the values of every parameter."""
    for place in places():
        listed = [*hostile_values(place)]
        for number, value in enumerate(rng.sample(listed, min(count, len(listed)))):
            yield ask(place, value, ids, ("GET", "POST")[number % 2])
    others = [*_other_parameters(ids)]
    yield from rng.sample(others, min(count * 20, len(others)))


def ask(place: Place, value: Value, ids: Mapping[str, str], method: str, *, is_valid: bool = False) -> Case:
    """Ask for a trend with the value at the place."""
    given: dict[str, Any] = deepcopy(dict(BASE))
    _put(given, place.path, value.value)
    where = ".".join(map(str, place.path))
    return _request(f"{method} {where}: {value.label}", given, ids, method, is_valid=is_valid)


def _put(given: dict[str, Any], path: Path, value: object) -> None:
    at: Any = given
    for key, following in zip(path, (*path[1:], None), strict=True):
        if isinstance(at, dict) and at != GROUP:
            at.update(deepcopy(dict(COMPANIONS.get(str(key), {}))))
        if following is None:
            at[key] = value
        elif key == "properties" and following != 0:
            at[key] = deepcopy(GROUP)
        elif isinstance(at, dict) and not isinstance(at.get(str(key)), list):
            at[key] = deepcopy(EXAMPLES.get(str(key), ["page"]))
        at = at[key]


def _request(
    name: str, given: Mapping[str, Any], ids: Mapping[str, str], method: str, *, is_valid: bool = False
) -> Case:
    """Send parameters in the address or, as far as that is too long for one, in the body."""
    path = TREND.replace("{project}", ids["project"])
    params = {key: with_ids(_as_text(key, value), ids) for key, value in given.items()}
    if method == "GET" and sum(len(each.encode()) for each in params.values()) * 3 < LONGEST_ADDRESS:
        return Case(name, path, method="GET", params=params, is_valid=is_valid)
    return Case(name, path, as_json(given, ids), is_valid=is_valid)


def _as_text(name: str, value: object) -> str:
    if isinstance(value, str):
        return value
    is_json = name in JSON_PARAMETERS or isinstance(value, dict | list | bool)
    return json.dumps(value) if is_json else "" if value is None else str(value)


def _other_parameters(ids: Mapping[str, str]) -> Iterator[Case]:
    """What is no parameter of a trend: names, formats, ids in the path, pages of projects."""
    for name in (*IGNORED, *UNSUPPORTED, "format", "nope", "x" * 5_000, "\0", "\x1b[2J", "events[]", "__class__"):
        for value in ("1", "json", "csv", "a\r\nb: c", "[" * 900, "x" * 5_000):
            yield _request(f"GET {name[:30]}: {value[:30]}", {**BASE, name: value}, ids, "GET")
    for project in (
        "0",
        "-1",
        "9" * 30,
        "9" * 5_000,
        "\u0661",
        "%00",
        "%2e%2e",
        "1e3",
        "a" * 5_000,
        "%1b%5b2J",
        "%F0%9F",
    ):
        path = TREND.replace("{project}", project)
        yield Case(f"project {project[:30]}", path, method="GET", params={"events": "[{}]"})
    for name in PageParameters.model_fields:
        for each in values((*INTEGERS, *FLOATS, "a\0", "x" * 5_000)):
            params = {name: str(each.value)[:8_000]}
            yield Case(f"projects {name}: {each.label}", "/api/projects/", method="GET", params=params)
