"""A project with events, and a client that requests its trends over REST."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2

from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Gateway

DATES = {"date_from": "2020-01-13", "date_to": "2020-01-14"}

_EVENTS = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT
    {project:UInt32}, row.1, toDateTime64(row.2, 6, 'UTC'), generateUUIDv4(), 'd', row.3, generateUUIDv4(), row.4
FROM (SELECT arrayJoin([
    ('sign up', '2020-01-13 12:00:00', 1, '{"plan": "pro", "price": 4, "a,b": "x"}'),
    ('sign up', '2020-01-14 12:00:00', 1, '{"plan": "pro", "price": 2.5}'),
    ('sign up', '2020-01-14 13:00:00', 2, '{"plan": "free"}'),
    ('pay', '2020-01-14 14:00:00', 1, '{"plan": "pro", "price": 10}')]) AS row)
SETTINGS """
    + JSON_INSERT_SETTINGS
)


async def add_events(gateway: Gateway, project_id: int) -> None:
    """Add three sign-ups of two people, and a payment."""
    await gateway.stores.events.command(_EVENTS, {"project": project_id})


@dataclass(frozen=True)
class RestClient:
    """A client with a key, for one project."""

    gateway: Gateway
    project_id: str
    key: str | None

    @property
    def path(self) -> str:
        return f"/api/projects/{self.project_id}/insights/trend/"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"} if self.key else {}

    async def get(self, **parameters: Any) -> httpx2.Response:
        """Lists and objects are sent as JSON."""
        return await self.gateway.client.get(self.path, params=encoded(parameters), headers=self.headers)

    async def post(self, body: Mapping[str, Any], **parameters: Any) -> httpx2.Response:
        return await self.gateway.client.post(
            self.path, json=body, params=encoded(parameters), headers=self.headers
        )

    async def rows(self, **parameters: Any) -> list[dict[str, Any]]:
        response = await self.get(**{**DATES, **parameters})
        assert response.status_code == 200, response.text
        rows: list[dict[str, Any]] = response.json()["results"]
        return rows


def encoded(parameters: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in parameters.items()}
