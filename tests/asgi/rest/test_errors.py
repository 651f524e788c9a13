"""Errors of REST: statuses, and the names of the parameters."""

import asyncio
from typing import Any

import pytest

from asgi.rest.errors import STATUSES
from errors import ErrorCode
from tests.asgi.rest.trends import DATES, RestClient
from tests.support.gateway import Gateway, open_gateway
from tests.support.seeds.organization import Organization

SIGN_UP = [{"id": "sign up"}]
FILTER = {"key": "plan", "operator": "gt"}


def test_every_code_has_a_status() -> None:
    assert set(STATUSES) == {code for code in ErrorCode if not code.startswith("PERSISTED_QUERY")}


@pytest.mark.parametrize(
    ("parameters", "attr"),
    [
        ({}, "events"),
        ({"events": []}, "events"),
        ({"events": "["}, "events"),
        ({"events": {"id": "a"}}, "events"),
        ({"events": ["a"]}, "events[0]"),
        ({"events": [{"name": "a"}]}, "events[0].id"),
        ({"events": [{"id": ""}]}, "events[0].id"),
        ({"events": [{"id": 5}]}, "events[0].id"),
        ({"events": [{"id": "a", "mathh": "dau"}]}, "events[0].mathh"),
        ({"events": [{"id": "a", "math": "daau"}]}, "events[0].math"),
        ({"events": [{"id": "a", "math": "hogql", "math_hogql": "("}]}, "events[0].math_hogql"),
        ({"events": [{"id": "a", "math": "sum"}]}, "events[0].math_property"),
        ({"events": [{"id": "a", "type": "actions"}]}, "events[0].type"),
        ({"events": [{"id": "a"}, {"id": "b", "properties": [FILTER]}]}, "events[1].properties[0].value"),
        ({"actions": [{"id": None}]}, "actions[0].id"),
        ({"actions": [{"id": "x"}]}, "actions[0].id"),
        ({"actions": [{"id": 4711}]}, "actions[0].id"),
        ({"properties": [FILTER]}, "properties[0].value"),
        ({"properties": [{"key": "plan", "value": "(", "operator": "regex"}]}, "properties[0].value"),
        ({"properties": {"type": "OR", "values": [FILTER]}}, "properties.values[0].value"),
        (
            {"properties": [{"key": "a", "value": 1}, {"type": "OR", "values": [FILTER]}]},
            "properties[1].values[0].value",
        ),
        ({"properties": {"plan__gt": None}}, "properties.plan__gt.value"),
        ({"properties": [{"key": "a", "value": {}}]}, "properties[0].value"),
        ({"properties": [{"type": [], "value": 1}]}, "properties[0].type"),
        ({"properties": [{"key": "a", "value": 1, "operator": "like"}]}, "properties[0].operator"),
        ({"properties": [{"type": "cohort", "value": 4711}]}, "properties[0].value"),
        ({"date_from": "soon"}, "date_from"),
        ({"date_to": "2020-01-13", "date_from": "2020-01-14"}, "date_to"),
        ({"compare": True, "compare_to": "x"}, "compare_to"),
        ({"compare": "maybe"}, "compare"),
        ({"interval": "fortnight"}, "interval"),
        ({"display": "Funnel"}, "display"),
        ({"insight": "FUNNELS"}, "insight"),
        ({"breakdown": "a", "breakdown_type": "table"}, "breakdown_type"),
        ({"breakdown": ["a", "b", "c", "d"]}, "breakdown"),
        ({"breakdown": ["all", "x"], "breakdown_type": "cohort"}, "breakdown[1]"),
        ({"breakdown": "x", "breakdown_type": "cohort"}, "breakdown"),
        ({"breakdown": "(", "breakdown_type": "hogql"}, "breakdown"),
        ({"breakdown_limit": 0}, "breakdown_limit"),
        ({"breakdown_histogram_bin_count": 3}, "breakdown_histogram_bin_count"),
        ({"breakdowns": [{"property": "a"}] * 4}, "breakdowns"),
        ({"breakdowns": [{"property": "a", "group_type_index": 1}]}, "breakdowns[0].group_type_index"),
        ({"formula": "A +"}, "formula"),
        ({"formulas": ["A", "B"]}, "formulas[1]"),
        ({"smoothing_intervals": 0}, "smoothing_intervals"),
        ({"sampling_factor": "a half"}, "sampling_factor"),
        ({"sampling_factor": 2}, "sampling_factor"),
        ({"dateFrom": "-7d"}, "dateFrom"),
        ({"offset": 25}, "offset"),
        ({"data_warehouse": [{"id": "a"}]}, "data_warehouse"),
    ],
)
async def test_invalid_input_is_rejected_with_its_parameter(
    client: RestClient, parameters: dict[str, Any], attr: str
) -> None:
    sent = parameters if "actions" in parameters or attr == "events" else {"events": SIGN_UP, **parameters}
    response = await client.post({**DATES, **sent})
    error = response.json()
    assert (response.status_code, error["type"], error["code"]) == (400, "validation_error", "invalid_input")
    assert error["attr"] == attr
    assert error["detail"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "SELECT" not in response.text
    got = await client.get(**{**DATES, **sent})
    assert (got.status_code, got.json()["attr"]) == (400, attr)


async def test_errors_name_the_parameters(client: RestClient) -> None:
    value = (await client.get(events=SIGN_UP, properties=[FILTER])).json()
    assert value["hint"] == "Only is_set and is_not_set go without a value."
    action = (await client.get(actions=[{"id": 4711}])).json()
    assert action["hint"] == "GraphQL's field Project.actions lists the actions you can use."
    limit = (await client.get(events=SIGN_UP, breakdown_limit=5000)).json()
    assert limit["detail"] == "breakdown_limit must be between 1 and 1000, not 5000."
    dates = (await client.get(events=SIGN_UP, date_from="2020-01-14", date_to="2020-01-13")).json()
    assert dates["hint"] == "date_from must not be after date_to, which defaults to now."
    name = (await client.get(events=SIGN_UP, brekdown="a")).json()
    assert name["hint"].startswith("Did you mean breakdown? ")


async def test_parameter_that_is_given_twice_is_rejected(client: RestClient) -> None:
    response = await client.post({"events": SIGN_UP, "interval": "day"}, interval="week")
    assert (response.status_code, response.json()["attr"]) == (400, "interval")


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b'{"events": NaN}', b'{"a": "\\ud800"}', b"[" * 100_000])
async def test_body_that_is_not_a_json_object_is_rejected(client: RestClient, body: bytes) -> None:
    headers = {**client.headers, "content-type": "application/json"}
    response = await client.gateway.client.post(client.path, content=body, headers=headers)
    assert (response.status_code, response.json()["type"]) == (400, "validation_error")


async def test_endlessly_nested_groups_are_rejected(client: RestClient) -> None:
    group: dict[str, Any] = {"type": "AND", "values": []}
    for _ in range(200):
        group = {"type": "AND", "values": [group]}
    response = await client.post({"events": SIGN_UP, "properties": group})
    assert (response.status_code, "nested deeper" in response.text) == (400, True)


async def test_body_of_another_media_type_is_rejected(client: RestClient) -> None:
    headers = {**client.headers, "content-type": "application/x-www-form-urlencoded"}
    response = await client.gateway.client.post(client.path, content=b"events=[]", headers=headers)
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


async def test_unknown_format_is_not_acceptable(client: RestClient) -> None:
    response = await client.get(events=SIGN_UP, format="xml")
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")


async def test_other_methods_are_rejected_with_the_allowed_ones(client: RestClient) -> None:
    response = await client.gateway.client.put(client.path, headers=client.headers)
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(response.headers["allow"].split(", "))


async def test_unknown_url_has_the_error_shape_of_rest(client: RestClient) -> None:
    response = await client.gateway.client.get("/api/insights/", headers=client.headers)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_request_id_comes_back(client: RestClient) -> None:
    headers = {**client.headers, "x-request-id": "mine"}
    response = await client.gateway.client.get(client.path, headers=headers)
    assert response.headers["x-request-id"] == "mine"


async def test_without_a_key_the_error_names_the_scheme(client: RestClient) -> None:
    response = await RestClient(client.gateway, client.project_id, None).get(events=SIGN_UP)
    assert (response.status_code, response.headers["www-authenticate"]) == (401, "Bearer")
    assert (response.json()["type"], response.json()["code"]) == ("authentication_error", "not_authenticated")
    unknown = await RestClient(client.gateway, client.project_id, "phx_unknown").get(events=SIGN_UP)
    assert (unknown.status_code, unknown.json()["code"]) == (401, "authentication_failed")


async def test_keys_in_urls_and_bodies_are_rejected(client: RestClient) -> None:
    assert client.key is not None
    without_key = RestClient(client.gateway, client.project_id, None)
    for response in (
        await client.get(events=SIGN_UP, personal_api_key=client.key),
        await client.post({"events": SIGN_UP, "personal_api_key": client.key}),
    ):
        assert response.status_code == 400
        assert "API key" in response.json()["detail"]
        assert "Bearer" in response.json()["hint"]
        assert client.key not in response.text
    assert (await without_key.post({"events": SIGN_UP, "api_key": client.key})).status_code == 401


async def test_missing_scope_is_named(gateway: Gateway, client: RestClient) -> None:
    project = await gateway.project("rest")
    narrow = RestClient(gateway, client.project_id, await gateway.key("project:read", project=project))
    response = await narrow.get(events=SIGN_UP)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert response.json()["extensions"]["missingScope"] == "insight:read"


@pytest.mark.parametrize("project_id", ["0", "4711", "x", "999999999999999999"])
async def test_inaccessible_project_is_not_found(client: RestClient, project_id: str) -> None:
    response = await RestClient(client.gateway, project_id, client.key).get(events=SIGN_UP)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert response.json()["hint"] == "GET /api/projects/ lists the projects you can use."


async def test_access_controls_hold(org: Organization) -> None:
    action, cohort = await org.action("Secret"), await org.cohort("Secret people", distinct_ids=("a",))
    reader = await org.person("reader")
    rest = RestClient(org.gateway, org.id, reader.key)
    mentions: list[tuple[dict[str, Any], str]] = [
        ({"actions": [{"id": action}]}, "actions[0].id"),
        ({"events": SIGN_UP, "properties": [{"type": "cohort", "value": int(cohort)}]}, "properties[0].value"),
        ({"events": SIGN_UP, "breakdown": [int(cohort)], "breakdown_type": "cohort"}, "breakdown[0]"),
    ]
    await org.give("none", "action", on=action, to=reader)
    await org.give("none", "cohort", on=cohort, to=reader)
    for parameters, attr in mentions:
        response = await rest.get(**parameters)
        assert (response.status_code, response.json()["attr"]) == (403, attr)
        assert "Secret" not in response.text
    await org.give("none", "insight", to=reader)
    response = await rest.get(events=SIGN_UP)
    assert (response.status_code, response.json()["extensions"]["missingLevel"]) == (403, "VIEWER")


async def test_limits_of_a_request_hold(client: RestClient) -> None:
    limits = {"max_request_bytes": 2000, "max_variable_objects": 20, "max_filters": 3, "query_max_rows": 1}
    settings = client.gateway.settings.model_copy(update=limits)
    async with open_gateway(client.gateway.stores, settings) as small:
        rest = RestClient(small, client.project_id, client.key)
        large = await rest.post({"events": SIGN_UP, "date_from": "x" * 3000})
        objects = await rest.post({"events": [{"id": "a"}] * 21})
        filters = await rest.get(events=SIGN_UP, properties=[{"key": "a", "value": 1}] * 4)
        rows = await rest.get(events=SIGN_UP, properties=[{"key": "price", "value": 4}], **DATES)
    assert (large.status_code, large.json()["code"]) == (413, "request_too_large")
    assert (objects.status_code, "21 objects" in objects.text or "22 objects" in objects.text) == (400, True)
    assert (filters.status_code, "4 property filters" in filters.text) == (400, True)
    assert (rows.status_code, rows.json()["extensions"]["code"]) == (422, "QUERY_TOO_EXPENSIVE")
    assert "SELECT" not in rows.text


async def test_failure_is_masked_in_the_shape_of_rest(client: RestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr("asgi.rest.trend.resolve_trend", fail)
    response = await client.get(events=SIGN_UP)
    assert (response.status_code, response.json()["type"]) == (500, "server_error")
    assert response.json()["extensions"]["errorId"]
    assert "secret" not in response.text


async def test_concurrent_requests_do_not_disturb_each_other(client: RestClient) -> None:
    answers = await asyncio.gather(*(client.rows(events=[{"id": name}]) for name in ("sign up", "pay") * 4))
    assert [rows[0]["count"] for rows in answers] == [3, 1] * 4
