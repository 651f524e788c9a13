"""The field of an event that the type and key of a filter, breakdown or math name."""

import re
from typing import assert_never

from datasource.layouts.contract import (
    DISTINCT_ID,
    ELEMENTS_CHAIN,
    EVENT,
    SESSION_ID,
    SESSION_NUMBERS,
    SESSION_STRINGS,
    TIMESTAMP,
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
from datasource.sql.tree import Expr, Field, Number, Param, call
from datasource.tables.steps import GROUP_TYPE_COUNT
from errors import BadUserInput, Place
from resolvers.trends.channels import CHANNEL, COMPUTED, COMPUTED_FIELDS, session_channel
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import BreakdownType, InputPath, PropertyType

_METADATA = {"event": EVENT, "distinct_id": DISTINCT_ID, "$session_id": SESSION_ID}
_GROUP_KEY = re.compile(r"\$group_(\d)")


_DURATION = "$session_duration"
_TIME = "timestamp"


def text_field(
    type_: PropertyType | BreakdownType,
    key: str,
    group_index: int | None,
    path: InputPath,
    context: CompileContext,
) -> Expr:
    """The property as text, NULL where there is none; an event without a session has one of length 0.

    Raises BadUserInput for an unknown one.
    """
    if not key:
        raise BadUserInput("A property key is required.", path=(*path, "key"))
    match PropertyType(type_.value):
        case PropertyType.EVENT:
            return ELEMENTS_CHAIN if key == "$elements_chain" else event_text(key)
        case PropertyType.PERSON if key.startswith(COMPUTED):
            return _computed(key, path)
        case PropertyType.PERSON:
            return person_text(key)
        case PropertyType.SESSION if key == CHANNEL:
            return session_channel()
        case PropertyType.GROUP:
            return group_text(checked_group_index(group_index, path), key)
        case PropertyType.SESSION:
            text = session_text(_session_key(key, path))
            return call("ifNull", text, Param("0", "String")) if key == _DURATION else text
        case PropertyType.EVENT_METADATA if key == _TIME:
            return call("toString", call("toTimeZone", TIMESTAMP, context.zone))
        case PropertyType.EVENT_METADATA:
            return _metadata(key, path)
        case PropertyType.COHORT | PropertyType.ELEMENT | PropertyType.HOGQL as other:
            raise BadUserInput(
                "Properties of type {type_} are not supported here.", path=(*path, "type"), type_=other
            )
        case other:
            assert_never(other)


def number_field(type_: PropertyType, key: str, group_index: int | None, path: InputPath) -> Field | None:
    """The property as a number, or None for a type whose values are never numbers."""
    match type_:
        case PropertyType.EVENT:
            return event_number(key)
        case PropertyType.PERSON if key.startswith(COMPUTED):
            _computed(key, path)
            return None
        case PropertyType.SESSION if key == CHANNEL:
            return None
        case PropertyType.PERSON:
            return person_number(key)
        case PropertyType.GROUP:
            return group_number(checked_group_index(group_index, path), key)
        case PropertyType.SESSION:
            return session_number(_session_key(key, path))
        case PropertyType.EVENT_METADATA | PropertyType.COHORT | PropertyType.ELEMENT | PropertyType.HOGQL:
            return None
        case _:
            assert_never(type_)


def _computed(key: str, path: InputPath) -> Expr:
    if key not in COMPUTED_FIELDS:
        raise BadUserInput(
            "Persons have no computed property {key!r}.",
            path=(*path, "key"),
            hint="Choose one of {known}.",
            key=key,
            known=tuple(COMPUTED_FIELDS),
        )
    return COMPUTED_FIELDS[key]()


def is_timestamp(type_: PropertyType, key: str) -> bool:
    """Whether the property is the time of the event, which is compared as such."""
    return type_ is PropertyType.EVENT_METADATA and key == _TIME


def number_or_zero(type_: PropertyType, key: str, group_index: int | None, path: InputPath) -> Expr | None:
    """The same, where an event without a session has one of length 0."""
    field = number_field(type_, key, group_index, path)
    return call("ifNull", field, Number(0)) if field == session_number(_DURATION) else field


def checked_group_index(index: int | None, path: InputPath) -> int:
    """The group type's index. Raises BadUserInput, at `path`, unless it is a valid one."""
    if index is None or not 0 <= index < GROUP_TYPE_COUNT:
        raise BadUserInput(
            "A group type index is required.",
            path=path,
            hint="Give the group type's index, 0 to {last}. {place}",
            last=GROUP_TYPE_COUNT - 1,
            place=Place.GROUP_TYPES,
        )
    return index


def _session_key(key: str, path: InputPath) -> str:
    known = SESSION_NUMBERS | SESSION_STRINGS
    if key not in known:
        raise BadUserInput(
            "Sessions have no field {key!r}.",
            path=(*path, "key"),
            hint="Choose one of {known}.",
            key=key,
            known=tuple(sorted(known)),
        )
    return key


def _metadata(key: str, path: InputPath) -> Field:
    group = _GROUP_KEY.fullmatch(key)
    if group and int(group[1]) < GROUP_TYPE_COUNT:
        return group_key(int(group[1]))
    if key not in _METADATA:
        raise BadUserInput(
            "Events have no field {key!r}.",
            path=(*path, "key"),
            hint="Choose one of {known}, $group_0 to $group_{last}.",
            key=key,
            known=(*_METADATA, _TIME),
            last=GROUP_TYPE_COUNT - 1,
        )
    return _METADATA[key]
