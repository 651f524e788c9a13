"""Actions: events under one name, described by steps of which any one is enough."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import assert_never

from datasource.layouts.contract import EVENT, event_text
from datasource.sql.tree import Expr, Param, call, either, equals, every
from errors import BadUserInput
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.elements import has_selector, has_tag
from resolvers.trends.filters import filter_condition, group_condition
from resolvers.trends.query import FilterGroup, InputPath, PropertyFilter, PropertyOperator, PropertyType

AUTOCAPTURE = "$autocapture"
"""The only event whose steps match elements."""


class StringMatching(StrEnum):
    CONTAINS = "CONTAINS"
    EXACT = "EXACT"
    REGEX = "REGEX"


@dataclass(frozen=True, slots=True)
class ActionStep:
    """An event that satisfies every part that is not None.

    `url` is compared with the property `$current_url`. CONTAINS is case-sensitive for `url` only; `%` and `_` are
    wildcards in it. REGEX is an RE2 search. `text`, `href`, `selector` and `tag_name` apply to steps of
    `$autocapture` only; other steps ignore them.
    """

    event: str | None = None
    url: str | None = None
    url_matching: StringMatching = StringMatching.CONTAINS
    text: str | None = None
    text_matching: StringMatching = StringMatching.EXACT
    href: str | None = None
    href_matching: StringMatching = StringMatching.EXACT
    selector: str | None = None
    tag_name: str | None = None
    properties: tuple[PropertyFilter, ...] = ()


@dataclass(frozen=True, slots=True)
class Action:
    """A saved action."""

    id: int
    name: str
    steps: tuple[ActionStep, ...]


def action_condition(action: Action, context: CompileContext, path: InputPath = ()) -> Expr | None:
    """The condition that an event is the action; None when every event is, as for an action without steps.

    NULL matches nothing. Raises BadUserInput for an invalid selector or tag, with the path of its step below
    `path`, and for filters with their own paths.
    """
    return either(
        *(_step_condition(step, context, (*path, "steps", index)) for index, step in enumerate(action.steps))
    )


def _step_condition(step: ActionStep, context: CompileContext, path: InputPath) -> Expr | None:
    return every(
        None if step.event is None else equals(EVENT, Param(step.event, "String")),
        _url_condition(step, context, path),
        _elements_condition(step, context, path) if step.event == AUTOCAPTURE else None,
        group_condition(FilterGroup(children=step.properties), context),
    )


def _url_condition(step: ActionStep, context: CompileContext, path: InputPath) -> Expr | None:
    if step.url is not None and step.url_matching is StringMatching.CONTAINS:
        # Unlike ICONTAINS, this is case-sensitive. A backslash has no special meaning.
        pattern = f"%{step.url}%".replace("\\", "\\\\")
        return call("like", event_text("$current_url"), Param(pattern, "String"))
    known = PropertyFilter("$current_url", step.url, path=(*path, "url"))
    return _matching(known, step.url_matching, context)


def _elements_condition(step: ActionStep, context: CompileContext, path: InputPath) -> Expr | None:
    return every(
        *(
            _matching(PropertyFilter(key, value, type=PropertyType.ELEMENT, path=(*path, key)), matching, context)
            for key, value, matching in (
                ("text", step.text, step.text_matching),
                ("href", step.href, step.href_matching),
            )
        ),
        None if step.tag_name is None else has_tag(step.tag_name, (*path, "tag_name")),
        None if step.selector is None else has_selector(step.selector, (*path, "selector"), context.meter),
    )


def _matching(filter_: PropertyFilter, matching: StringMatching, context: CompileContext) -> Expr | None:
    """The condition of a part of a step; the path of the filter is that of the part."""
    if filter_.value is None:
        return None
    try:
        return filter_condition(replace(filter_, operator=_operator(matching)), context)
    except BadUserInput as error:
        raise error.at(filter_.path) from error


def _operator(matching: StringMatching) -> PropertyOperator:
    match matching:
        case StringMatching.CONTAINS:
            return PropertyOperator.ICONTAINS
        case StringMatching.EXACT:
            return PropertyOperator.EXACT
        case StringMatching.REGEX:
            return PropertyOperator.REGEX
        case _:
            assert_never(matching)
