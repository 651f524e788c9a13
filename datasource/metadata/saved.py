"""What members save in a project: named rows, deleted by marking them."""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from datasource.metadata.access_controls import remove_rules_of
from datasource.metadata.audit import Actor
from datasource.metadata.models import LARGEST_PROJECT_ID, Saved
from datasource.metadata.records import SavedPage, SavedRecord
from datasource.metadata.store import MetadataStore
from errors import NotFound

LARGEST_SAVED_ID = LARGEST_PROJECT_ID

SavedKey = tuple[int, int]
"""A project's id, and the id of something saved in it."""

Row = TypeVar("Row", bound=Saved)
Record = TypeVar("Record", bound=SavedRecord)


@dataclass(frozen=True, slots=True)
class Visible:
    """Which rows a list may have: of `only`, where given, or else all but `hidden`; and always `creator`'s own."""

    only: frozenset[int] | None = None
    hidden: frozenset[int] = frozenset()
    creator: str | None = None


EVERYTHING: Final = Visible()


@dataclass(frozen=True, slots=True)
class SavedTable(Generic[Row, Record]):
    """One kind of saved thing. What is deleted, or of another project, does not exist for any method."""

    model: type[Row]
    record: Callable[[Row], Record]
    resource: str
    """What rules about such things are stored under."""

    async def insert(self, store: MetadataStore, row: Row) -> Record:
        """Raises NotFound without the project."""
        try:
            async with store.write() as session:
                session.add(row)
        except IntegrityError as exc:
            raise NotFound("The project is not there any more.") from exc
        return self.record(row)

    async def find(self, store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, Record]:
        """Many at once, for batched look-ups; what does not exist is absent from the answer."""
        wanted = {key for key in keys if 0 < key[1] <= LARGEST_SAVED_ID}
        if not wanted:
            return {}
        ids = sorted({saved_id for _, saved_id in wanted})
        query = select(self.model).where(self.model.id.in_(ids), self.model.deleted_at.is_(None))
        async with store.read() as session:
            rows = (await session.scalars(query)).all()
        return {(row.project_id, row.id): self.record(row) for row in rows if (row.project_id, row.id) in wanted}

    async def page(
        self,
        store: MetadataStore,
        project_id: int,
        *,
        first: int,
        after: int | None,
        search: str,
        visible: Visible,
    ) -> SavedPage[Record]:
        """The first visible rows with an id above `after` whose name has `search` in it, by ascending id."""
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
        """The row after changes of columns, none of which leaves it as it is; None when it does not exist."""
        if not changes:
            return (await self.find(store, [key])).get(key)
        change = update(self.model).where(*self.existing(key)).values(changed(changes, now)).returning(self.model)
        async with store.write() as session:
            row = (await session.scalars(change)).one_or_none()
        return None if row is None else self.record(row)

    async def delete(self, store: MetadataStore, key: SavedKey, *, actor: Actor, now: datetime) -> bool:
        """Mark it as deleted, and remove the rules about it; False when it does not exist."""
        change = update(self.model).where(*self.existing(key)).values(deleted_at=now).returning(self.model.id)
        async with store.write() as session:
            gone = (await session.scalars(change)).one_or_none()
            if gone is not None:
                await remove_rules_of(session, key[0], self.resource, str(gone), actor=actor, now=now)
            return gone is not None

    def _is_visible(self, visible: Visible) -> ColumnElement[bool] | None:
        if visible.only is not None:
            condition = self.model.id.in_(sorted(visible.only))
        elif visible.hidden:
            condition = self.model.id.not_in(sorted(visible.hidden))
        else:
            return None
        return condition if visible.creator is None else or_(condition, self.model.created_by == visible.creator)

    def existing(self, key: SavedKey) -> tuple[ColumnElement[bool], ...]:
        """The condition that a row is this one and not deleted."""
        project_id, saved_id = key
        # A number beyond the column's type would be the store's error instead of no row.
        possible = saved_id if 0 < saved_id <= LARGEST_SAVED_ID else 0
        return (
            self.model.project_id == project_id,
            self.model.id == possible,
            self.model.deleted_at.is_(None),
        )


def changed(changes: Mapping[str, object], now: datetime) -> dict[str, Any]:
    """The columns as a member's change leaves them."""
    values: dict[str, Any] = {**changes, "updated_at": now}
    if isinstance(name := changes.get("name"), str):
        values["name_key"] = search_key(name)
    return values


def search_key(text: str) -> str:
    """What spellings of one text have in common, whatever their case; the same on every store."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
