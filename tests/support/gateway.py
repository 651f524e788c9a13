"""The application over real stores, with an HTTP client in the same process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx2

from asgi.app import create_app
from datasource.metadata.members import ensure_member
from datasource.metadata.projects import ensure_project
from datasource.metadata.records import ProjectRecord
from resolvers.stores import Stores
from schema.build import GatewaySchema
from settings import Settings
from tests.support.api_keys import make_key

NOW = datetime(2020, 1, 15, 13, 5, 1, tzinfo=UTC)
EMAIL = "ada@example.com"
ORGANIZATION = "Analytical Engines"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: httpx2.Headers
    body: Any

    @property
    def data(self) -> Any:
        """The data of a response without errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def error(self) -> Any:
        """The only error."""
        assert len(self.body["errors"]) == 1, self.body
        return self.body["errors"][0]

    @property
    def extensions(self) -> Any:
        return self.error["extensions"]


@dataclass(frozen=True)
class Gateway:
    """An application with its stores; `ask` sends a query as a client does."""

    stores: Stores
    settings: Settings
    client: httpx2.AsyncClient

    async def ask(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        key: str | None = None,
        accept: str = "application/json",
    ) -> Answer:
        headers = {"accept": accept, **({"authorization": f"Bearer {key}"} if key else {})}
        response = await self.client.post(
            "/graphql", json={"query": query, "variables": variables}, headers=headers
        )
        return Answer(response.status_code, response.headers, response.json())

    async def project(self, name: str, *, organization: str = ORGANIZATION) -> ProjectRecord:
        return await ensure_project(
            self.stores.metadata, organization=organization, name=name, timezone="America/New_York"
        )

    async def key(self, *scopes: str, project: ProjectRecord, only: bool = False) -> str:
        """A key of a member of the project's organization; `only` narrows it to the project."""
        owner = await ensure_member(
            self.stores.metadata, email=EMAIL, organization_id=project.organization_id, name="Ada"
        )
        return await make_key(self.stores.metadata, owner, scopes, projects=[project.id] if only else ())


@asynccontextmanager
async def open_gateway(
    stores: Stores, settings: Settings, *, schema: GatewaySchema | None = None
) -> AsyncIterator[Gateway]:
    app = create_app(settings, stores=stores, clock=lambda: NOW, schema=schema)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:
        yield Gateway(stores, settings, client)
