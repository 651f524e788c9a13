"""Export links: what they return, to whom, and for how long."""

import base64
import csv
import io
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import update

from asgi.app import create_app
from datasource.metadata.keys import get_key, replace_key, revoke_key
from datasource.metadata.models import ApiKey
from permissions.api_keys import mask_key
from resolvers.trends.breakdowns import NO_VALUE, OTHER_VALUES
from settings import Settings
from tests.asgi.rest.trends import add_events
from tests.support.gateway import NOW
from tests.support.seeds.organization import Organization, Person

LINKS = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
    exports { csv arrow parquet } csv
    series { label order data days labels aggregatedValue breakdownValue compareLabel }
} } }"""
SIGN_UPS: dict[str, Any] = {"events": [{"event": "sign up"}], "dateFrom": "2020-01-13", "dateTo": "2020-01-14"}


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass(frozen=True)
class ExportClient:
    """A member's client of a gateway whose clock can be set."""

    http: httpx2.AsyncClient
    clock: Clock
    person: Person

    async def trend(self, query: dict[str, Any]) -> Any:
        body = {"query": LINKS, "variables": {"project": str(self.person.project.id), "query": query}}
        headers = {"authorization": f"Bearer {self.person.key}"}
        answer = (await self.http.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["project"]["trend"]

    async def open(self, link: str) -> httpx2.Response:
        """Open the link without headers, as a browser does."""
        return await self.http.get(link)

    async def table(self, query: dict[str, Any], form: str = "arrow") -> tuple[Any, pa.Table]:
        """Return the trend, and its exported table."""
        trend = await self.trend(query)
        response = await self.open(trend["exports"][form])
        assert response.status_code == 200, response.text
        if form == "parquet":
            return trend, pq.read_table(io.BytesIO(response.content))
        return trend, pa.ipc.open_stream(response.content).read_all()


@asynccontextmanager
async def open_client(person: Person, **settings: Any) -> AsyncIterator[ExportClient]:
    clock = Clock()
    configured = person.gateway.settings.model_copy(update=settings)
    app = create_app(configured, stores=person.gateway.stores, clock=clock)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as http:
        yield ExportClient(http, clock, person)


@pytest.fixture
async def client(org: Organization) -> AsyncIterator[ExportClient]:
    await add_events(org.gateway, org.project.id)
    async with open_client(org.creator) as client:
        yield client


async def test_csv_is_the_value_of_the_field(client: ExportClient) -> None:
    trend = await client.trend({**SIGN_UPS, "breakdown": ["plan"]})
    response = await client.open(trend["exports"]["csv"])
    assert response.status_code == 200
    assert response.text == trend["csv"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    name = f'attachment; filename="trend-{client.person.project.id}-2020-01-15.csv"'
    assert response.headers["content-disposition"] == name
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("form", ["arrow", "parquet"])
@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"breakdown": ["plan", "price"]},
        {"compare": True, "compareTo": "-1d"},
        {"events": [{"event": "sign up"}, {"event": "pay"}], "formula": "A / B"},
        {"events": [{"event": "sign up"}, {"event": "pay"}], "interval": "MONTH"},
    ],
)
async def test_table_has_the_values_of_the_series(client: ExportClient, form: str, parts: dict[str, Any]) -> None:
    trend, table = await client.table({**SIGN_UPS, **parts}, form)
    rows = table.to_pylist()
    expected = [
        (series["order"], series["label"], day, label, value, *(series["breakdownValue"] or ()))
        for series in trend["series"]
        for day, label, value in zip(series["days"], series["labels"], series["data"], strict=True)
    ]
    keys = [name for name in table.column_names if name.startswith("breakdown_")]
    found = [
        (
            *(row["series"], row["label"], str(row["start"]), row["bucket"], row["value"]),
            *(NO_VALUE if row[key] is None else row[key] for key in keys),
        )
        for row in rows
    ]
    assert found == expected
    assert not any(NO_VALUE in table.column(key).to_pylist() for key in keys)
    assert {row["period"] for row in rows} == {
        series["compareLabel"] and series["compareLabel"].lower() for series in trend["series"]
    }


async def test_columns_are_typed(client: ExportClient) -> None:
    _, days = await client.table({**SIGN_UPS, "breakdown": ["plan"]})
    assert days.schema.field("start").type == pa.date32()
    assert days.schema.field("value").type == pa.float64()
    assert days.schema.field("breakdown_1").metadata == {b"property": b"plan"}
    assert days.schema.metadata == {b"timezone": b"America/New_York", b"interval": b"DAY"}
    assert days.column("start").to_pylist()[0] == date(2020, 1, 13)
    _, hours = await client.table({**SIGN_UPS, "interval": "HOUR"})
    assert hours.schema.field("start").type == pa.timestamp("s", tz="America/New_York")
    [event] = [row["start"] for row in hours.to_pylist() if row["value"] and row["start"].day == 13]
    assert event == datetime(2020, 1, 13, 7, tzinfo=ZoneInfo("America/New_York"))


async def test_hours_of_a_clock_change_are_distinct(client: ExportClient) -> None:
    hours = {**SIGN_UPS, "interval": "HOUR", "dateFrom": "2020-11-01", "dateTo": "2020-11-01T05:00:00"}
    _, table = await client.table(hours)
    starts = [start.astimezone(UTC) for start in table.column("start").to_pylist()]
    assert {later - earlier for earlier, later in zip(starts, starts[1:], strict=False)} == {timedelta(hours=1)}  # noqa: RUF007 - as it reads
    assert len(starts) == 7


async def test_total_has_one_row_without_a_bucket(client: ExportClient) -> None:
    _, table = await client.table({**SIGN_UPS, "display": "BOLD_NUMBER"}, "parquet")
    assert table.to_pylist() == [
        {"series": 0, "label": "sign up", "custom_name": None, "period": None, "value": 3.0}
    ]


async def test_trend_without_series_is_an_empty_table(client: ExportClient) -> None:
    for form in ("arrow", "parquet"):
        _, table = await client.table({**SIGN_UPS, "events": [{"event": "no such"}], "breakdown": ["plan"]}, form)
        assert (table.num_rows, "breakdown_1" in table.column_names) == (0, True)


async def test_export_respects_the_breakdown_limit(client: ExportClient) -> None:
    query = {**SIGN_UPS, "events": [{"event": None}], "breakdown": ["plan"], "breakdownLimit": 1}
    _, table = await client.table(query)
    assert set(table.column("label").to_pylist()) == {"pro", OTHER_VALUES}


async def test_export_uses_the_time_of_the_link(client: ExportClient) -> None:
    client.clock.now = datetime(2020, 1, 15, 4, 55, tzinfo=UTC)  # five minutes to midnight in New York
    trend = await client.trend({"events": [{"event": "sign up"}], "dateFrom": "-1d"})
    client.clock.now += timedelta(minutes=9)
    response = await client.open(trend["exports"]["csv"])
    assert response.text == trend["csv"]


async def test_head_returns_headers_without_a_body(client: ExportClient) -> None:
    trend = await client.trend(SIGN_UPS)
    for form in ("csv", "arrow", "parquet"):
        full = await client.open(trend["exports"][form])
        head = await client.http.head(trend["exports"][form])
        assert (head.status_code, head.content) == (200, b"")
        assert "content-length" not in head.headers
        for name in ("content-type", "content-disposition", "cache-control"):
            assert head.headers[name] == full.headers[name]


async def test_link_expires_after_ten_minutes(client: ExportClient) -> None:
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    client.clock.now += timedelta(minutes=9, seconds=59)
    assert (await client.open(link)).status_code == 200
    client.clock.now += timedelta(seconds=1)
    response = await client.open(link)
    assert (response.status_code, response.json()["detail"]) == (410, "The link has expired.")
    assert response.headers["cache-control"] == "no-store"


async def test_link_with_any_change_is_rejected(client: ExportClient) -> None:
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    start = len("/exports/")
    places = [*range(start, len(link), 7), len(link) - 2]
    changed = [f"{link[:at]}{'A' if link[at] != 'A' else 'B'}{link[at + 1 :]}" for at in places]
    changed += [
        link[:-1],
        f"{link}A",
        f"{link}=",
        f"{link}.x",
        "/exports/é.é",
        "/exports/x",
    ]
    for each in changed:
        response = await client.open(each)
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), each


async def test_link_does_not_show_the_query(client: ExportClient) -> None:
    secret = "ada@example.com"
    query = {**SIGN_UPS, "properties": [{"key": "email", "value": secret}]}
    token = (await client.trend(query))["exports"]["csv"].removeprefix("/exports/")
    content = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for start in range(len(content)):
        with suppress(zlib.error):
            content += zlib.decompress(content[start:])
    assert secret.encode() not in content


async def test_csv_of_a_link_is_safe_unless_the_client_says_otherwise(client: ExportClient) -> None:
    formula = '=HYPERLINK("http://example.com")'
    document = """query($project: ID!, $query: TrendQueryInput!) { project(id: $project) { trend(query: $query) {
        csv safe: csv(safe: true) exports { safe: csv exact: csv(safe: false) } } } }"""
    query = {**SIGN_UPS, "events": [{"event": "sign up", "customName": formula}]}
    trend = (await client.person.ask(document, query=query)).data["project"]["trend"]
    documents = {name: (await client.open(link)).text for name, link in trend["exports"].items()}
    assert documents == {"safe": trend["safe"], "exact": trend["csv"]}
    rows = [list(csv.reader(io.StringIO(trend[name])))[1] for name in ("csv", "safe")]
    assert [row[1] for row in rows] == [formula, f"'{formula}"]


async def test_link_of_a_revoked_key_is_rejected(client: ExportClient) -> None:
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    await revoke_key(client.person.gateway.stores.metadata, mask_key(client.person.key))
    response = await client.open(link)
    assert (response.status_code, "revoked" in response.json()["detail"]) == (401, True)


async def test_link_of_a_replaced_key_is_rejected(client: ExportClient) -> None:
    store = client.person.gateway.stores.metadata
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    key = await get_key(store, mask_key(client.person.key))
    client.clock.now += timedelta(minutes=1)
    await replace_key(store, key.id, secure_value="sha256$new", mask="phx_...new0", now=client.clock.now)
    response = await client.open(link)
    assert (response.status_code, response.json()["detail"]) == (401, "The API key of this link was replaced.")


async def test_link_made_with_an_old_value_ends_with_it(client: ExportClient) -> None:
    store, clock = client.person.gateway.stores.metadata, client.clock
    key = await get_key(store, mask_key(client.person.key))
    end = clock.now + timedelta(minutes=3)
    await replace_key(
        store, key.id, secure_value=f"sha256${key.id}", mask="phx_...new1", old_value_until=end, now=clock.now
    )
    clock.now += timedelta(minutes=1)
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    clock.now = end - timedelta(seconds=1)
    assert (await client.open(link)).status_code == 200
    clock.now = end
    assert (await client.open(link)).status_code == 410


async def test_link_fails_without_the_scope(client: ExportClient) -> None:
    store = client.person.gateway.stores.metadata
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    key = await get_key(store, mask_key(client.person.key))
    async with store.write() as session:
        await session.execute(update(ApiKey).where(ApiKey.id == key.id).values(scopes=["project:read"]))
    response = await client.open(link)
    assert (response.status_code, response.json()["extensions"]["missingScope"]) == (403, "insight:read")


async def test_link_fails_without_access(client: ExportClient, org: Organization) -> None:
    link = (await client.trend(SIGN_UPS))["exports"]["csv"]
    await org.give("none", "insight", to=org.creator)
    assert (await client.open(link)).status_code == 403
    await org.give(None, "insight", to=org.creator)
    assert (await client.open(link)).status_code == 200
    await org.give("none", "project", to=org.creator)
    assert (await client.open(link)).status_code == 403


async def test_link_fails_without_access_to_an_action(client: ExportClient, org: Organization) -> None:
    action = await org.action("Views", by=org.admin)
    link = (await client.trend({"actions": [{"actionId": action}]}))["exports"]["csv"]
    assert (await client.open(link)).status_code == 200
    await org.give("none", "action", on=action, to=org.creator)
    assert (await client.open(link)).status_code == 403


async def test_link_of_an_insight_needs_access_to_the_insight(org: Organization) -> None:
    insight = await org.insight("Sign ups", by=org.admin)
    reader = await org.person("reader")
    await org.give("none", "insight", to=reader)
    await org.give("viewer", "insight", on=insight, to=reader)
    document = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) {
        trend(dateFrom: "2020-01-14") { exports { csv } csv } } } }"""
    trend = (await reader.ask(document, id=insight)).data["project"]["insight"]["trend"]
    response = await org.gateway.client.get(trend["exports"]["csv"])
    assert (response.status_code, response.text) == (200, trend["csv"])
    await org.give("none", "insight", on=insight, to=reader)
    assert (await org.gateway.client.get(trend["exports"]["csv"])).status_code == 403


async def test_query_that_is_too_long_for_a_link_is_rejected(client: ExportClient) -> None:
    values = [f"{n * 7919 % 100_003:x}{n:x}" for n in range(4000)]
    answer = await client.person.ask(LINKS, query={**SIGN_UPS, "properties": [{"key": "plan", "value": values}]})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert "too long" in answer.error["message"]


async def test_links_work_on_gateways_with_the_same_secret(org: Organization) -> None:
    secret = Settings(secret_key="s" * 32).secret_key
    other = Settings(secret_key="o" * 32).secret_key
    async with open_client(org.creator, secret_key=secret) as one:
        link = (await one.trend(SIGN_UPS))["exports"]["csv"]
    async with open_client(org.creator, secret_key=secret) as two:
        assert (await two.open(link)).status_code == 200
    async with open_client(org.creator, secret_key=other) as three:
        assert (await three.open(link)).status_code == 403


async def test_limits_apply_to_links(client: ExportClient) -> None:
    trend = await client.trend({**SIGN_UPS, "breakdown": ["plan"]})
    async with open_client(client.person, query_max_rows=1) as small:
        response = await small.open(trend["exports"]["csv"])
    assert (response.status_code, "SELECT" in response.text) == (422, False)
