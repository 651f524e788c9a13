"""How saved actions are found and changed."""

from collections.abc import Sequence

from datasource.metadata import actions
from datasource.metadata.records import ActionRecord, ProjectRecord, SavedPage
from errors import NotFound
from permissions.classes import require_caller
from resolvers.action_steps import check_steps, write_step
from resolvers.context import RequestContext
from resolvers.saved import check_page, not_found, read_id
from resolvers.trends.actions import ActionStep


async def load_action(context: RequestContext, project: ProjectRecord, action_id: str) -> ActionRecord:
    """Raises NOT_FOUND for an id that is malformed, unknown, deleted or of another project."""
    number = read_id(action_id)
    record = None if number is None else await context.actions.load((project.id, number))
    if record is None:
        raise _no_such_action()
    return record


async def list_actions(
    context: RequestContext, project: ProjectRecord, *, first: int, after: int | None, search: str | None
) -> SavedPage[ActionRecord]:
    """The project's actions with an id greater than `after`; raises BadUserInput for arguments out of range."""
    text = check_page(first, search)
    return await actions.list_actions(context.store, project.id, first=first, after=after, search=text)


async def create_action(
    context: RequestContext, project: ProjectRecord, *, name: str, description: str, steps: Sequence[ActionStep]
) -> ActionRecord:
    """Raises BadUserInput for steps that no trend could use, with a path below ("steps",)."""
    await check_steps(context, project, steps)
    record = await actions.create_action(
        context.store,
        project_id=project.id,
        name=name,
        description=description,
        steps=[write_step(step) for step in steps],
        created_by=require_caller(context).user.id,
        now=context.now,
    )
    context.actions.prime((project.id, record.id), record, force=True)
    return record


async def update_action(
    context: RequestContext,
    project: ProjectRecord,
    action_id: str,
    *,
    name: str | None,
    description: str | None,
    steps: Sequence[ActionStep] | None,
) -> ActionRecord:
    """Changes what is not None. Raises as `load_action` and `create_action` do."""
    key = (project.id, (await load_action(context, project, action_id)).id)
    await check_steps(context, project, steps or ())
    stored = None if steps is None else [write_step(step) for step in steps]
    record = await actions.update_action(
        context.store, key, name=name, description=description, steps=stored, now=context.now
    )
    context.actions.prime(key, record, force=True)
    if record is None:
        raise _no_such_action()
    return record


async def delete_action(context: RequestContext, project: ProjectRecord, action_id: str) -> None:
    """Raises NOT_FOUND as `load_action` does, so also the second time."""
    number = read_id(action_id)
    if number is None or not await actions.delete_action(context.store, (project.id, number), now=context.now):
        raise _no_such_action()
    context.actions.prime((project.id, number), None, force=True)


def _no_such_action() -> NotFound:
    return not_found("action", "The field Project.actions lists those that are.")
