from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from datasource.metadata.models import SavedCohort
from datasource.metadata.records import CohortRecord
from datasource.metadata.saved import SavedKey, SavedRepository, changed_columns, shared_fields
from datasource.metadata.store import MetadataStore

Groups = Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class StoredMembership:
    """Who is in a cohort, as stored: distinct ids for a static cohort, groups for any other."""

    is_static: bool
    groups: Groups = ()
    distinct_ids: Sequence[str] = ()

    def columns(self) -> dict[str, object]:
        return {
            "is_static": self.is_static,
            "groups": list(self.groups),
            "distinct_ids": list(self.distinct_ids),
        }


@dataclass(frozen=True, slots=True)
class CalculatedMembers:
    """The result of a calculation: its version and the number of members."""

    version: int
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class ImportedMembers:
    """The id of a cohort in another installation, and the version and size of the members it has there."""

    cohort_id: int
    version: int
    size: int


@dataclass(frozen=True, slots=True)
class CohortChange:
    """New values; None leaves a value unchanged."""

    name: str | None = None
    description: str | None = None
    membership: StoredMembership | None = None

    def columns(self) -> dict[str, object]:
        membership = {} if self.membership is None else self.membership.columns()
        return {"name": self.name, "description": self.description, **membership}


def _record(row: SavedCohort) -> CohortRecord:
    return CohortRecord(
        **shared_fields(row),
        is_static=row.is_static,
        groups=tuple(row.groups),
        version=row.version,
        size=row.size,
        calculated_at=row.calculated_at,
        error=row.error,
    )


COHORT_REPOSITORY = SavedRepository(SavedCohort, _record, "cohort")


async def create_cohort(
    store: MetadataStore,
    *,
    project_id: int,
    name: str,
    membership: StoredMembership,
    now: datetime,
    description: str = "",
    created_by: str | None = None,
    imported: ImportedMembers | None = None,
) -> CohortRecord:
    """Insert a cohort that is not calculated yet, unless its members are imported.

    Raises NotFound without the project.
    """
    calculation: dict[str, object] = {"calculated_at": None, "error": None}
    if imported is not None:
        calculation |= {
            "id": imported.cohort_id,
            "version": imported.version,
            "last_version": imported.version,
            "size": imported.size,
            "calculated_at": now,
        }
    return await COHORT_REPOSITORY.create(
        store,
        project_id=project_id,
        name=name,
        description=description,
        created_by=created_by,
        now=now,
        columns={**membership.columns(), **calculation},
    )


async def update_cohort(
    store: MetadataStore, key: SavedKey, change: CohortChange, *, now: datetime
) -> CohortRecord | None:
    """Make a change that leaves the calculated members alone; None if the cohort is not found."""
    return await COHORT_REPOSITORY.update(store, key, now=now, changes=change.columns())


async def all_cohorts(store: MetadataStore, project_id: int) -> dict[int, CohortRecord]:
    """Load every cohort of the project by id, in ascending order."""
    return {record.id: record for record in await COHORT_REPOSITORY.list_all(store, project_id)}


async def find_distinct_ids(store: MetadataStore, keys: Collection[SavedKey]) -> dict[SavedKey, tuple[str, ...]]:
    """Load the distinct ids of static cohorts; the result has no entry for any other key."""
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
    """Reserve a version number for a calculation, used only once; None if the cohort is not found."""
    change = (
        update(SavedCohort)
        .where(*COHORT_REPOSITORY.existing(key))
        .values(last_version=SavedCohort.last_version + 1)
        .returning(SavedCohort.last_version)
    )
    async with store.write() as session:
        return (await session.scalars(change)).one_or_none()


async def switch_version(
    store: MetadataStore, read: CohortRecord, members: CalculatedMembers, change: CohortChange | None = None
) -> CohortRecord | None:
    """Make these the cohort's members, together with the change they were calculated for.

    None if the cohort is deleted or was switched since it was read: the members may follow an old definition.
    """
    values: dict[str, object] = {
        **({} if change is None else changed_columns(change.columns(), members.at)),
        "version": members.version,
        "size": members.size,
        "calculated_at": members.at,
        "error": None,
    }
    key = (read.project_id, read.id)
    statement = (
        update(SavedCohort)
        .where(*COHORT_REPOSITORY.existing(key), SavedCohort.version == read.version)
        .values(values)
        .returning(SavedCohort)
    )
    async with store.write() as session:
        row = (await session.scalars(statement)).one_or_none()
    return None if row is None else _record(row)


async def record_failure(store: MetadataStore, key: SavedKey, error: str) -> None:
    """Store why a calculation failed. The members stay, and the error until a calculation succeeds."""
    async with store.write() as session:
        await session.execute(update(SavedCohort).where(*COHORT_REPOSITORY.existing(key)).values(error=error))
