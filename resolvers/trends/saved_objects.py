"""What a project has saved, as far as one trend mentions it: actions and cohorts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from errors import BadUserInput, Place
from resolvers.trends.actions import Action
from resolvers.trends.cohort_splits import ALL_USERS
from resolvers.trends.query import ActionSeries, Cohort, EventSeries, InputPath, Series


@dataclass(frozen=True, slots=True)
class SavedObjects:
    """The saved things by id. What the caller may not read is not in it, as if it did not exist."""

    actions: Mapping[int, Action] = field(default_factory=dict)
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)

    def action(self, action_id: int, path: InputPath) -> Action:
        """The action, or BadUserInput when there is none."""
        if action_id not in self.actions:
            raise BadUserInput("There is no action {id}.", path=path, hint=Place.ACTIONS, id=action_id)
        return self.actions[action_id]

    def label(self, series: Series) -> str:
        """The series' name in answers; a custom name never enters it."""
        match series:
            case EventSeries(event=None):
                return "All events"
            case EventSeries(event=str() as event):
                return event
            case ActionSeries():
                return self.action(series.action_id, (*series.path, "action_id")).name
            case _:
                raise TypeError(f"{type(series).__name__} is no series")

    def cohort_name(self, value: str) -> str:
        """How a breakdown's cohort is called in labels."""
        return "all users" if value == ALL_USERS else self.cohorts[int(value)].name
