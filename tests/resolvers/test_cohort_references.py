"""The cohorts that a trend refers to, and the versions it gets."""

from dataclasses import replace
from pathlib import Path

import pytest

from datasource.clickhouse.engine import Engine
from datasource.metadata.actions import create_action
from datasource.metadata.cohorts import CalculatedMembers, StoredMembership, create_cohort, switch_version
from datasource.metadata.projects import ensure_project, update_project
from datasource.metadata.records import CohortRecord, ProjectRecord
from datasource.metadata.store import MetadataStore
from errors import BadUserInput
from resolvers.cohort_references import breakdown_cohorts, filtered_cohorts
from resolvers.context import RequestContext
from resolvers.saved_objects import load_saved_objects
from resolvers.stored_json import dump_filters
from resolvers.trends.query import (
    ActionSeries,
    Breakdown,
    BreakdownType,
    Cohort,
    EventSeries,
    FilterGroup,
    PropertyFilter,
    PropertyOperator,
    PropertyType,
    Scalar,
    TrendQuery,
)
from tests.resolvers.test_context import NOW, context_with
from tests.support.metadata_stores import database_url, store
from tests.support.reached_projects import by_admin

__all__ = ["database_url", "store"]

PLAIN = TrendQuery((EventSeries("pay"),))


def inside(*values: Scalar, path: str = "p") -> PropertyFilter:
    return PropertyFilter("id", values, PropertyOperator.IN, PropertyType.COHORT, path=(path,))


def split(*properties: str) -> tuple[Breakdown, ...]:
    return tuple(Breakdown(each, BreakdownType.COHORT, path=("query", each)) for each in properties)


def test_filtered_cohorts_have_the_path_of_their_first_use() -> None:
    filters = (inside(3, "4", path="a"), replace(inside(3), value=5), inside(3, path="z"), PropertyFilter("x", 9))
    assert filtered_cohorts(filters) == {3: ("a", "value"), 4: ("a", "value"), 5: ("p", "value")}
    assert filtered_cohorts((inside(), inside(True, 1.5, "x", "-1", ""), replace(inside(), value=None))) == {}


def test_breakdown_cohorts_are_the_ids_of_cohort_breakdowns() -> None:
    by_country = Breakdown("8", BreakdownType.EVENT)
    query = replace(PLAIN, breakdowns=(*split("all", "7", "x"), by_country))
    assert breakdown_cohorts(query) == {7: ("query", "7")}


@pytest.fixture
async def context(store: MetadataStore, engine: Engine, tmp_path: Path) -> RequestContext:
    return await context_with(None, store, engine, tmp_path)


@pytest.fixture
async def project(store: MetadataStore) -> ProjectRecord:
    return await ensure_project(store, organization="Org", name="shop")


async def make(store: MetadataStore, project: ProjectRecord, name: str, version: int) -> CohortRecord:
    """Create a cohort and switch it to `version`; 0 is not calculated."""
    record = await create_cohort(
        store, project_id=project.id, name=name, membership=StoredMembership(is_static=False), now=NOW
    )
    if version:
        return await switch_version(store, record, CalculatedMembers(version, 0, NOW)) or record
    return record


async def test_saved_objects_include_the_cohorts_of_every_input(
    context: RequestContext, store: MetadataStore, project: ProjectRecord
) -> None:
    records = [await make(store, project, name, version) for version, name in enumerate("abcdef", 1)]
    in_query, in_series, in_step, in_accounts, in_split, unmentioned = (record.id for record in records)
    elsewhere = await make(store, await ensure_project(store, organization="Org", name="other"), "x", 1)
    steps = [{"event": "a", "properties": dump_filters([inside(in_step)])}]
    action = await create_action(store, project_id=project.id, name="a", steps=steps, now=NOW)
    accounts = dump_filters([inside(in_accounts)])
    changed = await update_project(store, project.id, test_account_filters=accounts)
    assert changed is not None
    query = TrendQuery(
        (
            EventSeries("pay", filters=FilterGroup(children=(inside(str(in_series)),))),
            ActionSeries(action.id),
        ),
        filters=FilterGroup(children=(FilterGroup(children=(inside(in_query, elsewhere.id, 10**15),)),)),
        breakdowns=split("all", str(in_split)),
    )
    found = (await load_saved_objects(context, by_admin(changed), query)).cohorts
    assert set(found) == {in_query, in_series, in_step, in_split}
    assert found[in_step] == Cohort(in_step, "c", 3)
    found = (
        await load_saved_objects(context, by_admin(changed), replace(query, filter_test_accounts=True))
    ).cohorts
    assert set(found) == {in_query, in_series, in_step, in_split, in_accounts}
    assert unmentioned not in found


async def test_uncalculated_cohort_is_rejected_with_the_path_of_its_use(
    context: RequestContext, store: MetadataStore, project: ProjectRecord
) -> None:
    record = await make(store, project, "new", 0)
    by_filter = replace(PLAIN, filters=FilterGroup(children=(inside(record.id),)))
    by_split = replace(PLAIN, breakdowns=split(str(record.id)))
    for query, path in ((by_filter, ("p", "value")), (by_split, ("query", str(record.id)))):
        with pytest.raises(BadUserInput, match="'new', has not been calculated yet") as caught:
            await load_saved_objects(context, by_admin(project), query)
        assert caught.value.path == path
