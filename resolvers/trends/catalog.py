"""What a project has saved, as far as one trend mentions it: actions and cohorts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from errors import BadUserInput
from resolvers.trends.actions import Action
from resolvers.trends.query import ActionSeries, EventSeries, InputPath, Series


@dataclass(frozen=True, slots=True)
class Cohort:
    """A cohort whose members were calculated: `version` is the calculation that trends read."""

    id: int
    name: str
    version: int


@dataclass(frozen=True, slots=True)
class Catalog:
    """The saved things by id. What the caller may not read is not in it, as if it did not exist."""

    actions: Mapping[int, Action] = field(default_factory=dict)
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)

    def action(self, action_id: int, path: InputPath) -> Action:
        """The action, or BadUserInput when there is none."""
        if action_id not in self.actions:
            raise BadUserInput(
                f"There is no action {action_id}.",
                path=path,
                hint="Project.actions lists the actions you can use.",
            )
        return self.actions[action_id]

    def cohort(self, cohort_id: int, path: InputPath) -> Cohort:
        """The cohort, or BadUserInput when there is none."""
        if cohort_id not in self.cohorts:
            raise BadUserInput(
                f"There is no cohort {cohort_id}.",
                path=path,
                hint="Project.cohorts lists the cohorts you can use.",
            )
        return self.cohorts[cohort_id]

    def label(self, series: Series) -> str:
        """The series' name in answers; a custom name never enters it."""
        match series:
            case EventSeries(event=None):
                return "All events"
            case EventSeries(event=str() as event):
                return event
            case ActionSeries():
                return self.action(series.action_id, (*series.path, "actionId")).name
            case _:
                raise TypeError(f"{type(series).__name__} is no series")
