from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from datasource.metadata import actions
from datasource.metadata.records import ActionRecord
from permissions.enforce import WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers.cohort_graph import load_cohort_graph
from resolvers.context import RequestContext
from resolvers.projects import load_surroundings
from resolvers.saved import SavedResource
from resolvers.stored_json import dump_steps
from resolvers.trends.actions import AUTOCAPTURE, Action, ActionStep, action_condition
from resolvers.usage import check_unused, find_action_uses, may_name
from resolvers.worker import run_in_worker

SAVED_ACTIONS = SavedResource(ACTION, actions.ACTION_REPOSITORY, lambda context: context.loaders.actions)


async def create_action(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, steps: Sequence[ActionStep]
) -> ActionRecord:
    """Raises BadUserInput for steps that no trend could use, with a path below ("steps",)."""
    await _check_steps(context, project, steps)
    record = await actions.create_action(
        context.store,
        project_id=project.record.id,
        name=name,
        description=description,
        steps=dump_steps(steps),
        created_by=require_caller(context).user_id,
        now=context.now,
    )
    return SAVED_ACTIONS.refresh(context, (project.record.id, record.id), record)


async def update_action(
    context: RequestContext,
    project: ReachedProject,
    action_id: str,
    *,
    name: str | None,
    description: str | None,
    steps: Sequence[ActionStep] | None,
) -> ActionRecord:
    """Change what is not None. Raises as `SavedResource.load` and `create_action` do."""
    action = await SAVED_ACTIONS.load(context, project, action_id, to=WRITE)
    key = (project.record.id, action.id)
    await _check_steps(context, project, steps or ())
    stored = None if steps is None else dump_steps(steps)
    record = await actions.update_action(
        context.store, key, name=name, description=description, steps=stored, now=context.now
    )
    return SAVED_ACTIONS.refresh(context, key, record)


async def delete_action(context: RequestContext, project: ReachedProject, action_id: str) -> None:
    """Raises as `SavedResource.delete` does, and BadUserInput for an action that insights or cohorts use."""
    action = await SAVED_ACTIONS.load(context, project, action_id, to=WRITE)
    graph = await load_cohort_graph(context.store, project.record.id)
    uses = await find_action_uses(context.store, project.record.id, action.id, graph)
    check_unused(ACTION, uses, lambda use: may_name(project, use))
    await SAVED_ACTIONS.delete(context, project, action_id)


async def _check_steps(context: RequestContext, project: ReachedProject, steps: Sequence[ActionStep]) -> None:
    """Compile the steps as a trend would, which raises BadUserInput below ("steps",).

    Raises FORBIDDEN for a cohort that the caller may not read.
    """
    # Only $autocapture uses the conditions on elements, but they must be valid on every step.
    checked = tuple(replace(step, event=AUTOCAPTURE) for step in steps)
    filters = (item for step in steps for item in step.properties)
    surroundings = await load_surroundings(context, project, filters)
    # Up to thousands of conditions and regular expressions.
    await run_in_worker(partial(action_condition, Action(0, "", checked), surroundings))
