"""Cohorts and actions that something uses cannot be deleted until nothing uses them."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.support.gateway import Gateway
from tests.support.seeds.saved_objects import Shop, open_shop

KINDS = ("cohort", "action", "insight")
CREATE, UPDATE = (
    {
        kind: f"mutation($input: {kind.title()}{verb}Input!) {{ {kind}{verb}(input: $input) {{ id }} }}"
        for kind in KINDS
    }
    for verb in ("Create", "Update")
)
DELETE = {
    kind: f"mutation($project: ID!, $id: ID!) {{ {kind}Delete(projectId: $project, id: $id) }}" for kind in KINDS
}
SET_FILTERS = """mutation($project: ID!, $filters: [PropertyFilterInput!]!) {
    projectUpdate(input: {id: $project, testAccountFilters: $filters}) { id } }"""
TREND = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    series { count } } } }"""
EVENTS = [{"event": "sign up"}]
PRO = {"key": "plan", "value": "pro", "type": "PERSON"}


@pytest.fixture
async def shop(gateway: Gateway, request: pytest.FixtureRequest) -> Shop:
    return await open_shop(gateway, f"uses of {request.node.name}"[:200])


async def create(shop: Shop, kind: str, **fields: Any) -> str:
    answer = await shop.ask(CREATE[kind], input={"projectId": shop.id, "name": f"the {kind}", **fields})
    id_: str = answer.data[f"{kind}Create"]["id"]
    return id_


async def new_cohort(shop: Shop) -> str:
    return await create(shop, "cohort", filters=[{"properties": [PRO]}])


def of_cohort(id_: str | int) -> dict[str, object]:
    return {"type": "COHORT", "value": id_, "operator": "IN"}


async def refusal(shop: Shop, kind: str, id_: str) -> str:
    """The message of a refused deletion."""
    answer = await shop.ask(DELETE[kind], id=id_)
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert answer.extensions["path"] == ["id"]
    assert answer.extensions["hint"] == "Change or delete what uses it first."
    message: str = answer.error["message"]
    return message


async def is_deleted(shop: Shop, kind: str, id_: str) -> bool:
    return bool((await shop.ask(DELETE[kind], id=id_)).data == {f"{kind}Delete": id_})


QueryOf = Callable[[str], dict[str, Any]]
QUERIES: dict[str, QueryOf] = {
    "filter": lambda id_: {"properties": [of_cohort(id_)]},
    "filter of numbers": lambda id_: {"properties": [{**of_cohort(int(id_)), "value": [int(id_)]}]},
    "nested group": lambda id_: {
        "propertyGroup": {
            "type": "OR",
            "groups": [{"filters": [PRO]}, {"groups": [{"filters": [of_cohort(id_)]}]}],
        }
    },
    "filter of a series": lambda id_: {"events": [{"event": "pay", "properties": [of_cohort(id_)]}]},
    "breakdown": lambda id_: {"breakdown": ["all", id_], "breakdownType": "COHORT"},
    "breakdown by one key": lambda id_: {"breakdown": id_, "breakdownType": "COHORT"},
    "breakdowns": lambda id_: {"breakdowns": [{"property": id_, "type": "COHORT"}]},
}


@pytest.mark.parametrize("query_of", QUERIES.values(), ids=QUERIES)
async def test_cohort_that_an_insight_uses_is_not_deleted(shop: Shop, query_of: QueryOf) -> None:
    cohort = await new_cohort(shop)
    insight = await create(shop, "insight", query={"events": EVENTS, **query_of(cohort)})
    message = await refusal(shop, "cohort", cohort)
    assert message == f"The cohort is used by insight 'the insight' ({insight})."
    changed = {"projectId": shop.id, "id": insight, "query": {"events": EVENTS}}
    assert (await shop.ask(UPDATE["insight"], input=changed)).data
    assert await is_deleted(shop, "cohort", cohort)


async def test_cohort_that_test_account_filters_use_is_not_deleted(shop: Shop) -> None:
    cohort = await new_cohort(shop)
    assert (await shop.ask(SET_FILTERS, filters=[of_cohort(cohort)])).data
    assert await refusal(shop, "cohort", cohort) == "The cohort is used by the project's testAccountFilters."
    filtered = {"events": EVENTS, "filterTestAccounts": True}
    assert (await shop.ask(TREND, query=filtered)).data["project"]["trend"]["series"] == [{"count": 0}]
    assert (await shop.ask(SET_FILTERS, filters=[])).data
    assert await is_deleted(shop, "cohort", cohort)


async def test_cohort_that_an_action_uses_is_not_deleted(shop: Shop) -> None:
    cohort = await new_cohort(shop)
    action = await create(
        shop, "action", steps=[{"event": "a"}, {"event": "b", "properties": [of_cohort(cohort)]}]
    )
    assert await refusal(shop, "cohort", cohort) == f"The cohort is used by action 'the action' ({action})."
    assert await is_deleted(shop, "action", action)
    assert await is_deleted(shop, "cohort", cohort)


async def test_cohort_that_another_cohort_uses_is_not_deleted(shop: Shop) -> None:
    cohort = await new_cohort(shop)
    user = await create(shop, "cohort", name="user", filters=[{"properties": [PRO, of_cohort(cohort)]}])
    assert await refusal(shop, "cohort", cohort) == f"The cohort is used by cohort 'user' ({user})."
    assert await is_deleted(shop, "cohort", user)
    assert await is_deleted(shop, "cohort", cohort)


async def test_every_use_is_named(shop: Shop) -> None:
    cohort = await new_cohort(shop)
    insight = await create(shop, "insight", query={"events": EVENTS, "properties": [of_cohort(cohort)]})
    assert (await shop.ask(SET_FILTERS, filters=[of_cohort(cohort)])).data
    assert await refusal(shop, "cohort", cohort) == (
        f"The cohort is used by the project's testAccountFilters, insight 'the insight' ({insight})."
    )


Use = Callable[[Shop, str], Awaitable[tuple[str, str]]]


async def _as_series(shop: Shop, action: str) -> tuple[str, str]:
    return "insight", await create(shop, "insight", query={"events": EVENTS, "actions": [{"actionId": action}]})


async def _as_behavior(shop: Shop, action: str) -> tuple[str, str]:
    behavior = {"kind": "PERFORMED_EVENT", "actionId": action, "timeValue": 7, "timeInterval": "DAY"}
    return "cohort", await create(shop, "cohort", filters=[{"behaviors": [behavior]}])


async def _as_end_of_a_sequence(shop: Shop, action: str) -> tuple[str, str]:
    window = {"timeValue": 7, "timeInterval": "DAY", "seqTimeValue": 1, "seqTimeInterval": "DAY"}
    behavior = {"kind": "PERFORMED_EVENT_SEQUENCE", "event": "a", "seqActionId": action, **window}
    return "cohort", await create(shop, "cohort", filters=[{"behaviors": [behavior]}])


@pytest.mark.parametrize("use", [_as_series, _as_behavior, _as_end_of_a_sequence])
async def test_action_in_use_is_not_deleted(shop: Shop, use: Use) -> None:
    action = await create(shop, "action", steps=[{"event": "a"}])
    kind, user = await use(shop, action)
    assert await refusal(shop, "action", action) == f"The action is used by {kind} 'the {kind}' ({user})."
    assert await is_deleted(shop, kind, user)
    assert await is_deleted(shop, "action", action)


async def test_uses_of_others_are_no_uses(shop: Shop) -> None:
    cohort, other = await new_cohort(shop), await new_cohort(shop)
    action = await create(shop, "action", steps=[{"event": "a", "properties": [{"key": "x", "value": cohort}]}])
    query = {"events": [{"event": cohort}], "properties": [of_cohort(other)], "breakdown": cohort}
    await create(shop, "insight", query=query)
    assert await is_deleted(shop, "cohort", cohort)
    assert await is_deleted(shop, "action", action)
