"""The gateway behind a real socket, and what other makers' programs need to talk to it."""

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
from tests.federation import node
from tests.support.gateway import NOW

__all__ = ["gateway", "settings", "stores"]


@dataclass(frozen=True)
class Endpoint:
    """A GraphQL server at an address."""

    url: str
    client: httpx2.AsyncClient

    async def ask(self, query: str, *, key: str | None = None, **variables: Any) -> Any:
        """The body of the answer."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = {"query": query, "variables": variables}
        return (await self.client.post(self.url, json=body, headers=headers)).json()


@asynccontextmanager
async def serve(stores: Stores, settings: Settings) -> AsyncIterator[str]:
    """The address of the gateway, served by the real server."""
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
            server.stop()
            await serving


@pytest.fixture(scope="session")
def tools() -> None:
    """Other makers' packages are installed."""
    node.install()


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(timeout=node.PATIENCE_S) as client:
        yield client


@pytest.fixture(scope="session")
async def served(stores: Stores, settings: Settings, client: httpx2.AsyncClient) -> AsyncIterator[Endpoint]:
    async with serve(stores, settings) as url:
        yield Endpoint(url, client)
