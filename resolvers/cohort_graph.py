"""A project's cohorts and how they depend on each other."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from datasource.metadata.actions import ACTION_REPOSITORY
from datasource.metadata.cohorts import all_cohorts
from datasource.metadata.records import CohortRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from resolvers.cohort_references import calculated_cohorts, filtered_cohorts
from resolvers.stored_json import load_action, load_definition
from resolvers.trends.actions import Action
from resolvers.trends.cohorts import CohortDefinition
from resolvers.trends.query import InputPath, PropertyFilter
from resolvers.trends.saved_objects import SavedObjects


@dataclass(frozen=True, slots=True)
class CohortGraph:
    """The project's cohorts by id, and the actions that they or a new definition refer to."""

    records: Mapping[int, CohortRecord]
    definitions: Mapping[int, CohortDefinition]
    actions: Mapping[int, Action]

    def saved_objects(self, definition: CohortDefinition) -> SavedObjects:
        """What a definition refers to. Raises BadUserInput for a cohort that is not calculated yet."""
        references = filtered_cohorts(self._filters(definition))
        return SavedObjects(self.actions, calculated_cohorts(self.records.values(), references))

    def dependencies(self, definition: CohortDefinition) -> frozenset[int]:
        """The cohorts that a definition refers to, directly or through actions."""
        return frozenset(filtered_cohorts(self._filters(definition)).keys() & self.records.keys())

    def users(self, cohort_id: int) -> tuple[CohortRecord, ...]:
        """The cohorts that refer to this one, directly or through actions."""
        return tuple(self.records[each] for each, used in self._edges().items() if cohort_id in used)

    def in_order(self, wanted: Collection[int]) -> tuple[int, ...]:
        """The cohorts and all their dependencies, each after its own."""
        edges = self._edges()
        needed = _reachable(wanted, edges)
        return tuple(number for number in _sorted(edges) if number in needed)

    def dependents(self, cohort_id: int) -> tuple[int, ...]:
        """The cohorts that depend on this one in any number of steps, each after its dependencies."""
        edges = self._edges()
        users: dict[int, set[int]] = {number: set() for number in edges}
        for number, used in edges.items():
            for each in used:
                users[each].add(number)
        affected = _reachable(users[cohort_id], users)
        return tuple(number for number in _sorted(edges) if number in affected)

    def check_cycles(self, cohort_id: int, definition: CohortDefinition, path: InputPath) -> None:
        """Raises BadUserInput, at `path`, if the definition would make the cohort depend on itself."""
        try:
            _sorted({**self._edges(), cohort_id: self.dependencies(definition)})
        except BadUserInput as error:
            raise error.at(path) from error

    def _edges(self) -> dict[int, frozenset[int]]:
        return {number: self.dependencies(definition) for number, definition in self.definitions.items()}

    def _filters(self, definition: CohortDefinition) -> Iterator[PropertyFilter]:
        yield from definition.filters()
        for action_id in definition.action_ids():
            action = self.actions.get(action_id)
            for step in action.steps if action else ():
                yield from step.properties


async def load_cohort_graph(
    store: MetadataStore, project_id: int, definition: CohortDefinition | None = None
) -> CohortGraph:
    """Load the project's cohorts, with the actions that they or this definition refer to."""
    records = await all_cohorts(store, project_id)
    definitions = {number: load_definition(record.groups) for number, record in records.items()}
    known = (*definitions.values(), *(() if definition is None else (definition,)))
    wanted = {(project_id, action_id) for each in known for action_id in each.action_ids()}
    actions = await ACTION_REPOSITORY.find(store, wanted)
    return CohortGraph(records, definitions, {key[1]: load_action(actions[key]) for key in actions})


def _reachable(start: Iterable[int], edges: Mapping[int, Collection[int]]) -> set[int]:
    found: set[int] = set()
    pending = list(start)
    while pending:
        number = pending.pop()
        if number not in found:
            found.add(number)
            pending.extend(edges[number])
    return found


def _sorted(edges: Mapping[int, Collection[int]]) -> tuple[int, ...]:
    try:
        return tuple(TopologicalSorter(edges).static_order())
    except CycleError as error:
        cycle = " -> ".join(str(number) for number in reversed(error.args[1]))
        raise BadUserInput(
            "The cohort would depend on itself: {cycle}.",
            cycle=cycle,
            hint="A cohort can use others, directly or through actions, as long as none of them uses it.",
        ) from error
