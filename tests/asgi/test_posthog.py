"""The API over the tables of a PostHog installation: what works, and what is not available."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from datasource.clickhouse.read_only_engine import ReadOnlyEngine
from datasource.layouts.posthog_columns import PostHogColumns
from datasource.layouts.providers import PostHogLayoutProvider
from datasource.metadata.import_existing import import_cohort
from datasource.metadata.organizations import ensure_organization
from datasource.metadata.projects import create_project
from resolvers.stores import Stores
from settings import Settings
from tests.support.gateway import NOW, Gateway, open_gateway
from tests.support.posthog_tables import DATABASE, PostHogSeeds
from tests.support.seeds.events import Event
from tests.support.seeds.saved_objects import Shop

TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { groupTypes { index name }
    trend(query: $query) { series { label data count breakdownValue } } } }"""
COHORT = "query($project: ID!, $id: ID!) { project(id: $project) { cohort(id: $id) { name size isStatic } } }"
LAST_WEEK = {"dateFrom": "2020-01-12", "dateTo": "2020-01-14"}


@pytest.fixture(scope="module")
async def shop(stores: Stores, settings: Settings, posthog: PostHogColumns) -> AsyncIterator[Shop]:
    """A team that was adopted, with a cohort of its own."""
    engine = ReadOnlyEngine(stores.events)
    reading = Stores(stores.metadata, engine, await PostHogLayoutProvider.find(engine, DATABASE))
    async with open_gateway(reading, settings) as gateway:
        yield await _adopt(gateway, stores, posthog)


async def _adopt(gateway: Gateway, stores: Stores, posthog: PostHogColumns) -> Shop:
    seeds = PostHogSeeds.new(stores.events, posthog)
    await seeds.add_events([Event("pay", f"2020-01-1{2 + n % 3}", n % 4, {"plan": "ab"[n % 2]}) for n in range(8)])
    await seeds.add_cohort(900_001, [1, 2], version=7)
    organization = await ensure_organization(stores.metadata, name="Adopters")
    project = await create_project(
        stores.metadata,
        organization_id=organization.id,
        name="Team",
        group_types=[(1, "company")],
        team_id=seeds.project.id,
    )
    await import_cohort(
        stores.metadata,
        project_id=project.id,
        cohort_id=900_001,
        name="payers",
        version=7,
        size=2,
        is_static=False,
        now=NOW,
    )
    return Shop(gateway, project, await gateway.key("*", project=project, only=True))


async def test_trend_works(shop: Shop) -> None:
    query = {"events": [{"event": "pay", "math": "DAU"}], **LAST_WEEK}
    project = (await shop.ask(TREND, query=query)).data["project"]
    assert project["groupTypes"] == [{"index": 1, "name": "company"}]
    assert project["trend"]["series"] == [
        {"label": "pay", "data": [3.0, 3.0, 2.0], "count": 8.0, "breakdownValue": None}
    ]


async def test_adopted_cohort_filters_and_splits(shop: Shop) -> None:
    shown = (await shop.ask(COHORT, id="900001")).data["project"]["cohort"]
    assert shown == {"name": "payers", "size": 2, "isStatic": False}
    inside = {"type": "COHORT", "key": "id", "operator": "IN", "value": 900_001}
    filtered = {"events": [{"event": "pay"}], "properties": [inside], **LAST_WEEK}
    (line,) = (await shop.ask(TREND, query=filtered)).data["project"]["trend"]["series"]
    assert line["count"] == 4
    split = {"events": [{"event": "pay"}], "breakdown": ["900001"], "breakdownType": "COHORT", **LAST_WEEK}
    (line,) = (await shop.ask(TREND, query=split)).data["project"]["trend"]["series"]
    assert (line["label"], line["breakdownValue"], line["count"]) == ("payers", ["900001"], 4)


async def test_adopted_cohort_can_be_renamed_and_given_up(shop: Shop) -> None:
    await import_cohort(
        shop.gateway.stores.metadata,
        project_id=shop.project.id,
        cohort_id=900_002,
        name="listed",
        version=0,
        size=1,
        is_static=True,
        now=NOW,
    )
    rename = "mutation($input: CohortUpdateInput!) { cohortUpdate(input: $input) { name } }"
    given = {"projectId": shop.id, "id": "900002", "name": "renamed"}
    assert (await shop.gateway.ask(rename, {"input": given}, key=shop.key)).data["cohortUpdate"][
        "name"
    ] == "renamed"
    delete = "mutation($project: ID!, $id: ID!) { cohortDelete(projectId: $project, id: $id) }"
    assert (await shop.ask(delete, id="900002")).data["cohortDelete"] == "900002"


CREATE = "mutation($input: CohortCreateInput!) { cohortCreate(input: $input) { id } }"
UPDATE = "mutation($input: CohortUpdateInput!) { cohortUpdate(input: $input) { id } }"
CALCULATE = "mutation($project: ID!, $id: ID!) { cohortCalculate(projectId: $project, id: $id) { id } }"
OF_PROJECT = "query($project: ID!) { project(id: $project) { %s } }"
PRO = [{"properties": [{"type": "PERSON", "key": "plan", "value": "pro"}]}]


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        (CREATE, {"input": {"name": "c", "filters": PRO}}),
        (CREATE, {"input": {"name": "c", "distinctIds": ["d1"]}}),
        (UPDATE, {"input": {"id": "900001", "filters": PRO}}),
        (CALCULATE, {"id": "900001"}),
        (OF_PROJECT % "eventDefinitions { totalCount }", {}),
        (OF_PROJECT % "propertyDefinitions(type: PERSON) { totalCount }", {}),
        (OF_PROJECT % "propertyDefinitions(type: SESSION) { totalCount }", {}),
        (OF_PROJECT % 'propertyValues(type: EVENT, key: "plan") { value }', {}),
        (OF_PROJECT % 'propertyValues(type: SESSION, key: "$session_duration") { value }', {}),
    ],
)
async def test_features_that_need_own_tables_are_not_available(
    shop: Shop, query: str, variables: dict[str, Any]
) -> None:
    if "input" in variables:
        variables = {"input": {"projectId": shop.id, **variables["input"]}}
    answer = await shop.gateway.ask(query, {"project": shop.id, **variables}, key=shop.key)
    assert "is not available: the events are" in answer.error["message"]
    assert answer.extensions["code"] == "NOT_AVAILABLE"
    assert answer.extensions["hint"] == "docs/posthog.md lists what works with these tables."
