from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from datasource.metadata.audit import OPERATOR, Actor
from datasource.metadata.models import SavedCohort
from datasource.metadata.records import CohortRecord, SavedPage
from datasource.metadata.saved import EVERYTHING, SavedKey, SavedTable, Visible, changed, search_key
from datasource.metadata.store import MetadataStore

Groups = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """Who is in a cohort, as it is stored: a static one by distinct ids, any other by groups."""

    is_static: bool
    groups: Groups = ()
    distinct_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class CalculatedMembers:
    """The outcome of a calculation: its number, and how many members it found."""

    version: int
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class CohortChange:
    """What is None stays as it is."""

    name: str | None = None
    description: str | None = None
    membership: StoredMembership | None = None

    def columns(self) -> dict[str, object]:
        """The new values."""
        given = {"name": self.name, "description": self.description}
        texts = {column: value for column, value in given.items() if value is not None}
        return {**texts, **({} if self.membership is None else _columns(self.membership))}


async def create_cohort(
    store: MetadataStore,
    *,
    project_id: int,
    name: str,
    membership: StoredMembership,
    now: datetime,
    description: str = "",
    created_by: str | None = None,
    adopted: tuple[int, int, int] | None = None,
) -> CohortRecord:
    """A cohort that is not calculated yet. Raises NotFound without the project.

    `adopted` are number, version and size of one whose members are another installation's (see adoption.py).
    """
    number, version, size = adopted or (None, 0, 0)
    row = SavedCohort(
        id=number,
        version=version,
        last_version=version,
        size=size,
        project_id=project_id,
        name=name,
        name_key=search_key(name),
        description=description,
        **_columns(membership),
        created_by=created_by,
        created_at=now,
        updated_at=now,
        deleted_at=None,
        calculated_at=None if adopted is None else now,
        error=None,
    )
    return await _COHORTS.insert(store, row)


async def find_cohorts(store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, CohortRecord]:
    """Many at once, by project and id; what does not exist is absent from the answer."""
    return await _COHORTS.find(store, keys)


async def list_cohorts(
    store: MetadataStore,
    project_id: int,
    *,
    first: int,
    after: int | None = None,
    search: str = "",
    visible: Visible = EVERYTHING,
) -> SavedPage[CohortRecord]:
    """The first visible cohorts with an id above `after`, by ascending id; `search` is a part of the name."""
    return await _COHORTS.page(store, project_id, first=first, after=after, search=search, visible=visible)


async def all_cohorts(store: MetadataStore, project_id: int) -> dict[int, CohortRecord]:
    """Every cohort of the project by id, in ascending order."""
    query = select(SavedCohort).where(SavedCohort.project_id == project_id, SavedCohort.deleted_at.is_(None))
    async with store.read() as session:
        rows = (await session.scalars(query.order_by(SavedCohort.id))).all()
    return {row.id: _record(row) for row in rows}


async def find_distinct_ids(store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, tuple[str, ...]]:
    """The lists of static cohorts; those that are not, or do not exist, are absent from the answer."""
    columns = (SavedCohort.project_id, SavedCohort.id, SavedCohort.distinct_ids)
    ids = sorted({cohort_id for _, cohort_id in keys})
    query = select(*columns).where(
        SavedCohort.id.in_(ids), SavedCohort.is_static.is_(True), SavedCohort.deleted_at.is_(None)
    )
    async with store.read() as session:
        rows = (await session.execute(query)).all()
    wanted = set(keys)
    return {(row[0], row[1]): tuple(row[2]) for row in rows if (row[0], row[1]) in wanted}


async def next_version(store: MetadataStore, key: SavedKey) -> int | None:
    """A number for a calculation, never given out before; None when there is no such cohort."""
    change = (
        update(SavedCohort)
        .where(*_COHORTS.existing(key))
        .values(last_version=SavedCohort.last_version + 1)
        .returning(SavedCohort.last_version)
    )
    async with store.write() as session:
        return (await session.scalars(change)).one_or_none()


async def switch_version(
    store: MetadataStore, read: CohortRecord, members: CalculatedMembers, change: CohortChange | None = None
) -> CohortRecord | None:
    """From now on these members count, together with the change that they were calculated for.

    None when the cohort is gone, or has switched since it was read: the members may be those of an old definition.
    """
    values: dict[str, object] = {
        **({} if change is None else changed(change.columns(), members.at)),
        "version": members.version,
        "size": members.size,
        "calculated_at": members.at,
        "error": None,
    }
    key = (read.project_id, read.id)
    statement = (
        update(SavedCohort)
        .where(*_COHORTS.existing(key), SavedCohort.version == read.version)
        .values(values)
        .returning(SavedCohort)
    )
    async with store.write() as session:
        row = (await session.scalars(statement)).one_or_none()
    return None if row is None else _record(row)


async def note_failure(store: MetadataStore, key: SavedKey, error: str) -> None:
    """The members stay as they are; why they could not be calculated anew is kept until it works again."""
    async with store.write() as session:
        await session.execute(update(SavedCohort).where(*_COHORTS.existing(key)).values(error=error))


async def update_cohort(
    store: MetadataStore, key: SavedKey, change: CohortChange, *, now: datetime
) -> CohortRecord | None:
    """The cohort after a change that leaves its members as they are; None when there is none."""
    return await _COHORTS.update(store, key, now=now, changes=change.columns())


async def delete_cohort(store: MetadataStore, key: SavedKey, *, now: datetime, actor: Actor = OPERATOR) -> bool:
    """The rules about it go with it. False when there is none."""
    return await _COHORTS.delete(store, key, actor=actor, now=now)


def _columns(membership: StoredMembership) -> dict[str, object]:
    return {
        "is_static": membership.is_static,
        "groups": [dict(group) for group in membership.groups],
        "distinct_ids": list(membership.distinct_ids),
    }


def _record(row: SavedCohort) -> CohortRecord:
    return CohortRecord(
        id=row.id,
        project_id=row.project_id,
        name=row.name,
        description=row.description,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        is_static=row.is_static,
        groups=tuple(row.groups),
        version=row.version,
        size=row.size,
        calculated_at=row.calculated_at,
        error=row.error,
    )


_COHORTS = SavedTable(SavedCohort, _record, "cohort")
