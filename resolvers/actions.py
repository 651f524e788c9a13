from collections.abc import Sequence

from datasource.metadata import actions
from datasource.metadata.records import ActionRecord
from permissions.enforce import WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers.action_steps import check_steps, write_step
from resolvers.context import RequestContext
from resolvers.saved import SavedResource
from resolvers.trends.actions import ActionStep

SAVED_ACTIONS = SavedResource(ACTION, actions.ACTION_REPOSITORY, lambda context: context.actions)


async def create_action(
    context: RequestContext, project: ReachedProject, *, name: str, description: str, steps: Sequence[ActionStep]
) -> ActionRecord:
    """Raises BadUserInput for steps that no trend could use, with a path below ("steps",)."""
    await check_steps(context, project, steps)
    record = await actions.create_action(
        context.store,
        project_id=project.record.id,
        name=name,
        description=description,
        steps=[write_step(step) for step in steps],
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
    await check_steps(context, project, steps or ())
    stored = None if steps is None else [write_step(step) for step in steps]
    record = await actions.update_action(
        context.store, key, name=name, description=description, steps=stored, now=context.now
    )
    return SAVED_ACTIONS.refresh(context, key, record)
