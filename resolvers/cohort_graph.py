"""All cohorts of a project and how they depend on each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.cohorts import all_cohorts
from datasource.metadata.records import CohortRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from resolvers.cohort_references import mentioned_cohorts, readable_cohorts
from resolvers.stored_json import load_action, load_definition
from resolvers.trends.actions import Action
from resolvers.trends.cohorts import CohortDefinition
from resolvers.trends.query import InputPath, PropertyFilter
from resolvers.trends.saved_objects import SavedObjects


@dataclass(frozen=True, slots=True)
class CohortLibrary:
    """The project's cohorts by id, and the actions that they or a new definition mention."""

    records: Mapping[int, CohortRecord]
    definitions: Mapping[int, CohortDefinition]
    actions: Mapping[int, Action]

    def catalog(self, definition: CohortDefinition) -> SavedObjects:
        """What a definition mentions. Raises BadUserInput for a cohort that was never calculated."""
        mentions = mentioned_cohorts(self._filters(definition))
        return SavedObjects(self.actions, readable_cohorts(self.records.values(), mentions))

    def uses(self, definition: CohortDefinition) -> frozenset[int]:
        """The existing cohorts that a definition mentions, also through actions."""
        return frozenset(mentioned_cohorts(self._filters(definition)).keys() & self.records.keys())

    def users(self, cohort_id: int) -> tuple[CohortRecord, ...]:
        """The cohorts that mention this one."""
        return tuple(self.records[each] for each, used in self._graph().items() if cohort_id in used)

    def in_order(self, wanted: Collection[int]) -> tuple[int, ...]:
        """Those cohorts and all that they depend on, each after the ones that it uses."""
        graph = self._graph()
        needed = _reachable(wanted, graph)
        return tuple(number for number in _sorted(graph) if number in needed)

    def dependants(self, cohort_id: int) -> tuple[int, ...]:
        """The cohorts that depend on this one, directly or not, each after the ones that it uses."""
        graph = self._graph()
        users: dict[int, set[int]] = {number: set() for number in graph}
        for number, used in graph.items():
            for each in used:
                users[each].add(number)
        affected = _reachable(users[cohort_id], users)
        return tuple(number for number in _sorted(graph) if number in affected)

    def check_cycles(self, cohort_id: int, definition: CohortDefinition, path: InputPath) -> None:
        """Raises BadUserInput, at `path`, when the cohort would depend on itself with this definition."""
        try:
            _sorted({**self._graph(), cohort_id: self.uses(definition)})
        except BadUserInput as refusal:
            raise BadUserInput(refusal.message, path=path, hint=refusal.hint) from refusal

    def _graph(self) -> dict[int, frozenset[int]]:
        return {number: self.uses(definition) for number, definition in self.definitions.items()}

    def _filters(self, definition: CohortDefinition) -> Iterator[PropertyFilter]:
        yield from definition.filters()
        for action_id in definition.action_ids():
            action = self.actions.get(action_id)
            for step in action.steps if action else ():
                yield from step.properties


async def load_library(
    store: MetadataStore, project_id: int, definition: CohortDefinition | None = None
) -> CohortLibrary:
    """The project's cohorts, with the actions that they or this definition mention."""
    records = await all_cohorts(store, project_id)
    definitions = {number: load_definition(record.groups) for number, record in records.items()}
    known = (*definitions.values(), *(() if definition is None else (definition,)))
    wanted = {(project_id, action_id) for each in known for action_id in each.action_ids()}
    actions = await ACTION_REPOSITORY.find(store, wanted)
    return CohortLibrary(records, definitions, {key[1]: load_action(actions[key]) for key in actions})


def _reachable(start: Iterable[int], graph: Mapping[int, Collection[int]]) -> set[int]:
    found: set[int] = set()
    left = list(start)
    while left:
        number = left.pop()
        if number not in found:
            found.add(number)
            left.extend(graph[number])
    return found


def _sorted(graph: Mapping[int, Collection[int]]) -> tuple[int, ...]:
    try:
        return tuple(TopologicalSorter(graph).static_order())
    except CycleError as cycle:
        circle = " -> ".join(str(number) for number in reversed(cycle.args[1]))
        raise BadUserInput(
            f"Cohorts would depend on themselves: {circle}.",
            hint="A cohort can use others, directly or through actions, as long as none of them uses it.",
        ) from cycle
