"""PostHog's property filters, normalized as it does, as inputs of the gateway."""

from resolvers.trends.query import PropertyOperator, PropertyType
from tests.conformance.fields import CaseError, Fields, items_of, read_object, without_missing

Input = dict[str, object]

_COHORTS = ("cohort", "static-cohort", "precalculated-cohort")
_OTHER_NAMES = {"min": "GTE", "max": "LTE"}
_SHOWN_ONLY = ("label", "cohort_name")
_KEYS = {"key", "value", "values", "operator", "type", "group_type_index", "negation", *_SHOWN_ONLY}


def read_filter_list(value: object, where: str) -> list[Input]:
    """Return filters that must all match; groups are flattened, as they are for a single series."""
    if _is_group(value):
        with read_object(value, where) as fields:
            fields.drop(("type",))
            return read_filter_list(fields.take("values", []), f"{where}.values")
    if isinstance(value, dict):
        return [] if not value else [read_filter(value, where)]
    return [filter_ for place, item in items_of(value, where) for filter_ in _read_member(item, place)]


def _read_member(item: object, place: str) -> list[Input]:
    return read_filter_list(item, place) if _is_group(item) else [read_filter(item, place)]


def read_filter_tree(value: object, where: str) -> Input:
    """Return a query's filters as parts of TrendQueryInput: a list, or nested groups."""
    if isinstance(value, list) and any(map(_is_group, value)):
        return read_filter_tree({"type": "AND", "values": value}, where)
    if _is_group(value):
        return {"propertyGroup": _read_group(value, where)}
    listed = read_filter_list(value, where)
    return {"properties": listed} if listed else {}


def _read_group(value: object, where: str) -> Input:
    with read_object(value, where) as fields:
        operator, members = fields.required_text("type"), fields.items("values")
    return {
        "type": operator,
        "filters": [read_filter(item, place) for place, item in members if not _is_group(item)],
        "groups": [_read_group(item, place) for place, item in members if _is_group(item)],
    }


def _is_group(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in ("AND", "OR")


def read_filter(value: object, where: str) -> Input:
    """One filter as PropertyFilterInput."""
    with read_object(_spelled_out(value), where) as fields:
        fields.drop(_SHOWN_ONLY)
        kind = fields.text("type") or "event"
        if kind in _COHORTS:
            return _read_cohort(fields)
        if kind == "hogql":
            fields.drop(("operator", "value"))  # only the expression counts
            return {"type": "HOGQL", "key": fields.required_text("key")}
        return without_missing(
            key=fields.required_text("key"),
            value=_read_value(fields),
            operator=_read_operator(fields),
            type=_read_type(kind, fields.where),
            groupTypeIndex=fields.integer("group_type_index"),
        )


def _spelled_out(value: object) -> object:
    """Read the old short form {"key__icontains": value} of one event filter."""
    if not isinstance(value, dict) or len(value) != 1 or not _KEYS.isdisjoint(value):
        return value
    [(short, wanted)] = value.items()
    key, _, operator = short.partition("__")
    return {"key": key, "value": wanted, "operator": operator or "exact"}


def _read_cohort(fields: Fields) -> Input:
    key = fields.text("key")
    if key not in (None, "id"):
        raise CaseError(f"{fields.where}.key: a cohort's key is id, not {key!r}")
    is_negated = fields.flag("negation") or fields.text("operator") == "not_in"
    return without_missing(
        type="COHORT", key="id", value=_read_value(fields), operator="NOT_IN" if is_negated else "IN"
    )


def _read_value(fields: Fields) -> object:
    values = fields.take("values")
    value = fields.take("value", values)
    return [item for item in value if item is not None] if isinstance(value, list) else value


def _read_operator(fields: Fields) -> str:
    text = fields.text("operator") or "exact"
    name = _OTHER_NAMES.get(text, text.upper())
    if name not in PropertyOperator.__members__:
        raise CaseError(f"{fields.where}.operator: the gateway has no operator {text!r}")
    return name


def _read_type(kind: str, where: str) -> str:
    name = {"events": "EVENT", "feature": "EVENT"}.get(kind, kind.upper())
    if name not in PropertyType.__members__:
        raise CaseError(f"{where}.type: the gateway has no properties of type {kind!r}")
    return name
