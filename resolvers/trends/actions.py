"""Actions: what people do, named and described by steps, any of which is enough."""

from dataclasses import dataclass
from enum import StrEnum

from datasource.layouts.contract import EVENT, event_text
from datasource.sql.tree import Expr, Param, call, either, equals, every
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.elements import has_selector, has_tag
from resolvers.trends.filters import filter_condition, group_condition
from resolvers.trends.query import FilterGroup, InputPath, PropertyFilter, PropertyOperator, PropertyType

AUTOCAPTURE = "$autocapture"
"""The one event whose steps look at elements."""


class StringMatching(StrEnum):
    CONTAINS = "CONTAINS"
    EXACT = "EXACT"
    REGEX = "REGEX"


@dataclass(frozen=True, slots=True)
class ActionStep:
    """An event that satisfies everything that is set; None is not set.

    `url` is compared with the property `$current_url`. CONTAINS heeds case for `url`, and for `text` and `href`
    does not; `%` and `_` are wildcards in it. REGEX is an RE2 search. `text`, `href`, `selector` and `tag_name`
    count on steps of `$autocapture` alone; on a step of any other event they are ignored.
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


_OPERATORS = {
    StringMatching.CONTAINS: PropertyOperator.ICONTAINS,
    StringMatching.EXACT: PropertyOperator.EXACT,
    StringMatching.REGEX: PropertyOperator.REGEX,
}


def action_condition(action: Action, around: CompileContext, path: InputPath = ()) -> Expr | None:
    """The condition that an event is the action; None when every event is, as for an action without steps.

    The condition may be NULL, which is no match. `around` says where date values of filters without an offset
    are. Raises BadUserInput for a selector or tag that cannot be read, under `path` and the step's place, and
    for filters with their own paths.
    """
    return either(
        *(_step_condition(step, around, (*path, "steps", index)) for index, step in enumerate(action.steps))
    )


def _step_condition(step: ActionStep, around: CompileContext, path: InputPath) -> Expr | None:
    return every(
        None if step.event is None else equals(EVENT, Param(step.event, "String")),
        None if step.url is None else _url_condition(step.url, step.url_matching, around),
        _elements_condition(step, around, path) if step.event == AUTOCAPTURE else None,
        group_condition(FilterGroup(children=step.properties), around),
    )


def _url_condition(url: str, matching: StringMatching, around: CompileContext) -> Expr | None:
    if matching is StringMatching.CONTAINS:
        # Unlike ICONTAINS, this heeds case. A backslash is only itself.
        pattern = f"%{url}%".replace("\\", "\\\\")
        return call("like", event_text("$current_url"), Param(pattern, "String"))
    return filter_condition(PropertyFilter("$current_url", url, _OPERATORS[matching]), around)


def _elements_condition(step: ActionStep, around: CompileContext, path: InputPath) -> Expr | None:
    return every(
        _element_text("text", step.text, step.text_matching, around),
        _element_text("href", step.href, step.href_matching, around),
        None if step.tag_name is None else has_tag(step.tag_name, (*path, "tagName")),
        None if step.selector is None else has_selector(step.selector, (*path, "selector")),
    )


def _element_text(key: str, value: str | None, matching: StringMatching, around: CompileContext) -> Expr | None:
    if value is None:
        return None
    return filter_condition(PropertyFilter(key, value, _OPERATORS[matching], PropertyType.ELEMENT), around)
