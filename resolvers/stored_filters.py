"""Property filters as the metadata store keeps them: JSON in the form of the input."""

from collections.abc import Mapping

from resolvers.trends.query import InputPath, PropertyFilter, PropertyOperator, PropertyType, Scalar


def write_filter(filter_: PropertyFilter) -> dict[str, object]:
    """Every field, so that what is stored means the same when a default changes."""
    value = filter_.value
    return {
        "key": filter_.key,
        "value": list(value) if isinstance(value, tuple) else value,
        "operator": filter_.operator.value,
        "type": filter_.type.value,
        "groupTypeIndex": filter_.group_type_index,
    }


def read_filter(stored: Mapping[str, object], path: InputPath) -> PropertyFilter:
    """The stored condition; ValueError or TypeError when the store holds something else."""
    index = stored.get("groupTypeIndex")
    if not (index is None or isinstance(index, int)):
        raise TypeError("a stored group type index is no number")
    return PropertyFilter(
        key=str(stored.get("key", "")),
        value=_read_value(stored.get("value")),
        operator=PropertyOperator(str(stored.get("operator", PropertyOperator.EXACT))),
        type=PropertyType(str(stored.get("type", PropertyType.EVENT))),
        group_type_index=index,
        path=path,
    )


def _read_value(value: object) -> Scalar | tuple[Scalar, ...] | None:
    if isinstance(value, list):
        return tuple(_read_scalar(item) for item in value)
    return None if value is None else _read_scalar(value)


def _read_scalar(value: object) -> Scalar:
    if isinstance(value, str | int | float):
        return value
    raise TypeError("a stored filter compares with something that is no text, number or boolean")
