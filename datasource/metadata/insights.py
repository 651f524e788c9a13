from collections.abc import Collection, Mapping
from datetime import datetime

from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.models import SavedInsight
from datasource.metadata.records import InsightRecord, SavedPage
from datasource.metadata.saved import EVERYTHING, SavedKey, SavedTable, Visible, search_key
from datasource.metadata.store import MetadataStore


async def create_insight(
    store: MetadataStore,
    *,
    project_id: int,
    name: str,
    query: Mapping[str, object],
    now: datetime,
    description: str = "",
    created_by: str | None = None,
) -> InsightRecord:
    """Raises NotFound without the project."""
    row = SavedInsight(
        project_id=project_id,
        name=name,
        name_key=search_key(name),
        description=description,
        query=dict(query),
        created_by=created_by,
        created_at=now,
        updated_at=now,
        deleted_at=None,
    )
    return await _INSIGHTS.insert(store, row)


async def find_insights(store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, InsightRecord]:
    """Many at once, by project and id; what does not exist is absent from the answer."""
    return await _INSIGHTS.find(store, keys)


async def list_insights(
    store: MetadataStore,
    project_id: int,
    *,
    first: int,
    after: int | None = None,
    search: str = "",
    visible: Visible = EVERYTHING,
) -> SavedPage[InsightRecord]:
    """The first visible insights with an id above `after`, by ascending id; `search` is a part of the name."""
    return await _INSIGHTS.page(store, project_id, first=first, after=after, search=search, visible=visible)


async def update_insight(
    store: MetadataStore,
    key: SavedKey,
    *,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    query: Mapping[str, object] | None = None,
) -> InsightRecord | None:
    """The insight after its changes, None when there is none; what is None here stays as it is."""
    given = {"name": name, "description": description, "query": None if query is None else dict(query)}
    changes = {column: value for column, value in given.items() if value is not None}
    return await _INSIGHTS.update(store, key, now=now, changes=changes)


async def delete_insight(store: MetadataStore, key: SavedKey, *, now: datetime, actor: Actor = OPERATOR) -> bool:
    """The rules about it go with it. False when there is none."""
    return await _INSIGHTS.delete(store, key, actor=actor, now=now)


def _record(row: SavedInsight) -> InsightRecord:
    return InsightRecord(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        query=row.query,
    )


_INSIGHTS = SavedTable(SavedInsight, _record, "insight")
