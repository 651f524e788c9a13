"""Property filters as clients of REST write them, read into the inputs of the schema."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLError

from asgi.rest.fields import Fields, choose, list_items, read_json, read_members, shown
from asgi.rest.naming import Places
from errors import BadUserInput
from resolvers.trends.query import InputPath, LogicalOperator, PropertyOperator, PropertyType
from schema.filters import MAX_NESTING, PropertyFilterInput, PropertyGroupInput
from schema.scalars import PropertyValue, read_property_value

FILTER_KEYS = (
    "key",
    "value",
    "operator",
    "type",
    "group_type_index",
    "negation",
    "values",
    "label",
    "cohort_name",
)
_WITHOUT_EFFECT = ("label", "cohort_name")
_COHORTS = ("cohort", "static-cohort", "precalculated-cohort")
_GROUP_KEYS = ("type", "values")

TYPES: Mapping[str, PropertyType] = {
    **{each.value.lower(): each for each in PropertyType},
    **dict.fromkeys(_COHORTS, PropertyType.COHORT),
    "events": PropertyType.EVENT,
    "feature": PropertyType.EVENT,
}
OPERATORS: Mapping[str, PropertyOperator] = {
    **{each.value.lower(): each for each in PropertyOperator},
    "min": PropertyOperator.GTE,
    "max": PropertyOperator.LTE,
}
_CONNECTIVES = {each.value: each for each in LogicalOperator}


@dataclass(frozen=True, slots=True)
class Conditions:
    """The two parts in which the schema takes conditions."""

    properties: list[PropertyFilterInput]
    group: PropertyGroupInput | None = None


def read_conditions(value: object, sent: InputPath, path: InputPath, places: Places) -> Conditions:
    """The conditions that were sent at `sent`: a list, nested groups, or the short form {key__operator: value}.

    `path` is where the schema has them, a query or a series; `places` learns where each one was sent.
    """
    read = read_json(value, sent)
    if _is_group(read):
        return Conditions([], _read_group(read, sent, (*path, "propertyGroup"), places))
    listed = list(_listed(read, sent))
    if any(_is_group(item) for _, item in listed):
        group = {"type": LogicalOperator.AND.value, "values": [item for _, item in listed]}
        return Conditions([], _read_group(group, sent, (*path, "propertyGroup"), places, members=sent))
    for index, (place, _) in enumerate(listed):
        places.note((*path, "properties", index), place)
    return Conditions([read_filter(item, place) for place, item in listed])


def _listed(value: object, sent: InputPath) -> Iterator[tuple[InputPath, object]]:
    if not isinstance(value, dict):
        yield from list_items(value, sent)
    elif "key" in value or "type" in value:
        yield sent, value
    else:
        for short, wanted in value.items():
            key, mark, operator = short.rpartition("__")
            named = {"key": key, "operator": operator} if mark else {"key": short}
            yield (*sent, short), {**named, "value": wanted}


def _is_group(value: object) -> bool:
    kind = value.get("type") if isinstance(value, dict) else None
    return isinstance(kind, str) and kind in _CONNECTIVES


def _read_group(
    value: object,
    sent: InputPath,
    path: InputPath,
    places: Places,
    *,
    members: InputPath | None = None,
    depth: int = 1,
) -> PropertyGroupInput:
    """`members` is where the values were sent, where that is not below `sent`."""
    if depth > MAX_NESTING:
        raise BadUserInput(f"Groups of filters are nested deeper than {MAX_NESTING}.", path=sent)
    places.note(path, sent)
    with read_members(value, sent, known=_GROUP_KEYS) as fields:
        connective = fields.choice("type", _CONNECTIVES)
        listed = list_items(fields.take("values"), members or fields.at("values"))
    group = PropertyGroupInput(type=connective or LogicalOperator.AND)
    for place, item in listed:
        if _is_group(item):
            below = (*path, "groups", len(group.groups))
            group.groups.append(_read_group(item, place, below, places, depth=depth + 1))
        else:
            places.note((*path, "filters", len(group.filters)), place)
            group.filters.append(read_filter(item, place))
    return group


def read_filter(value: object, path: InputPath) -> PropertyFilterInput:
    """One condition, which was sent at `path`."""
    with read_members(value, path, known=FILTER_KEYS) as fields:
        fields.drop(_WITHOUT_EFFECT)
        kind = fields.text("type") or "event"
        type_ = choose(kind, TYPES, fields.at("type"))
        if type_ is PropertyType.COHORT:
            return _read_cohort(fields)
        key, operator, compared = fields.text("key"), fields.choice("operator", OPERATORS), _read_value(fields)
        group_type_index = fields.integer("group_type_index")
        if key is None:
            raise BadUserInput("The key is missing.", path=(*path, "key"))
        if type_ is PropertyType.HOGQL:  # the expression is all there is
            return PropertyFilterInput(key=key, type=type_)
        return PropertyFilterInput(
            key=key,
            value=compared,
            operator=operator or PropertyOperator.EXACT,
            type=type_,
            group_type_index=group_type_index,
        )


def _read_cohort(fields: Fields) -> PropertyFilterInput:
    key = fields.text("key")
    if key not in (None, "id"):
        raise BadUserInput("The key of a cohort is id.", path=fields.at("key"))
    operator = fields.choice("operator", OPERATORS)
    if operator not in (None, PropertyOperator.EXACT, PropertyOperator.IN, PropertyOperator.NOT_IN):
        raise BadUserInput(
            "A cohort has persons in it or not in it.", path=fields.at("operator"), hint="in, not_in"
        )
    is_out = fields.flag("negation") or operator is PropertyOperator.NOT_IN
    return PropertyFilterInput(
        key="id",
        value=_read_value(fields),
        operator=PropertyOperator.NOT_IN if is_out else PropertyOperator.IN,
        type=PropertyType.COHORT,
    )


def _read_value(fields: Fields) -> PropertyValue | None:
    """What is compared with. An empty text is a value; nulls in a list are none."""
    path = fields.at("value")
    value, others = fields.take_exact("value"), fields.take_exact("values")
    value = others if value is None else value
    if value is None:
        return None
    listed = [item for item in value if item is not None] if isinstance(value, list) else value
    try:
        return PropertyValue(read_property_value(listed))
    except GraphQLError as wrong:
        raise BadUserInput(
            f"A value is a text, a number, true, false, or a list of these, not {shown(value)}.", path=path
        ) from wrong
