"""Checks that many inputs share: names, keys and group types."""

import strawberry

from errors import BadUserInput
from resolvers.context import RequestContext
from resolvers.trends.query import InputPath

ContextInfo = strawberry.Info[RequestContext, None]


LONGEST_NAME = 400
LONGEST_EXPRESSION = 10_000
LONGEST_DESCRIPTION = 10_000
GROUP_TYPES = range(5)


def check_text(text: str, path: InputPath, *, what: str, longest: int = LONGEST_NAME) -> None:
    """Raises BadUserInput for a text that is too long or holds a NUL character."""
    if len(text) > longest:
        raise BadUserInput(f"{what} has {len(text)} characters; {longest} are allowed.", path=path)
    if "\0" in text:
        raise BadUserInput(f"{what} holds a NUL character.", path=path)


def check_name(name: str, path: InputPath) -> str:
    """The name without outer blanks; raises BadUserInput for one that is empty or cannot be stored."""
    trimmed = name.strip()
    if not trimmed:
        raise BadUserInput("The name is empty.", path=path)
    check_text(trimmed, path, what="The name")
    return trimmed


def check_key(key: str, path: InputPath, *, is_expression: bool = False) -> None:
    """Raises BadUserInput for a key that no property can have."""
    if not key:
        raise BadUserInput("The property's key is empty.", path=path)
    if is_expression:
        check_text(key, path, what="The expression", longest=LONGEST_EXPRESSION)
    else:
        check_text(key, path, what="The property's key")


def check_group_type(index: int | None, path: InputPath, *, is_group: bool) -> None:
    """Raises BadUserInput unless there is an index of a group type exactly where a group is meant."""
    if index is None and is_group:
        raise BadUserInput("Type GROUP needs the index of a group type.", path=path)
    if index is not None and not is_group:
        raise BadUserInput("A group type index goes with type GROUP only.", path=path)
    check_group_index(index, path)


def check_group_index(index: int | None, path: InputPath) -> None:
    """Raises BadUserInput for an index that no group type can have."""
    if index is not None and index not in GROUP_TYPES:
        raise BadUserInput(
            f"There is no group type {index}: their indexes are 0 to {GROUP_TYPES[-1]}.",
            path=path,
            hint="Project.groupTypes lists the project's.",
        )
