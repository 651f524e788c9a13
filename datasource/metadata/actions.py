from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.models import SavedAction
from datasource.metadata.records import ActionRecord, SavedPage
from datasource.metadata.saved import EVERYTHING, SavedKey, SavedTable, Visible, search_key
from datasource.metadata.store import MetadataStore

Steps = Sequence[Mapping[str, object]]


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
    row = SavedAction(
        project_id=project_id,
        name=name,
        name_key=search_key(name),
        description=description,
        steps=_stored(steps),
        created_by=created_by,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )
    return await _ACTIONS.insert(store, row)


async def find_actions(store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, ActionRecord]:
    """Many at once, by project and id; what does not exist is absent from the answer."""
    return await _ACTIONS.find(store, keys)


async def list_actions(
    store: MetadataStore,
    project_id: int,
    *,
    first: int,
    after: int | None = None,
    search: str = "",
    visible: Visible = EVERYTHING,
) -> SavedPage[ActionRecord]:
    """The first visible actions with an id above `after`, by ascending id; `search` is a part of the name."""
    return await _ACTIONS.page(store, project_id, first=first, after=after, search=search, visible=visible)


async def update_action(
    store: MetadataStore,
    key: SavedKey,
    *,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    steps: Steps | None = None,
) -> ActionRecord | None:
    """The action after its changes, None when there is none; what is None here stays as it is."""
    given = {"name": name, "description": description, "steps": None if steps is None else _stored(steps)}
    changes = {column: value for column, value in given.items() if value is not None}
    return await _ACTIONS.update(store, key, now=now, changes=changes)


async def delete_action(store: MetadataStore, key: SavedKey, *, now: datetime, actor: Actor = OPERATOR) -> bool:
    """The rules about it go with it. False when there is none."""
    return await _ACTIONS.delete(store, key, actor=actor, now=now)


def _stored(steps: Steps) -> list[dict[str, object]]:
    return [dict(step) for step in steps]


def _record(row: SavedAction) -> ActionRecord:
    return ActionRecord(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        steps=tuple(row.steps),
    )


_ACTIONS = SavedTable(SavedAction, _record, "action")
