"""Property filters as REST clients write them, read into the schema's inputs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from graphql import GraphQLError
from pydantic import Field, SkipValidation

from asgi.rest.naming import RequestPaths
from asgi.rest.validation import (
    Flag,
    GroupIndex,
    Ignored,
    Members,
    OneOf,
    expected,
    read_json,
    read_list,
    validate,
)
from errors import BadUserInput
from resolvers.trends.query import InputPath, LogicalOperator, PropertyOperator, PropertyType
from schema.filters import MAX_NESTING, PropertyFilterInput, PropertyGroupInput
from schema.scalars import PropertyValue, read_property_value

TYPES: Mapping[str, PropertyType] = {
    **{each.value.lower(): each for each in PropertyType},
    **dict.fromkeys(("static-cohort", "precalculated-cohort"), PropertyType.COHORT),
    "events": PropertyType.EVENT,
    "feature": PropertyType.EVENT,
}
OPERATORS: Mapping[str, PropertyOperator] = {
    **{each.value.lower(): each for each in PropertyOperator},
    "min": PropertyOperator.GTE,
    "max": PropertyOperator.LTE,
}
GROUP_TYPES = {each.value: each for each in LogicalOperator}
_COHORT_OPERATORS = (None, PropertyOperator.EXACT, PropertyOperator.IN, PropertyOperator.NOT_IN)

Value = Annotated[str | float | bool | list[str | float | bool] | None, SkipValidation]


class PropertyFilter(Members):
    """One filter on a property."""

    exact: ClassVar = frozenset({"value", "values"})
    key: str | None = Field(
        None, description="The property's key; for hogql a boolean expression; for a cohort id or none."
    )
    value: Value = None
    values: Value = Field(None, description="The same as value.")
    operator: Annotated[PropertyOperator | None, OneOf(OPERATORS)] = Field(None, description="Default: exact.")
    type: Annotated[PropertyType, OneOf(TYPES)] = Field(PropertyType.EVENT, description="Default: event.")
    group_type_index: GroupIndex | None = None
    negation: Flag = Field(False, description="For a cohort: people who are not in it.")
    label: Ignored = None
    cohort_name: Ignored = None


class PropertyGroup(Members):
    """Filters joined by AND or OR, nested up to 20 deep."""

    type: Annotated[LogicalOperator, OneOf(GROUP_TYPES)]
    values: Annotated[list["PropertyFilter | PropertyGroup"], SkipValidation] = Field([])


Conditions = Annotated[
    list[PropertyFilter | PropertyGroup] | PropertyGroup | dict[str, object] | None, SkipValidation
]
"""Filters as clients write them: see read_conditions."""


@dataclass(frozen=True, slots=True)
class FilterInputs:
    """The two inputs in which the schema takes filters."""

    properties: list[PropertyFilterInput]
    group: PropertyGroupInput | None = None


def read_conditions(value: object, request_path: InputPath, path: InputPath, paths: RequestPaths) -> FilterInputs:
    """Read the filters at `request_path`: a list, nested groups, or the short form {key__operator: value}.

    `path` is where the schema has them, a query or a series; `paths` records where each one was in the request.
    """
    value = read_json(value, request_path)
    if _is_group(value):
        return FilterInputs([], _read_group(value, request_path, (*path, "property_group"), paths))
    listed = list(_list_filters(value, request_path))
    if any(_is_group(item) for _, item in listed):
        paths.record((*path, "property_group"), request_path)
        return FilterInputs([], _group_of(LogicalOperator.AND, listed, (*path, "property_group"), paths, depth=1))
    for index, (place, _) in enumerate(listed):
        paths.record((*path, "properties", index), place)
    return FilterInputs([_read_filter(item, place) for place, item in listed])


def _list_filters(value: object, request_path: InputPath) -> Iterator[tuple[InputPath, object]]:
    if not isinstance(value, dict):
        yield from read_list(value, request_path)
    elif "key" in value or "type" in value:
        yield request_path, value
    else:
        for short, operand in value.items():
            key, mark, operator = short.rpartition("__")
            named = {"key": key, "operator": operator} if mark else {"key": short}
            yield (*request_path, short), {**named, "value": operand}


def _is_group(value: object) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind in GROUP_TYPES


def _read_group(
    value: object, request_path: InputPath, path: InputPath, paths: RequestPaths, *, depth: int = 1
) -> PropertyGroupInput:
    if depth > MAX_NESTING:
        raise BadUserInput("Filter groups are nested deeper than {limit}.", limit=MAX_NESTING, path=request_path)
    paths.record(path, request_path)
    group = validate(PropertyGroup, value, request_path)
    return _group_of(group.type, read_list(group.values, (*request_path, "values")), path, paths, depth=depth)


def _group_of(
    type_: LogicalOperator,
    located: Sequence[tuple[InputPath, object]],
    path: InputPath,
    paths: RequestPaths,
    *,
    depth: int,
) -> PropertyGroupInput:
    group = PropertyGroupInput(type=type_)
    for request_path, item in located:
        if _is_group(item):
            below = (*path, "groups", len(group.groups))
            group.groups.append(_read_group(item, request_path, below, paths, depth=depth + 1))
        else:
            paths.record((*path, "filters", len(group.filters)), request_path)
            group.filters.append(_read_filter(item, request_path))
    return group


def _read_filter(value: object, path: InputPath) -> PropertyFilterInput:
    raw = validate(PropertyFilter, value, path)
    if raw.type is PropertyType.COHORT:
        return _read_cohort(raw, path)
    if raw.negation:
        raise BadUserInput("Only filters on cohorts can be negated.", path=(*path, "negation"))
    if raw.key is None:
        raise BadUserInput("{name} is required.", name="key", path=(*path, "key"))
    if raw.type is PropertyType.HOGQL:  # the expression is the whole condition
        return PropertyFilterInput(key=raw.key, type=raw.type)
    return PropertyFilterInput(
        key=raw.key,
        value=_read_value(raw, path),
        operator=raw.operator or PropertyOperator.EXACT,
        type=raw.type,
        group_type_index=raw.group_type_index,
    )


def _read_cohort(raw: PropertyFilter, path: InputPath) -> PropertyFilterInput:
    if raw.key not in (None, "id"):
        raise BadUserInput("The key of a cohort filter must be id.", path=(*path, "key"))
    if raw.operator not in _COHORT_OPERATORS:
        raise BadUserInput(
            "{operator} cannot be used for cohorts.",
            operator=raw.operator,
            path=(*path, "operator"),
            hint="Use in or not_in.",
        )
    is_out = raw.negation or raw.operator is PropertyOperator.NOT_IN
    return PropertyFilterInput(
        key="id",
        value=_read_value(raw, path),
        operator=PropertyOperator.NOT_IN if is_out else PropertyOperator.IN,
        type=PropertyType.COHORT,
        group_type_index=raw.group_type_index,
    )


def _read_value(raw: PropertyFilter, path: InputPath) -> PropertyValue | None:
    """Read the operand. An empty string is a value; nulls in a list are dropped."""
    value: object = raw.values if raw.value is None else raw.value
    if value is None:
        return None
    listed = [item for item in value if item is not None] if isinstance(value, list) else value
    try:
        return PropertyValue(read_property_value(listed))
    except GraphQLError as exc:
        raise expected("a string, a number, true, false or a list of these", value, (*path, "value")) from exc
