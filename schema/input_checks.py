"""Checks that several inputs share: strings, names, property keys and group types."""

import strawberry

from datasource.metadata.names import find_control_character
from errors import BadUserInput, InputTooLarge, Place
from resolvers.context import RequestContext
from resolvers.trends.query import InputPath, PropertyType

ContextInfo = strawberry.Info[RequestContext, None]


LONGEST_NAME = 400
LONGEST_EXPRESSION = 10_000
LONGEST_DESCRIPTION = 10_000
GROUP_TYPES = range(5)


def check_text(text: str, path: InputPath, *, what: str, longest: int = LONGEST_NAME) -> None:
    """Raise BadUserInput for a string that is too long or contains a NUL character."""
    if len(text) > longest:
        raise InputTooLarge(
            "{what} has {actual:,} characters; the limit is {limit:,}.",
            what=what,
            limit=longest,
            actual=len(text),
            unit="characters",
            path=path,
        )
    if "\0" in text:
        raise BadUserInput("{what} must not contain a NUL character.", what=what, path=path)


def check_name(name: str, path: InputPath) -> str:
    """Return the name without surrounding whitespace; raises BadUserInput if it is empty or cannot be stored."""
    trimmed = name.strip()
    if not trimmed:
        raise BadUserInput("The name must not be empty.", path=path)
    check_text(trimmed, path, what="The name")
    check_characters(trimmed, path, what="The name")
    return trimmed


def check_characters(text: str, path: InputPath, *, what: str, allowed: str = "") -> None:
    """Raise BadUserInput for a string that people read, in terminals too, if it contains control characters."""
    control = find_control_character(text, allowed=allowed)
    if control is not None:
        raise BadUserInput(
            "{what} must not contain the control character {control}.", what=what, control=control, path=path
        )


def check_key(key: str, path: InputPath, *, is_expression: bool = False) -> None:
    """Raise BadUserInput for a key that no property can have."""
    if not key:
        raise BadUserInput("The property key must not be empty.", path=path)
    if is_expression:
        check_text(key, path, what="The expression", longest=LONGEST_EXPRESSION)
    else:
        check_text(key, path, what="The property key")


def check_group_type(index: int | None, path: InputPath, *, is_group: bool) -> None:
    """Raise BadUserInput unless a group type index is given exactly for groups."""
    if index is None and is_group:
        raise BadUserInput("Type {group} requires a group type index.", group=PropertyType.GROUP, path=path)
    if index is not None and not is_group:
        raise BadUserInput(
            "A group type index is allowed for type {group} only.", group=PropertyType.GROUP, path=path
        )
    check_group_index(index, path)


def check_group_index(index: int | None, path: InputPath) -> None:
    """Raise BadUserInput for an index that no group type can have."""
    if index is not None and index not in GROUP_TYPES:
        raise BadUserInput(
            "Invalid group type index {index}; valid indexes are 0 to {last}.",
            index=index,
            last=GROUP_TYPES[-1],
            path=path,
            hint=Place.GROUP_TYPES,
        )
