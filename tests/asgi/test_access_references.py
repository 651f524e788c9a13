"""The caller must be able to read what a query or definition uses."""

from typing import Any

import pytest

from datasource.metadata.actions import create_action
from tests.support.gateway import NOW, Answer
from tests.support.seeds.organization import VIEWS, Organization, Person
from tests.support.seeds.saved_objects import EVENTS

TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    series { count action { name } } csv } } }"""
INSIGHT = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) { name trend {
    series { count action { name } } csv } } } }"""
REFERENCE = """query($project: ID!, $id: ID!) { _entities(representations: [
    {__typename: "Insight", projectId: $project, id: $id}]) {
    ... on Insight { name trend { series { count } } } } }"""
CREATE_INSIGHT = "mutation($input: InsightCreateInput!) { insightCreate(input: $input) { id } }"
CREATE_ACTION = "mutation($input: ActionCreateInput!) { actionCreate(input: $input) { id } }"
CREATE_COHORT = "mutation($input: CohortCreateInput!) { cohortCreate(input: $input) { id } }"
UPDATE_COHORT = "mutation($input: CohortUpdateInput!) { cohortUpdate(input: $input) { id } }"
UPDATE_PROJECT = "mutation($input: ProjectUpdateInput!) { projectUpdate(input: $input) { id } }"
DATES = {"dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


def of_action(action: str) -> dict[str, Any]:
    return {**DATES, "actions": [{"actionId": action}]}


def in_cohort(cohort: str) -> dict[str, Any]:
    return {"type": "COHORT", "value": int(cohort)}


@pytest.fixture
async def plain(org: Organization) -> Person:
    return await org.person("plain")


async def calculated(org: Organization, name: str) -> str:
    """Create a cohort of the creator that has been calculated (it is empty)."""
    made = await org.creator.ask(CREATE_COHORT, input={"projectId": org.id, "name": name, "filters": []})
    return str(made.data["cohortCreate"]["id"])


def assert_forbidden(answer: Answer, *path: str | int) -> None:
    """Check that the error has the path of the input, without the name of the unreadable object."""
    assert (answer.extensions["code"], answer.extensions["path"]) == ("FORBIDDEN", list(path))
    assert "secret" not in str(answer.body)


async def test_trend_with_an_unreadable_action_is_forbidden(org: Organization, plain: Person) -> None:
    action = await org.action("secret")
    query = {**DATES, "events": [{"event": "view"}], "actions": [{"actionId": action}]}
    assert (await plain.ask(TREND, query=query)).data
    await org.give("none", "action", on=action, to=plain)
    assert_forbidden(await plain.ask(TREND, query=query), "query", "actions", 0, "actionId")
    create = {"projectId": org.id, "name": "x", "query": query}
    assert_forbidden(await plain.ask(CREATE_INSIGHT, input=create), "input", "query", "actions", 0, "actionId")


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({"properties": [{"key": "plan", "value": "a"}, "cohort"]}, ["properties", 1, "value"]),
        (
            {"events": [{"event": "view", "properties": ["cohort"]}]},
            ["events", 0, "properties", 0, "value"],
        ),
        (
            {"propertyGroup": {"groups": [{"filters": ["cohort"]}]}},
            ["propertyGroup", "groups", 0, "filters", 0, "value"],
        ),
        ({"breakdownType": "COHORT", "breakdown": ["id"]}, ["breakdown", 0]),
        ({"breakdowns": [{"type": "COHORT", "property": "id"}]}, ["breakdowns", 0]),
    ],
    ids=["properties", "series", "group", "breakdown", "breakdowns"],
)
async def test_trend_with_an_unreadable_cohort_is_forbidden(
    org: Organization, plain: Person, query: dict[str, Any], path: list[str | int]
) -> None:
    cohort = await calculated(org, "secret")

    def filled(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: filled(value) for key, value in part.items()}
        if isinstance(part, list):
            return [filled(each) for each in part]
        return {"cohort": in_cohort(cohort), "id": cohort}.get(part, part)

    asked = {**VIEWS, **filled(query)}
    assert (await plain.ask(TREND, query=asked)).data
    await org.give("none", "cohort", on=cohort, to=plain)
    assert_forbidden(await plain.ask(TREND, query=asked), "query", *path)
    await org.give(None, "cohort", on=cohort, to=plain)
    await org.give("none", "cohort")
    assert_forbidden(await plain.ask(TREND, query=asked), "query", *path)


async def test_trend_requires_access_to_all_insights_but_a_saved_insight_only_to_itself(
    org: Organization, plain: Person
) -> None:
    await org.gateway.stores.events.command(EVENTS, {"project": org.project.id})
    insight, other = await org.insight("opened"), await org.insight("other")
    await org.give("none")
    await org.give("viewer", on=insight, to=plain)
    refused = await plain.ask(TREND, query=VIEWS)
    assert (refused.extensions["code"], refused.extensions["missingLevel"]) == ("FORBIDDEN", "VIEWER")
    opened = (await plain.ask(INSIGHT, id=insight)).data["project"]["insight"]
    assert (opened["name"], [each["count"] for each in opened["trend"]["series"]]) == ("opened", [1.0])
    assert opened["trend"]["csv"].splitlines()[1].startswith("view,")
    [referred] = (await plain.ask(REFERENCE, id=insight)).data["_entities"]
    assert referred["trend"]["series"] == [{"count": 1.0}]
    for document in (INSIGHT, REFERENCE):
        assert (await plain.ask(document, id=other)).extensions["code"] == "FORBIDDEN"


async def test_saved_insight_does_not_give_access_to_its_actions(org: Organization, plain: Person) -> None:
    action = await org.action("secret")
    insight = await org.insight("public", query=of_action(action))
    await org.give("none", "action", on=action, to=plain)
    answer = await plain.ask(INSIGHT, id=insight)
    assert_forbidden(answer, "query", "actions", 0, "actionId")
    assert answer.body["data"] is None
    assert (await org.creator.ask(INSIGHT, id=insight)).data["project"]["insight"]["trend"]["series"][0]["action"]


async def test_saved_insight_does_not_give_access_to_its_cohorts(org: Organization, plain: Person) -> None:
    cohort = await calculated(org, "secret")
    insight = await org.insight("public", query={**VIEWS, "properties": [in_cohort(cohort)]})
    await org.give("none", "cohort", on=cohort, to=plain)
    assert_forbidden(await plain.ask(INSIGHT, id=insight), "query", "properties", 0, "value")


async def test_action_of_a_series_is_forbidden_without_the_scope_for_actions(
    org: Organization, plain: Person
) -> None:
    action = await org.action("secret")
    insight = await org.insight("public", query=of_action(action))
    reader = await plain.with_scopes("project:read", "insight:read")
    document = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) { trend {
        series { count action { name } } } } } }"""
    answer = await reader.ask(document, id=insight)
    assert answer.body["data"]["project"]["insight"]["trend"]["series"] == [{"count": 0.0, "action": None}]
    assert answer.extensions["missingScope"] == "action:read"
    assert answer.error["path"] == ["project", "insight", "trend", "series", 0, "action"]
    assert "secret" not in str(answer.body)


async def test_action_cannot_use_an_unreadable_cohort(org: Organization, plain: Person) -> None:
    cohort = await calculated(org, "secret")
    given = {"projectId": org.id, "name": "x", "steps": [{}, {"properties": [in_cohort(cohort)]}]}
    assert (await plain.ask(CREATE_ACTION, input=given)).data
    await org.give("none", "cohort", on=cohort, to=plain)
    path = ("input", "steps", 1, "properties", 0, "value")
    assert_forbidden(await plain.ask(CREATE_ACTION, input=given), *path)
    update = {"projectId": org.id, "id": await org.action("open", by=plain), "steps": given["steps"]}
    document = "mutation($input: ActionUpdateInput!) { actionUpdate(input: $input) { id } }"
    assert_forbidden(await plain.ask(document, input=update), *path)


async def test_cohort_cannot_use_an_unreadable_cohort(org: Organization, plain: Person) -> None:
    cohort = await calculated(org, "secret")
    groups = [{"properties": [{"type": "PERSON", "key": "plan", "value": "a"}, in_cohort(cohort)]}]
    given = {"projectId": org.id, "name": "x", "filters": groups}
    made = (await plain.ask(CREATE_COHORT, input=given)).data["cohortCreate"]["id"]
    await org.give("none", "cohort", on=cohort, to=plain)
    path = ("input", "filters", 0, "properties", 1, "value")
    assert_forbidden(await plain.ask(CREATE_COHORT, input=given), *path)
    update = {"projectId": org.id, "id": made, "filters": groups}
    assert_forbidden(await plain.ask(UPDATE_COHORT, input=update), *path)


@pytest.mark.parametrize("role", ["action", "seq action"])
async def test_cohort_cannot_use_an_unreadable_action(org: Organization, plain: Person, role: str) -> None:
    action = await org.action("secret")
    behavior: dict[str, Any] = {"kind": "PERFORMED_EVENT", "actionId": action}
    if role == "seq action":
        behavior = {
            "kind": "PERFORMED_EVENT_SEQUENCE",
            "event": "view",
            "seqActionId": action,
            "seqTimeValue": 1,
            "seqTimeInterval": "DAY",
        }
    groups = [{"behaviors": [{**behavior, "timeValue": 7, "timeInterval": "DAY"}]}]
    given = {"projectId": org.id, "name": "x", "filters": groups}
    assert (await plain.ask(CREATE_COHORT, input=given)).data
    await org.give("none", "action", on=action, to=plain)
    answer = await plain.ask(CREATE_COHORT, input=given)
    assert answer.extensions["code"] == "FORBIDDEN"
    assert answer.extensions["path"][:2] == ["input", "filters"]
    assert "secret" not in str(answer.body)


async def test_project_filters_cannot_use_an_unreadable_cohort(org: Organization, plain: Person) -> None:
    cohort = await calculated(org, "secret")
    given = {"id": org.id, "testAccountFilters": [in_cohort(cohort)]}
    await org.give("none", "cohort", on=cohort, to=plain)
    assert_forbidden(await plain.ask(UPDATE_PROJECT, input=given), "input", "testAccountFilters", 0, "value")


async def test_indirect_references_need_no_access(org: Organization, plain: Person) -> None:
    cohort = await calculated(org, "secret")
    steps = [{"event": "view", "properties": [in_cohort(cohort)]}]
    made = await org.creator.ask(CREATE_ACTION, input={"projectId": org.id, "name": "x", "steps": steps})
    filters = {"id": org.id, "testAccountFilters": [in_cohort(cohort)]}
    assert (await org.creator.ask(UPDATE_PROJECT, input=filters)).data
    await org.give("none", "cohort", on=cohort, to=plain)
    query = of_action(made.data["actionCreate"]["id"])
    assert (await plain.ask(TREND, query=query)).data
    answer = await plain.ask(TREND, query={**query, "filterTestAccounts": True})
    assert answer.data
    assert "secret" not in str(answer.body)


async def test_error_for_a_cohort_in_use_names_only_readable_users(org: Organization, plain: Person) -> None:
    used = await calculated(org, "used")
    given = {"projectId": org.id, "filters": [{"properties": [in_cohort(used)]}]}
    hidden = await org.creator.ask(CREATE_COHORT, input={**given, "name": "secret"})
    await org.give("none", "cohort", on=hidden.data["cohortCreate"]["id"], to=plain)
    delete = "mutation($project: ID!, $id: ID!) { cohortDelete(projectId: $project, id: $id) }"
    refused = await plain.ask(delete, id=used)
    assert refused.error["message"] == "The cohort is used by another object."
    shown = await org.creator.ask(CREATE_COHORT, input={**given, "name": "shown"})
    refused = await plain.ask(delete, id=used)
    shown_id = shown.data["cohortCreate"]["id"]
    assert refused.error["message"] == f"The cohort is used by cohort 'shown' ({shown_id}), another object."
    assert "secret" not in str(refused.body)


async def test_error_for_an_uncalculated_cohort_does_not_name_an_unreadable_one(
    org: Organization, plain: Person
) -> None:
    cohort = await org.cohort("secret")
    steps = [{"event": "view", "properties": [in_cohort(cohort)]}]
    record = await create_action(org.store, project_id=org.project.id, name="x", steps=steps, now=NOW)
    await org.give("none", "cohort", on=cohort, to=plain)
    refused = await plain.ask(TREND, query=of_action(str(record.id)))
    assert refused.error["message"] == f"Cohort {cohort} has not been calculated yet."
    assert "secret" not in str(refused.body)
