"""A project with ten thousand values of a property, and a client of it."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Answer, Gateway, open_gateway

VALUES = 10_000
_EVENTS = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT {project:UInt32}, 'view', toDateTime64('2019-12-01 12:00:00', 6, 'UTC') + toIntervalHour(number % 700),
    generateUUIDv4(), 'd', 1, generateUUIDv4(), concat('{"page": "p', toString(number), '"}')
FROM numbers({values:UInt32}) SETTINGS """
    + JSON_INSERT_SETTINGS
)
YEAR = {"events": [{}], "dateFrom": "2019-01-15", "dateTo": "2020-01-14", "breakdown": ["page"]}
"""365 days with 10,000 values."""
MONTH = {**YEAR, "dateFrom": "2019-12-01", "dateTo": "2019-12-31"}
WEEK: Mapping[str, Any] = {"events": [{}], "dateFrom": "2019-12-01", "dateTo": "2019-12-07"}
SERIES_OF_A_MONTH = {**MONTH, "events": [{}] * 26, "breakdown": None, "interval": "HOUR"}


@dataclass(frozen=True)
class ManyValues:
    """The project, and a key that may do everything."""

    gateway: Gateway
    id: str
    key: str

    async def trend(self, query: Mapping[str, Any], selected: str) -> Answer:
        document = f"""query($id: ID!, $query: TrendQueryInput!) {{
            project(id: $id) {{ trend(query: $query, refresh: FORCE) {{ {selected} }} }} }}"""
        return await self.ask(document, query=query)

    async def ask(self, document: str, **variables: Any) -> Answer:
        return await self.gateway.ask(document, {"id": self.id, **variables}, key=self.key)

    async def rest(self, **parameters: Any) -> httpx2.Response:
        given = {
            name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()
        }
        headers = {"authorization": f"Bearer {self.key}"}
        return await self.gateway.client.get(
            f"/api/projects/{self.id}/insights/trend/", params=given, headers=headers
        )

    async def link(self, query: Mapping[str, Any], form: str) -> str:
        trend = (await self.trend(query, f"exports {{ {form} }}")).data["project"]["trend"]
        return str(httpx2.URL(trend["exports"][form]).raw_path.decode())

    @asynccontextmanager
    async def limited(self, **settings: Any) -> AsyncIterator["ManyValues"]:
        """The same project behind a gateway with other settings."""
        changed = self.gateway.settings.model_copy(update=settings)
        async with open_gateway(self.gateway.stores, changed) as gateway:
            yield ManyValues(gateway, self.id, self.key)


async def seed_many_values(gateway: Gateway, name: str) -> ManyValues:
    """Create the project with its events."""
    project = await gateway.project(name)
    await gateway.stores.events.command(_EVENTS, {"project": project.id, "values": VALUES})
    return ManyValues(gateway, str(project.id), await gateway.key("*", project=project))
