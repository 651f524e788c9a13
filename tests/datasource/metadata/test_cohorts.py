from datetime import UTC, datetime, timedelta

import pytest

from datasource.metadata.cohorts import (
    COHORT_REPOSITORY,
    CalculatedMembers,
    CohortChange,
    StoredMembership,
    all_cohorts,
    create_cohort,
    find_distinct_ids,
    next_version,
    record_failure,
    switch_version,
    update_cohort,
)
from datasource.metadata.projects import ensure_project
from datasource.metadata.records import CohortRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import NotFound

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
GROUPS = ({"properties": [{"key": "plan", "value": ["pro", 1]}], "behaviors": []},)
DYNAMIC = StoredMembership(is_static=False, groups=GROUPS)
STATIC = StoredMembership(is_static=True, distinct_ids=("ada", "bob"))


@pytest.fixture
async def project(store: MetadataStore) -> ProjectRecord:
    return await ensure_project(store, organization="Org", name="shop")


async def _create(
    store: MetadataStore, project: ProjectRecord, name: str = "pros", membership: StoredMembership = DYNAMIC
) -> CohortRecord:
    return await create_cohort(store, project_id=project.id, name=name, membership=membership, now=NOW)


def _key(record: CohortRecord) -> tuple[int, int]:
    return record.project_id, record.id


async def test_created_cohort_is_found_unchanged(store: MetadataStore, project: ProjectRecord) -> None:
    record = await _create(store, project)
    assert (record.groups, record.is_static, record.created_at) == (GROUPS, False, NOW)
    assert (record.version, record.size, record.calculated_at, record.error) == (0, 0, None, None)
    assert await COHORT_REPOSITORY.find(store, [_key(record), (project.id + 1, record.id)]) == {
        _key(record): record
    }
    with pytest.raises(NotFound):
        await create_cohort(store, project_id=project.id + 1, name="x", membership=DYNAMIC, now=NOW)


async def test_distinct_ids_are_those_of_static_cohorts(store: MetadataStore, project: ProjectRecord) -> None:
    static, dynamic = await _create(store, project, membership=STATIC), await _create(store, project)
    keys = [_key(static), _key(dynamic), (project.id + 1, static.id)]
    assert await find_distinct_ids(store, keys) == {_key(static): ("ada", "bob")}


async def test_deleted_cohorts_are_not_listed(store: MetadataStore, project: ProjectRecord) -> None:
    first, second, third = [await _create(store, project, name) for name in ("Pros", "free", "more pros")]
    page = await COHORT_REPOSITORY.list_page(store, project.id, first=1, search="PRO")
    assert (page.records, page.total, page.has_next) == ((first,), 2, True)
    assert await COHORT_REPOSITORY.delete(store, _key(first), now=LATER)
    assert not await COHORT_REPOSITORY.delete(store, _key(first), now=LATER)
    assert await all_cohorts(store, project.id) == {second.id: second, third.id: third}
    assert await all_cohorts(store, project.id + 1) == {}


async def test_versions_are_never_used_twice(store: MetadataStore, project: ProjectRecord) -> None:
    record = await _create(store, project)
    assert [await next_version(store, _key(record)) for _ in range(3)] == [1, 2, 3]
    assert await next_version(store, (project.id + 1, record.id)) is None
    assert (await all_cohorts(store, project.id))[record.id].version == 0


async def test_switch_changes_members_and_definition_together(
    store: MetadataStore, project: ProjectRecord
) -> None:
    record = await _create(store, project)
    await record_failure(store, _key(record), "too slow")
    assert (await all_cohorts(store, project.id))[record.id].error == "too slow"
    change = CohortChange(name="Listed", membership=STATIC)
    switched = await switch_version(store, record, CalculatedMembers(4, 12, LATER), change)
    assert switched is not None
    assert (switched.version, switched.size, switched.calculated_at, switched.error) == (4, 12, LATER, None)
    assert (switched.name, switched.is_static, switched.groups, switched.updated_at) == ("Listed", True, (), LATER)
    assert await find_distinct_ids(store, [_key(record)]) == {_key(record): ("ada", "bob")}
    assert (await COHORT_REPOSITORY.list_page(store, project.id, first=5, search="listed")).total == 1


async def test_calculation_alone_keeps_the_time_of_the_update(
    store: MetadataStore, project: ProjectRecord
) -> None:
    record = await _create(store, project)
    switched = await switch_version(store, record, CalculatedMembers(1, 12, LATER))
    assert switched is not None
    assert (switched.updated_at, switched.calculated_at, switched.groups) == (NOW, LATER, GROUPS)


async def test_switch_after_another_switch_is_rejected(store: MetadataStore, project: ProjectRecord) -> None:
    record = await _create(store, project)
    assert await switch_version(store, record, CalculatedMembers(1, 12, LATER)) is not None
    assert await switch_version(store, record, CalculatedMembers(2, 13, LATER)) is None
    current = (await all_cohorts(store, project.id))[record.id]
    assert (current.version, current.size) == (1, 12)
    assert await COHORT_REPOSITORY.delete(store, _key(record), now=LATER)
    assert await switch_version(store, current, CalculatedMembers(2, 13, LATER)) is None


async def test_update_changes_only_what_is_given(store: MetadataStore, project: ProjectRecord) -> None:
    record = await _create(store, project)
    updated = await update_cohort(store, _key(record), CohortChange(description="new"), now=LATER)
    assert updated is not None
    assert (updated.name, updated.description, updated.updated_at, updated.groups) == (
        "pros",
        "new",
        LATER,
        GROUPS,
    )
    assert await update_cohort(store, _key(record), CohortChange(), now=NOW) == updated
    assert await update_cohort(store, (project.id, record.id + 1), CohortChange("x"), now=NOW) is None
