"""Front ends spell our names in errors, and never the values of a client, also where those look like our names."""

from collections.abc import Mapping

import pytest

from datasource.metadata.cohorts import StoredMembership, create_cohort
from tests.asgi.rest.trends import RestClient
from tests.support.gateway import NOW, Gateway

TREND = "query($id: ID!, $query: TrendQueryInput!) { project(id: $id) { trend(query: $query) { days } } }"
LOOK_ALIKES = ("MY_DATE", "dateFrom", "query.events", "IS_NOT_SET", "Project.actions", "{date_from}")


@pytest.fixture
async def client(gateway: Gateway) -> RestClient:
    project = await gateway.project("spelled")
    return RestClient(gateway, str(project.id), await gateway.key("insight:read", project=project))


async def _graphql_error(client: RestClient, query: Mapping[str, object]) -> tuple[str, str, list[object]]:
    key = await client.gateway.key("*", project=await client.gateway.project("spelled"))
    answer = await client.gateway.ask(TREND, {"id": client.project_id, "query": dict(query)}, key=key)
    return answer.error["message"], answer.extensions["hint"], answer.extensions["path"]


async def test_dates_are_named_as_each_front_end_does(client: RestClient) -> None:
    dates = {"date_from": "2020-01-14", "date_to": "2020-01-13"}
    rest = (await client.get(events=[{"id": "a"}], **dates)).json()
    assert rest["hint"] == "date_from must not be after date_to, which defaults to now."
    assert (rest["attr"], rest["extensions"]["path"]) == ("date_to", ["date_to"])
    query = {"events": [{"event": "a"}], "dateFrom": "2020-01-14", "dateTo": "2020-01-13"}
    _, hint, path = await _graphql_error(client, query)
    assert hint == "dateFrom must not be after dateTo, which defaults to now."
    assert path == ["query", "dateTo"]


async def test_operators_are_named_as_each_front_end_does(client: RestClient) -> None:
    filter_ = {"key": "IS_NOT_SET", "operator": "in", "value": "groupTypeIndex"}
    rest = (await client.get(events=[{"id": "a", "properties": [filter_]}])).json()
    assert (rest["detail"], rest["hint"]) == ("in and not_in need a list of values.", "For one value use exact.")
    assert rest["attr"] == "events[0].properties[0].value"
    query = {"events": [{"event": "a", "properties": [{**filter_, "operator": "IN"}]}]}
    message, hint, path = await _graphql_error(client, query)
    assert (message, hint) == ("IN and NOT_IN need a list of values.", "For one value use EXACT.")
    assert path == ["query", "events", 0, "properties", 0, "value"]


@pytest.mark.parametrize("date", LOOK_ALIKES)
async def test_dates_that_look_like_our_names_stay_as_they_are(client: RestClient, date: str) -> None:
    rest = (await client.get(events=[{"id": "a"}], date_from=date)).json()
    assert rest["detail"] == f"{date!r} is not a date."
    message, _, _ = await _graphql_error(client, {"events": [{"event": "a"}], "dateFrom": date})
    assert message == f"{date!r} is not a date."


@pytest.mark.parametrize("key", ["dateOfBirth", "mathProperty", "MY_KEY", "breakdownLimit"])
async def test_property_keys_in_hogql_stay_as_they_are(client: RestClient, key: str) -> None:
    expression = f"properties.{key}"
    message = f"Line 1, column 1: `{expression}` must be inside an aggregate function."
    hint = f"For example avg({expression}), max({expression}) or any({expression})."
    rest = (await client.get(events=[{"id": "a", "math": "hogql", "math_hogql": expression}])).json()
    assert (rest["detail"], rest["hint"]) == (message, hint)
    assert rest["attr"] == "events[0].math_hogql"
    query = {"events": [{"event": "a", "math": "HOGQL", "mathExpression": expression}]}
    assert await _graphql_error(client, query) == (message, hint, ["query", "events", 0, "mathExpression"])


async def test_names_of_cohorts_stay_as_they_are(client: RestClient) -> None:
    cohort = await create_cohort(
        client.gateway.stores.metadata,
        project_id=int(client.project_id),
        name="GOLD_MEMBERS dateFrom",
        description="",
        membership=StoredMembership(is_static=False),
        now=NOW,
        created_by=None,
    )
    filter_ = {"type": "cohort", "key": "id", "value": cohort.id}
    rest = (await client.get(events=[{"id": "a", "properties": [filter_]}])).json()
    assert "'GOLD_MEMBERS dateFrom'" in rest["detail"]
    query = {"events": [{"event": "a", "properties": [{**filter_, "type": "COHORT", "operator": "IN"}]}]}
    assert "'GOLD_MEMBERS dateFrom'" in (await _graphql_error(client, query))[0]
