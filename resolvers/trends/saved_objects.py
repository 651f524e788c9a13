"""The actions and cohorts that one trend mentions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from datasource.layouts.contract import EVENT
from datasource.sql.tree import Expr, Param, equals
from errors import BadUserInput, Place
from resolvers.trends.actions import Action, action_condition
from resolvers.trends.cohort_splits import ALL_USERS
from resolvers.trends.compile_context import CompileContext
from resolvers.trends.query import ActionSeries, Cohort, EventSeries, InputPath, Series


@dataclass(frozen=True, slots=True)
class SavedObjects:
    """Saved objects by id, without those that do not exist or that the caller may not read."""

    actions: Mapping[int, Action] = field(default_factory=dict)
    cohorts: Mapping[int, Cohort] = field(default_factory=dict)

    def action(self, action_id: int, path: InputPath) -> Action:
        """Return an action. Raises BadUserInput when there is none."""
        if action_id not in self.actions:
            raise BadUserInput("There is no action {id}.", path=path, hint=Place.ACTIONS, id=action_id)
        return self.actions[action_id]

    def action_condition(self, action_id: int, context: CompileContext, path: InputPath) -> Expr | None:
        """The condition of an action; None when every event is one.

        Raises BadUserInput at `path`, because the parts of a saved action are not in the client's input.
        """
        action = self.action(action_id, path)
        try:
            return action_condition(action, context)
        except BadUserInput as error:
            raise error.at(path).reworded("Action {id} cannot be used. {message}", id=action_id) from error

    def condition(self, series: Series, context: CompileContext) -> Expr | None:
        """The condition on the event's name, or that of the action; None when every event is one."""
        match series:
            case EventSeries():
                return None if series.event is None else equals(EVENT, Param(series.event, "String"))
            case ActionSeries():
                return self.action_condition(series.action_id, context, (*series.path, "action_id"))
            case _:
                assert_never(series)

    def label(self, series: Series) -> str:
        """Return the name of the series in results, whatever its custom name."""
        match series:
            case EventSeries():
                return "All events" if series.event is None else series.event
            case ActionSeries():
                return self.action(series.action_id, (*series.path, "action_id")).name
            case _:
                assert_never(series)

    def cohort_name(self, value: str) -> str:
        """Return the name of a breakdown value that is a cohort."""
        return "all users" if value == ALL_USERS else self.cohorts[int(value)].name
