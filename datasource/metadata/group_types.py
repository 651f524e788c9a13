from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from datasource.metadata.models import GroupType
from datasource.metadata.names import check_name
from datasource.metadata.projects import GROUP_TYPES
from datasource.metadata.store import MetadataStore


async def ensure_group_type(store: MetadataStore, project_id: int, name: str) -> int | None:
    """Find the index of a group type by name; a new group type gets the lowest free index.

    None if all indexes are taken. Raises BadUserInput for an invalid name.
    """
    name = check_name(name, what="group type")
    while True:
        try:
            async with store.write() as session:
                query = select(GroupType).where(GroupType.project_id == project_id)
                known = {row.name: row.index for row in await session.scalars(query)}
                if name in known:
                    return known[name]
                free = [index for index in range(GROUP_TYPES) if index not in known.values()]
                if not free:
                    return None
                session.add(GroupType(project_id=project_id, index=free[0], name=name))
                return free[0]
        except IntegrityError:
            # Another process took the index or the name in the meantime: read them again.
            continue
