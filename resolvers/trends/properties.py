"""Which field of an event a filter, a breakdown or a math means by a type and a key."""

import re

from datasource.layouts.contract import (
    DISTINCT_ID,
    ELEMENTS_CHAIN,
    EVENT,
    SESSION_FIGURES,
    SESSION_ID,
    SESSION_TEXTS,
    event_number,
    event_text,
    group_key,
    group_number,
    group_text,
    person_number,
    person_text,
    session_number,
    session_text,
)
from datasource.sql.tree import Field
from datasource.tables.steps import GROUP_TYPE_COUNT
from errors import BadUserInput
from resolvers.trends.query import BreakdownType, InputPath, PropertyType

_METADATA = {"event": EVENT, "distinct_id": DISTINCT_ID, "$session_id": SESSION_ID}
_GROUP_KEY = re.compile(r"\$group_(\d)")


def text_field(type_: PropertyType | BreakdownType, key: str, group_index: int | None, path: InputPath) -> Field:
    """The property as text, NULL where there is none. Raises BadUserInput for what cannot be read."""
    if not key:
        raise BadUserInput("A property key is required.", path=(*path, "key"))
    match type_.value:
        case "EVENT":
            return ELEMENTS_CHAIN if key == "$elements_chain" else event_text(key)
        case "PERSON":
            return person_text(key)
        case "GROUP":
            return group_text(checked_group_index(group_index, path), key)
        case "SESSION":
            return session_text(_session_key(key, path))
        case "EVENT_METADATA":
            return _metadata(key, path)
        case other:
            raise BadUserInput(f"Properties of type {other} are not supported yet.", path=(*path, "type"))


def number_field(type_: PropertyType, key: str, group_index: int | None, path: InputPath) -> Field | None:
    """The property as a number, or None for a type whose values are texts only."""
    match type_:
        case PropertyType.EVENT:
            return event_number(key)
        case PropertyType.PERSON:
            return person_number(key)
        case PropertyType.GROUP:
            return group_number(checked_group_index(group_index, path), key)
        case PropertyType.SESSION:
            return session_number(_session_key(key, path))
        case _:
            return None


def checked_group_index(index: int | None, path: InputPath) -> int:
    """The group type's index, which must be given."""
    if index is None or not 0 <= index < GROUP_TYPE_COUNT:
        raise BadUserInput(
            "A group type index is required.",
            path=path,
            hint=f"Give the group type's index, 0 to {GROUP_TYPE_COUNT - 1}; Project.groupTypes lists them.",
        )
    return index


def _session_key(key: str, path: InputPath) -> str:
    known = SESSION_FIGURES | SESSION_TEXTS
    if key not in known:
        raise BadUserInput(
            f"{key!r} is no field of a session.",
            path=(*path, "key"),
            hint=f"Choose one of {', '.join(sorted(known))}.",
        )
    return key


def _metadata(key: str, path: InputPath) -> Field:
    group = _GROUP_KEY.fullmatch(key)
    if group and int(group[1]) < GROUP_TYPE_COUNT:
        return group_key(int(group[1]))
    if key not in _METADATA:
        raise BadUserInput(
            f"{key!r} is no field of an event.",
            path=(*path, "key"),
            hint=f"Choose one of {', '.join(_METADATA)}, $group_0 to $group_{GROUP_TYPE_COUNT - 1}.",
        )
    return _METADATA[key]
