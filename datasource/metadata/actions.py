from collections.abc import Mapping, Sequence
from datetime import datetime

from datasource.metadata.models import SavedAction
from datasource.metadata.records import ActionRecord
from datasource.metadata.saved import SavedKey, SavedRepository, shared_fields
from datasource.metadata.store import MetadataStore

Steps = Sequence[Mapping[str, object]]


def _record(row: SavedAction) -> ActionRecord:
    return ActionRecord(**shared_fields(row), steps=tuple(row.steps))


ACTION_REPOSITORY = SavedRepository(SavedAction, _record, "action")


async def create_action(
    store: MetadataStore,
    *,
    project_id: int,
    name: str,
    steps: Steps,
    now: datetime,
    description: str = "",
    created_by: str | None = None,
) -> ActionRecord:
    """Raises NotFound without the project."""
    return await ACTION_REPOSITORY.create(
        store,
        project_id=project_id,
        name=name,
        description=description,
        created_by=created_by,
        now=now,
        columns={"steps": list(steps)},
    )


async def update_action(
    store: MetadataStore,
    key: SavedKey,
    *,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    steps: Steps | None = None,
) -> ActionRecord | None:
    """Change what is not None; None if the action is not found."""
    stored = None if steps is None else list(steps)
    changes = {"name": name, "description": description, "steps": stored}
    return await ACTION_REPOSITORY.update(store, key, now=now, changes=changes)
