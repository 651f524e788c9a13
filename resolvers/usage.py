"""What uses a cohort or an action: as long as something does, it cannot be deleted."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.insights import INSIGHT_REPOSITORY
from datasource.metadata.records import ProjectRecord, SavedRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput, Message, Name
from permissions.enforce import controlled
from permissions.reach import ReachedProject
from permissions.resources import ACTION, COHORT, INSIGHT, Resource
from resolvers.cohort_graph import CohortGraph
from resolvers.cohort_references import filtered_cohorts
from resolvers.ids import read_id
from resolvers.projects import test_account_filters
from resolvers.stored_json import load_action
from resolvers.trends.cohort_splits import cohort_id as read_cohort_id

_MAX_NAMED = 5
_HINT = "Change or delete what uses it first."


@dataclass(frozen=True, slots=True)
class SavedUse:
    """A saved object that uses another one."""

    resource: Resource
    record: SavedRecord

    def name(self) -> Message:
        values = {"kind": self.resource.label, "name": self.record.name, "id": self.record.id}
        return Message("{kind} {name!r} ({id})", values)


class SettingUse:
    """The project's test account filters, which everyone in the project may read."""

    def name(self) -> Message:
        return Message("the project's {setting}", {"setting": Name("test_account_filters")})


Use = SavedUse | SettingUse


async def find_cohort_uses(
    store: MetadataStore, project: ProjectRecord, cohort_id: int, graph: CohortGraph
) -> tuple[Use, ...]:
    """Find the setting, insights, actions and cohorts that refer to a cohort, cohorts also through actions."""
    uses: list[Use] = []
    if cohort_id in filtered_cohorts(test_account_filters(project)):
        uses.append(SettingUse())
    for insight in await INSIGHT_REPOSITORY.list_all(store, project.id):
        if cohort_id in _cohorts_in(insight.query):
            uses.append(SavedUse(INSIGHT, insight))
    for action in await ACTION_REPOSITORY.list_all(store, project.id):
        steps = load_action(action).steps
        if cohort_id in filtered_cohorts(item for step in steps for item in step.properties):
            uses.append(SavedUse(ACTION, action))
    return (*uses, *(SavedUse(COHORT, user) for user in graph.users(cohort_id)))


async def find_action_uses(
    store: MetadataStore, project_id: int, action_id: int, graph: CohortGraph
) -> tuple[Use, ...]:
    """Find the insights and cohorts that refer to an action."""
    insights = await INSIGHT_REPOSITORY.list_all(store, project_id)
    users = (graph.records[number] for number, each in graph.definitions.items() if action_id in each.action_ids())
    return (
        *(SavedUse(INSIGHT, insight) for insight in insights if action_id in _actions_in(insight.query)),
        *(SavedUse(COHORT, user) for user in users),
    )


def check_unused(resource: Resource, uses: Sequence[Use], may_name: Callable[[SavedUse], bool]) -> None:
    """Raise BadUserInput if there are uses: it names those that `may_name` allows, and counts the others."""
    if not uses:
        return
    shown = [use.name() for use in uses if isinstance(use, SettingUse) or may_name(use)][:_MAX_NAMED]
    names: tuple[Message, ...] = tuple(shown)
    if more := len(uses) - len(names):
        other = Message("{more} others", {"more": more}) if more > 1 else Message("another object")
        names = (*names, other)
    raise BadUserInput(
        "The {kind} is used by {names}.", kind=resource.label, names=names, path=("id",), hint=_HINT
    )


def may_name(project: ReachedProject, use: SavedUse) -> bool:
    """Whether the caller may read what uses the object."""
    access = project.policy.object_access(controlled(use.resource, use.record))
    return use.resource.reaches(access.level, use.resource.read_level)


def _cohorts_in(query: Mapping[str, object]) -> Iterator[int]:
    """The cohorts in a stored trend query: in filters at any depth, and in breakdowns."""
    for part in _objects(query):
        if part.get("type") == "COHORT":  # a filter has a value, a breakdown a property
            yield from _ids(part.get("property" if "property" in part else "value"))
        if part.get("breakdownType") == "COHORT":
            yield from _ids(part.get("breakdown"))


def _actions_in(query: Mapping[str, object]) -> Iterator[int]:
    for part in _objects(query.get("actions")):
        if isinstance(text := part.get("actionId"), str | int) and (number := read_id(str(text))) is not None:
            yield number


def _objects(part: object) -> Iterator[Mapping[str, object]]:
    """A part of a JSON document and everything in it, as far as they are objects."""
    if isinstance(part, Mapping):
        yield part
        for value in part.values():
            yield from _objects(value)
    elif isinstance(part, list):
        for item in part:
            yield from _objects(item)


def _ids(value: object) -> Iterator[int]:
    listed: Collection[object] = value if isinstance(value, list) else (value,)
    for each in listed:
        if isinstance(each, str | int | float) and (number := read_cohort_id(each)) is not None:
            yield number
