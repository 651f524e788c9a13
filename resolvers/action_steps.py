"""The steps of an action: as they are stored, as the compiler takes them, and whether it can."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from datasource.metadata.records import ActionRecord
from permissions.reach import ReachedProject
from resolvers.context import RequestContext
from resolvers.projects import load_surroundings
from resolvers.regexes import Regex, check_regexes, regexes_of
from resolvers.stored_filters import read_filter, write_filter
from resolvers.trends.actions import AUTOCAPTURE, Action, ActionStep, StringMatching, action_condition
from resolvers.trends.query import FilterGroup, InputPath


def write_step(step: ActionStep) -> dict[str, object]:
    """The step as it is stored: in the form of the input, with every field."""
    return {
        "event": step.event,
        "url": step.url,
        "urlMatching": step.url_matching.value,
        "text": step.text,
        "textMatching": step.text_matching.value,
        "href": step.href,
        "hrefMatching": step.href_matching.value,
        "selector": step.selector,
        "tagName": step.tag_name,
        "properties": [write_filter(item) for item in step.filters.leaves()],
    }


def read_action(record: ActionRecord, path: InputPath = ()) -> Action:
    """The stored action; refusals of its filters get `path`. ValueError or TypeError when it is damaged."""
    return Action(record.id, record.name, tuple(_read_step(step, path) for step in record.steps))


def _read_step(stored: Mapping[str, object], path: InputPath) -> ActionStep:
    properties = stored.get("properties", [])
    if not isinstance(properties, list):
        raise TypeError("a stored step's properties are no list")
    return ActionStep(
        event=_text(stored.get("event")),
        url=_text(stored.get("url")),
        url_matching=_matching(stored.get("urlMatching"), StringMatching.CONTAINS),
        text=_text(stored.get("text")),
        text_matching=_matching(stored.get("textMatching"), StringMatching.EXACT),
        href=_text(stored.get("href")),
        href_matching=_matching(stored.get("hrefMatching"), StringMatching.EXACT),
        selector=_text(stored.get("selector")),
        tag_name=_text(stored.get("tagName")),
        filters=FilterGroup(children=tuple(read_filter(item, path) for item in properties)),
    )


def _matching(value: object, default: StringMatching) -> StringMatching:
    return default if value is None else StringMatching(str(value))


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError("a stored step holds something that is no text")


async def check_steps(context: RequestContext, project: ReachedProject, steps: Sequence[ActionStep]) -> None:
    """Raises BadUserInput, its path below ("steps",), for what a trend of the action would be refused for, and
    FORBIDDEN for a cohort that the caller may not read."""
    # What a step says of elements is ignored for other events, but must be readable all the same.
    checked = tuple(replace(step, event=AUTOCAPTURE) for step in steps)
    filters = (item for step in steps for item in step.filters.leaves())
    action_condition(Action(0, "", checked), await load_surroundings(context, project, filters))
    await check_regexes(context, [each for index, step in enumerate(steps) for each in _regexes(step, index)])


def _regexes(step: ActionStep, index: int) -> Iterator[Regex]:
    texts = (
        ("url", step.url, step.url_matching),
        ("text", step.text, step.text_matching),
        ("href", step.href, step.href_matching),
    )
    for key, text, matching in texts:
        if text is not None and matching is StringMatching.REGEX:
            yield text, ("steps", index, key)
    yield from regexes_of(step.filters.leaves())
