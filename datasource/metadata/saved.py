"""The repository of what members save in a project: actions, insights and cohorts."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from datasource.metadata.access_controls import remove_rules_of
from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.models import LARGEST_PROJECT_ID, Saved
from datasource.metadata.names import search_key
from datasource.metadata.records import SavedPage, SavedRecord
from datasource.metadata.store import MetadataStore
from errors import NotFound

LARGEST_SAVED_ID = LARGEST_PROJECT_ID

SavedKey = tuple[int, int]
"""A project's id and the id of an object saved in it."""

Row = TypeVar("Row", bound=Saved)
Record = TypeVar("Record", bound=SavedRecord)


@dataclass(frozen=True, slots=True)
class Visible:
    """The rows a list may include: those in `only` if set, otherwise all but `hidden`; and always `creator`'s."""

    only: frozenset[int] | None = None
    hidden: frozenset[int] = frozenset()
    creator: str | None = None


EVERYTHING: Final = Visible()


@dataclass(frozen=True, slots=True)
class SavedRepository(Generic[Row, Record]):
    """The rows of one kind of saved object. Deleted rows and rows of other projects are never found."""

    model: type[Row]
    record: Callable[[Row], Record]
    resource: str
    """The name that access rules use for this kind."""

    async def create(
        self,
        store: MetadataStore,
        *,
        project_id: int,
        name: str,
        description: str,
        created_by: str | None,
        now: datetime,
        columns: Mapping[str, object],
    ) -> Record:
        """Insert a row; `columns` are those that only this kind has. Raises NotFound without the project."""
        shared: dict[str, Any] = {
            "project_id": project_id,
            "name": name,
            "name_key": search_key(name),
            "description": description,
            "created_by": created_by,
            "created_at": now,
            "updated_at": now,
        }
        row = self.model(**shared, **columns)
        try:
            async with store.write() as session:
                session.add(row)
        except IntegrityError as exc:
            raise NotFound("The project no longer exists.") from exc
        return self.record(row)

    async def find(self, store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, Record]:
        """Load many objects at once; the result has no entry for keys that are not found."""
        wanted = {key for key in keys if 0 < key[1] <= LARGEST_SAVED_ID}
        if not wanted:
            return {}
        ids = sorted({saved_id for _, saved_id in wanted})
        query = select(self.model).where(self.model.id.in_(ids), self.model.deleted_at.is_(None))
        async with store.read() as session:
            rows = (await session.scalars(query)).all()
        return {(row.project_id, row.id): self.record(row) for row in rows if (row.project_id, row.id) in wanted}

    async def list_all(self, store: MetadataStore, project_id: int) -> tuple[Record, ...]:
        """Load every object of the project, by ascending id."""
        query = select(self.model).where(self.model.project_id == project_id, self.model.deleted_at.is_(None))
        async with store.read() as session:
            return tuple(self.record(row) for row in await session.scalars(query.order_by(self.model.id)))

    async def list_page(
        self,
        store: MetadataStore,
        project_id: int,
        *,
        first: int,
        after: int | None = None,
        search: str = "",
        visible: Visible = EVERYTHING,
    ) -> SavedPage[Record]:
        """List the first visible objects with an id above `after`, by id; `search` is a part of the name."""
        conditions = [self.model.project_id == project_id, self.model.deleted_at.is_(None)]
        if (condition := self._is_visible(visible)) is not None:
            conditions.append(condition)
        if search:
            conditions.append(self.model.name_key.contains(search_key(search), autoescape=True))
        page = select(self.model).where(*conditions).order_by(self.model.id).limit(first + 1)
        if after is not None:
            page = page.where(self.model.id > min(max(after, 0), LARGEST_SAVED_ID))
        async with store.read() as session:
            total = await session.scalar(select(func.count()).select_from(self.model).where(*conditions))
            rows = (await session.scalars(page)).all()
        return SavedPage(tuple(map(self.record, rows[:first])), total or 0, len(rows) > first)

    async def update(
        self, store: MetadataStore, key: SavedKey, *, now: datetime, changes: Mapping[str, object]
    ) -> Record | None:
        """Change the columns that are not None; None if the row is not found."""
        values = changed_columns(changes, now)
        if not values:
            return (await self.find(store, [key])).get(key)
        statement = update(self.model).where(*self.existing(key)).values(values).returning(self.model)
        async with store.write() as session:
            row = (await session.scalars(statement)).one_or_none()
        return None if row is None else self.record(row)

    async def delete(self, store: MetadataStore, key: SavedKey, *, now: datetime, actor: Actor = OPERATOR) -> bool:
        """Mark the row as deleted and remove the access rules about it; False if it is not found."""
        change = update(self.model).where(*self.existing(key)).values(deleted_at=now).returning(self.model.id)
        async with store.write() as session:
            deleted_id = (await session.scalars(change)).one_or_none()
            if deleted_id is not None:
                await remove_rules_of(session, key[0], self.resource, str(deleted_id), actor=actor, now=now)
            return deleted_id is not None

    def existing(self, key: SavedKey) -> tuple[ColumnElement[bool], ...]:
        """The conditions that select this row unless it is deleted."""
        project_id, saved_id = key
        # The database rejects a number beyond the column's type with an error; 0 simply matches no row.
        possible_id = saved_id if 0 < saved_id <= LARGEST_SAVED_ID else 0
        return (
            self.model.project_id == project_id,
            self.model.id == possible_id,
            self.model.deleted_at.is_(None),
        )

    def _is_visible(self, visible: Visible) -> ColumnElement[bool] | None:
        if visible.only is not None:
            condition = self.model.id.in_(sorted(visible.only))
        elif visible.hidden:
            condition = self.model.id.not_in(sorted(visible.hidden))
        else:
            return None
        return condition if visible.creator is None else or_(condition, self.model.created_by == visible.creator)


def changed_columns(changes: Mapping[str, object], now: datetime) -> dict[str, Any]:
    """The columns that an update sets: `changes` without None and what follows from them; empty for no change."""
    values: dict[str, Any] = {column: value for column, value in changes.items() if value is not None}
    if isinstance(name := values.get("name"), str):
        values["name_key"] = search_key(name)
    return {**values, "updated_at": now} if values else {}


def shared_fields(row: Saved) -> dict[str, Any]:
    """The fields of SavedRecord."""
    return {
        "id": row.id,
        "project_id": row.project_id,
        "name": row.name,
        "description": row.description,
        "created_by": row.created_by,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }
