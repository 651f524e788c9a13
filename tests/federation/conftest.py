"""The gateway behind a real socket, for programs of other vendors."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from asgi.app import create_app
from asgi.server import Server
from resolvers.stores import Stores
from settings import Settings
from tests.asgi.conftest import gateway, settings, stores
from tests.federation import scripts
from tests.support.gateway import NOW

__all__ = ["gateway", "settings", "stores"]


@dataclass(frozen=True)
class Endpoint:
    """A GraphQL server, and a client for it."""

    url: str
    client: httpx2.AsyncClient

    async def execute(self, query: str, *, key: str | None = None, **variables: Any) -> Any:
        """Send an operation, and return the body of the response."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = {"query": query, "variables": variables}
        return (await self.client.post(self.url, json=body, headers=headers)).json()


@asynccontextmanager
async def serve(stores: Stores, settings: Settings) -> AsyncIterator[str]:
    """Serve the gateway, and yield its URL."""
    started = asyncio.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        app = create_app(settings, stores=stores, clock=lambda: NOW)
        server = Server(app, settings, on_start=started.set)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await started.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
        finally:
            server.stop()
            server.stop()  # the second call does not wait for open connections
            await serving


@pytest.fixture(scope="session")
def tools() -> None:
    """Installs the npm packages."""
    scripts.install()


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=scripts.PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="session")
async def gateway_endpoint(
    stores: Stores, settings: Settings, client: httpx2.AsyncClient
) -> AsyncIterator[Endpoint]:
    async with serve(stores, settings) as url:
        yield Endpoint(url, client)
