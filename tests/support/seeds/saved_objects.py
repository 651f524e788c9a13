"""Projects with keys and events, for tests of saved actions, insights and cohorts."""

from dataclasses import dataclass
from typing import Any

from datasource.metadata.records import ProjectRecord
from datasource.tables.steps import JSON_INSERT_SETTINGS
from tests.support.gateway import Answer, Gateway

EVENTS = (
    """INSERT INTO events (project_id, event, timestamp, uuid, distinct_id, person_no, person_id, properties)
SELECT
    {project:UInt32}, name, toDateTime64(at, 6, 'UTC'), generateUUIDv4(), 'd', 1, generateUUIDv4(), properties
FROM (SELECT arrayJoin([
    ('sign up', '2020-01-13 12:00:00', '{"plan": "pro"}'),
    ('sign up', '2020-01-14 12:00:00', '{"plan": "free"}'),
    ('pay', '2020-01-14 13:00:00', '{"plan": "pro"}'),
    ('view', '2020-01-14 14:00:00', '{"$current_url": "https://shop.example/pricing"}')
]) AS row, row.1 AS name, row.2 AS at, row.3 AS properties)
SETTINGS """
    + JSON_INSERT_SETTINGS
)


@dataclass(frozen=True)
class Shop:
    """A project with events, and a key with every scope for it."""

    gateway: Gateway
    project: ProjectRecord
    key: str

    @property
    def id(self) -> str:
        return str(self.project.id)

    async def ask(self, query: str, /, **variables: Any) -> Answer:
        """Send a query whose variable `project` is the project's id."""
        return await self.gateway.ask(query, {"project": self.id, **variables}, key=self.key)

    async def ask_with(self, scopes: list[str], query: str, /, **variables: Any) -> Answer:
        """Send a query with a key of these scopes."""
        key = await self.gateway.key(*scopes, project=self.project)
        return await self.gateway.ask(query, {"project": self.id, **variables}, key=key)


async def open_shop(gateway: Gateway, name: str, *, organization: str = "Shops") -> Shop:
    project = await gateway.project(name, organization=organization)
    return Shop(gateway, project, await gateway.key("*", project=project, only=True))
