"""Links to exports: what they answer, to whom, for how long."""

import base64
import io
import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from resolvers.trends.breakdowns import NO_VALUE
from settings import Settings
from tests.asgi.rest.trends import add_events
from tests.support.gateway import NOW
from tests.support.seeds.access_over_http import Person, World

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
class Desk:
    """A gateway whose clock can be set, and somebody who asks it."""

    client: httpx2.AsyncClient
    clock: Clock
    person: Person

    async def trend(self, query: dict[str, Any]) -> Any:
        body = {"query": LINKS, "variables": {"project": str(self.person.project.id), "query": query}}
        headers = {"authorization": f"Bearer {self.person.key}"}
        answer = (await self.client.post("/graphql", json=body, headers=headers)).json()
        assert "errors" not in answer, answer["errors"]
        return answer["data"]["project"]["trend"]

    async def open(self, link: str) -> httpx2.Response:
        """Without any header, as a browser opens it."""
        return await self.client.get(link)

    async def table(self, query: dict[str, Any], form: str = "arrow") -> tuple[Any, pa.Table]:
        """The trend, and its table."""
        trend = await self.trend(query)
        response = await self.open(trend["exports"][form])
        assert response.status_code == 200, response.text
        if form == "parquet":
            return trend, pq.read_table(io.BytesIO(response.content))
        return trend, pa.ipc.open_stream(response.content).read_all()


@asynccontextmanager
async def open_desk(person: Person, **settings: Any) -> AsyncIterator[Desk]:
    clock = Clock()
    configured = person.gateway.settings.model_copy(update=settings)
    app = create_app(configured, stores=person.gateway.stores, clock=clock)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://desk") as client:
        yield Desk(client, clock, person)


@pytest.fixture
async def desk(world: World) -> AsyncIterator[Desk]:
    await add_events(world.gateway, world.project.id)
    async with open_desk(world.creator) as desk:
        yield desk


async def test_csv_is_the_document_of_the_field(desk: Desk) -> None:
    trend = await desk.trend({**SIGN_UPS, "breakdown": ["plan"]})
    response = await desk.open(trend["exports"]["csv"])
    assert response.status_code == 200
    assert response.text == trend["csv"]
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    name = f'attachment; filename="trend-{desk.person.project.id}-2020-01-15.csv"'
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
async def test_table_has_the_figures_of_the_series(desk: Desk, form: str, parts: dict[str, Any]) -> None:
    trend, table = await desk.table({**SIGN_UPS, **parts}, form)
    rows = table.to_pylist()
    expected = [
        (series["order"], series["label"], day, label, figure, *(series["breakdownValue"] or ()))
        for series in trend["series"]
        for day, label, figure in zip(series["days"], series["labels"], series["data"], strict=True)
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


async def test_columns_are_typed(desk: Desk) -> None:
    _, days = await desk.table({**SIGN_UPS, "breakdown": ["plan"]})
    assert days.schema.field("start").type == pa.date32()
    assert days.schema.field("value").type == pa.float64()
    assert days.schema.field("breakdown_1").metadata == {b"property": b"plan"}
    assert days.schema.metadata == {b"timezone": b"America/New_York", b"interval": b"DAY"}
    assert days.column("start").to_pylist()[0] == date(2020, 1, 13)
    _, hours = await desk.table({**SIGN_UPS, "interval": "HOUR"})
    assert hours.schema.field("start").type == pa.timestamp("s", tz="America/New_York")
    [event] = [row["start"] for row in hours.to_pylist() if row["value"] and row["start"].day == 13]
    assert event == datetime(2020, 1, 13, 7, tzinfo=ZoneInfo("America/New_York"))


async def test_hour_of_a_clock_change_is_told_apart(desk: Desk) -> None:
    hours = {**SIGN_UPS, "interval": "HOUR", "dateFrom": "2020-11-01", "dateTo": "2020-11-01T05:00:00"}
    _, table = await desk.table(hours)
    starts = [start.astimezone(UTC) for start in table.column("start").to_pylist()]
    assert {later - earlier for earlier, later in zip(starts, starts[1:], strict=False)} == {timedelta(hours=1)}  # noqa: RUF007 - as it reads
    assert len(starts) == 7


async def test_total_has_one_row_without_a_bucket(desk: Desk) -> None:
    _, table = await desk.table({**SIGN_UPS, "display": "BOLD_NUMBER"}, "parquet")
    assert table.to_pylist() == [
        {"series": 0, "label": "sign up", "custom_name": None, "period": None, "value": 3.0}
    ]


async def test_trend_without_series_is_an_empty_table(desk: Desk) -> None:
    for form in ("arrow", "parquet"):
        _, table = await desk.table({**SIGN_UPS, "events": [{"event": "no such"}], "breakdown": ["plan"]}, form)
        assert (table.num_rows, "breakdown_1" in table.column_names) == (0, True)


async def test_values_that_the_trend_cuts_are_in_the_document(desk: Desk) -> None:
    query = {"events": [{"event": None}], "breakdown": ["plan"], "breakdownLimit": 1, **SIGN_UPS}
    trend, table = await desk.table({**query, "events": [{"event": None}]})
    assert len(trend["series"]) == 2
    assert set(table.column("label").to_pylist()) == {"pro", "free"}


async def test_document_is_that_of_the_moment_of_the_link(desk: Desk) -> None:
    desk.clock.now = datetime(2020, 1, 15, 4, 55, tzinfo=UTC)  # five minutes to midnight in New York
    trend = await desk.trend({"events": [{"event": "sign up"}], "dateFrom": "-1d"})
    desk.clock.now += timedelta(minutes=9)
    response = await desk.open(trend["exports"]["csv"])
    assert response.text == trend["csv"]


async def test_head_answers_headers_without_a_document(desk: Desk) -> None:
    trend = await desk.trend(SIGN_UPS)
    for form in ("csv", "arrow", "parquet"):
        full = await desk.open(trend["exports"][form])
        head = await desk.client.head(trend["exports"][form])
        assert (head.status_code, head.content) == (200, b"")
        assert "content-length" not in head.headers
        for name in ("content-type", "content-disposition", "cache-control"):
            assert head.headers[name] == full.headers[name]


async def test_link_expires_after_ten_minutes(desk: Desk) -> None:
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    desk.clock.now += timedelta(minutes=9, seconds=59)
    assert (await desk.open(link)).status_code == 200
    desk.clock.now += timedelta(seconds=1)
    response = await desk.open(link)
    assert (response.status_code, response.json()["detail"]) == (410, "The link has expired.")
    assert response.headers["cache-control"] == "no-store"


async def test_link_that_was_changed_anywhere_is_refused(desk: Desk) -> None:
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    start = len("/exports/")
    places = [*range(start, len(link), 7), len(link) - 2]
    changed = [f"{link[:at]}{'A' if link[at] != 'A' else 'B'}{link[at + 1 :]}" for at in places]
    body, _, signature = link.partition(".")
    changed += [
        body,
        f"{body}.",
        f"/exports/.{signature}",
        f"{link}A",
        f"{link}=",
        f"{link}.x",
        "/exports/é.é",
        "/exports/x",
    ]
    for each in changed:
        response = await desk.open(each)
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied"), each


async def test_contents_of_a_link_cannot_be_put_under_its_signature(desk: Desk) -> None:
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"].removeprefix("/exports/")
    body, _, signature = link.partition(".")
    content = json.loads(zlib.decompress(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))
    assert content["project"] == desk.person.project.id
    assert desk.person.key not in json.dumps(content)
    forged = zlib.compress(json.dumps({**content, "project": content["project"] + 1}).encode())
    response = await desk.open(f"/exports/{base64.urlsafe_b64encode(forged).rstrip(b'=').decode()}.{signature}")
    assert response.status_code == 403


async def test_link_of_a_revoked_key_is_refused(desk: Desk) -> None:
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    await revoke_key(desk.person.gateway.stores.metadata, mask_key(desk.person.key))
    response = await desk.open(link)
    assert (response.status_code, "revoked" in response.json()["detail"]) == (401, True)


async def test_link_of_a_key_that_was_rolled_is_refused(desk: Desk) -> None:
    store = desk.person.gateway.stores.metadata
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    key = await get_key(store, mask_key(desk.person.key))
    desk.clock.now += timedelta(minutes=1)
    await replace_key(store, key.id, secure_value="sha256$new", mask="phx_...new0", now=desk.clock.now)
    response = await desk.open(link)
    assert (response.status_code, response.json()["detail"]) == (401, "The API key of this link was replaced.")


async def test_scope_that_the_key_lost_closes_the_link(desk: Desk) -> None:
    store = desk.person.gateway.stores.metadata
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    key = await get_key(store, mask_key(desk.person.key))
    async with store.write() as session:
        await session.execute(update(ApiKey).where(ApiKey.id == key.id).values(scopes=["project:read"]))
    response = await desk.open(link)
    assert (response.status_code, response.json()["extensions"]["missingScope"]) == (403, "insight:read")


async def test_access_that_was_taken_away_closes_the_link(desk: Desk, world: World) -> None:
    link = (await desk.trend(SIGN_UPS))["exports"]["csv"]
    await world.give("none", "insight", to=world.creator)
    assert (await desk.open(link)).status_code == 403
    await world.give(None, "insight", to=world.creator)
    assert (await desk.open(link)).status_code == 200
    await world.give("none", "project", to=world.creator)
    assert (await desk.open(link)).status_code == 403


async def test_action_that_may_not_be_read_any_more_closes_the_link(desk: Desk, world: World) -> None:
    action = await world.action("Views", by=world.admin)
    link = (await desk.trend({"actions": [{"actionId": action}]}))["exports"]["csv"]
    assert (await desk.open(link)).status_code == 200
    await world.give("none", "action", on=action, to=world.creator)
    assert (await desk.open(link)).status_code == 403


async def test_link_of_an_insight_goes_by_the_insights_access(world: World) -> None:
    insight = await world.insight("Sign ups", by=world.admin)
    reader = await world.person("reader")
    await world.give("none", "insight", to=reader)
    await world.give("viewer", "insight", on=insight, to=reader)
    document = """query($project: ID!, $id: ID!) { project(id: $project) { insight(id: $id) {
        trend(dateFrom: "2020-01-14") { exports { csv } csv } } } }"""
    trend = (await reader.ask(document, id=insight)).data["project"]["insight"]["trend"]
    response = await world.gateway.client.get(trend["exports"]["csv"])
    assert (response.status_code, response.text) == (200, trend["csv"])
    await world.give("none", "insight", on=insight, to=reader)
    assert (await world.gateway.client.get(trend["exports"]["csv"])).status_code == 403


async def test_question_too_long_for_a_link_is_refused(desk: Desk) -> None:
    values = [f"{n * 7919 % 100_003:x}{n:x}" for n in range(4000)]
    answer = await desk.person.ask(LINKS, query={**SIGN_UPS, "properties": [{"key": "plan", "value": values}]})
    assert answer.extensions["code"] == "BAD_USER_INPUT"
    assert "too long" in answer.error["message"]


async def test_links_are_good_where_the_secret_is_the_same(world: World) -> None:
    secret = Settings(secret_key="s" * 32).secret_key
    other = Settings(secret_key="o" * 32).secret_key
    async with open_desk(world.creator, secret_key=secret) as one:
        link = (await one.trend(SIGN_UPS))["exports"]["csv"]
    async with open_desk(world.creator, secret_key=secret) as two:
        assert (await two.open(link)).status_code == 200
    async with open_desk(world.creator, secret_key=other) as three:
        assert (await three.open(link)).status_code == 403


async def test_limits_hold_for_links(desk: Desk) -> None:
    trend = await desk.trend({**SIGN_UPS, "breakdown": ["plan"]})
    async with open_desk(desk.person, query_max_rows=1) as small:
        response = await small.open(trend["exports"]["csv"])
    assert (response.status_code, "SELECT" in response.text) == (422, False)
