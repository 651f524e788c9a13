"""Fields that rows of several kinds have."""

from collections.abc import Mapping
from typing import Final

import orjson

from datasource.loader.limits import MAX_DEPTH, MAX_ID_LENGTH, check_length, check_properties
from datasource.loader.read_jsonl import parse_json

PROPERTY_PREFIX: Final = "properties."


def parse_distinct_id(value: object) -> str:
    """Return a distinct id as a string. Raises ValueError with the reason."""
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise ValueError("distinct_id is neither a string nor a number")
    if value is None or value == "":
        raise ValueError("distinct_id is missing")
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    check_length("distinct_id", text, MAX_ID_LENGTH)
    return text


def parse_properties(fields: Mapping[str, object]) -> dict[str, object] | None:
    """Return the properties from `properties` and `properties.KEY`, None when the row has neither field.

    Raises ValueError with the reason.
    """
    properties = _collect_properties(fields)
    check_properties(properties or {})
    return properties


def _collect_properties(fields: Mapping[str, object]) -> dict[str, object] | None:
    value = fields.get("properties")
    single = {
        name.removeprefix(PROPERTY_PREFIX): cell
        for name, cell in fields.items()
        if name.startswith(PROPERTY_PREFIX)
    }
    if isinstance(value, str) and value:
        try:
            value = parse_json(value)
        except orjson.JSONDecodeError as error:
            raise ValueError(f"properties is not valid JSON: {error}") from error
        except RecursionError as error:
            raise ValueError(f"properties is nested more than {MAX_DEPTH} levels deep") from error
    if value in (None, ""):
        return single or (None if value is None and "properties" not in fields else single)
    if not isinstance(value, dict):
        raise ValueError("properties is not an object")
    return {**value, **single}
