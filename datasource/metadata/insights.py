from collections.abc import Mapping
from datetime import datetime

from datasource.metadata.models import SavedInsight
from datasource.metadata.records import InsightRecord
from datasource.metadata.saved import SavedKey, SavedRepository, shared_fields
from datasource.metadata.store import MetadataStore


def _record(row: SavedInsight) -> InsightRecord:
    return InsightRecord(**shared_fields(row), query=row.query)


INSIGHT_REPOSITORY = SavedRepository(SavedInsight, _record, "insight")


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
    return await INSIGHT_REPOSITORY.create(
        store,
        project_id=project_id,
        name=name,
        description=description,
        created_by=created_by,
        now=now,
        columns={"query": dict(query)},
    )


async def update_insight(
    store: MetadataStore,
    key: SavedKey,
    *,
    now: datetime,
    name: str | None = None,
    description: str | None = None,
    query: Mapping[str, object] | None = None,
) -> InsightRecord | None:
    """Change what is not None; None if the insight is not found."""
    stored = None if query is None else dict(query)
    changes = {"name": name, "description": description, "query": stored}
    return await INSIGHT_REPOSITORY.update(store, key, now=now, changes=changes)
