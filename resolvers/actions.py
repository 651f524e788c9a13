"""How saved actions are found and changed."""

from collections.abc import Sequence

from datasource.metadata import actions
from datasource.metadata.records import ActionRecord, SavedPage
from permissions.enforce import READ, WRITE, require_caller
from permissions.reach import ReachedProject
from permissions.resources import ACTION
from resolvers.action_steps import check_steps, write_step
from resolvers.context import RequestContext
from resolvers.ids import read_id
from resolvers.saved import PageRequest, list_saved, no_such, open_saved
from resolvers.trends.actions import ActionStep


async def load_action(
    context: RequestContext, project: ReachedProject, action_id: str, to: str = READ
) -> ActionRecord:
    """The action, when the caller may read or, for "write", change it.

    Raises FORBIDDEN, and NOT_FOUND for an id that is malformed, unknown, deleted or of another project.
    """
    number = read_id(action_id)
    record = None if number is None else await context.actions.load((project.record.id, number))
    return open_saved(project, ACTION, record, to)


async def list_actions(
    context: RequestContext, project: ReachedProject, wanted: PageRequest
) -> SavedPage[ActionRecord]:
    """Those of the project's actions that the caller finds listed; see `list_saved`."""
    return await list_saved(context, project, ACTION, actions.list_actions, wanted)


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
    context.actions.prime((project.record.id, record.id), record, force=True)
    return record


async def update_action(
    context: RequestContext,
    project: ReachedProject,
    action_id: str,
    *,
    name: str | None,
    description: str | None,
    steps: Sequence[ActionStep] | None,
) -> ActionRecord:
    """Changes what is not None. Raises as `load_action` and `create_action` do."""
    key = (project.record.id, (await load_action(context, project, action_id, to=WRITE)).id)
    await check_steps(context, project, steps or ())
    stored = None if steps is None else [write_step(step) for step in steps]
    record = await actions.update_action(
        context.store, key, name=name, description=description, steps=stored, now=context.now
    )
    context.actions.prime(key, record, force=True)
    if record is None:
        raise no_such(ACTION)
    return record


async def delete_action(context: RequestContext, project: ReachedProject, action_id: str) -> None:
    """Raises as `load_action` does, so also the second time."""
    record = await load_action(context, project, action_id, to=WRITE)
    key = (project.record.id, record.id)
    actor = require_caller(context).actor
    if not await actions.delete_action(context.store, key, now=context.now, actor=actor):
        raise no_such(ACTION)
    context.actions.prime(key, None, force=True)
    context.projects.clear(project.record.id)
