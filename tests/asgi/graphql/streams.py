"""Clients of streams: graphql-transport-ws over a WebSocket, and Server-Sent Events."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PROTOCOL: Final = Subprotocol("graphql-transport-ws")
FOLLOW: Final = """subscription($id: ID!, $query: TrendQueryInput!) { trend(projectId: $id, query: $query) {
    rowsRead totalRows bytesRead elapsedMs result { days series { label data count } } } }"""
"""A subscription to a trend."""


@dataclass
class Socket:
    """A client's end of a connection."""

    connected: ClientConnection
    unread: dict[str, list[Any]] = field(default_factory=dict)

    async def send(self, **message: object) -> None:
        await self.connected.send(json.dumps(message))

    async def receive(self) -> Any:
        """Return the next message of any operation."""
        text = await self.connected.recv()
        assert isinstance(text, str), "the protocol's messages are text"
        return json.loads(text)

    async def subscribe(self, id: str, query: str, variables: Mapping[str, object] | None = None) -> None:
        await self.send(type="subscribe", id=id, payload={"query": query, "variables": variables})

    async def next(self, id: str) -> Any:
        """Return the next message of one operation, and keep those of others until they are needed."""
        while not self.unread.get(id):
            message = await self.receive()
            self.unread.setdefault(message["id"], []).append(message)
        return self.unread[id].pop(0)

    async def all(self, id: str) -> list[Any]:
        """Return the messages of one operation, up to the one that ends it."""
        messages = [await self.next(id)]
        while messages[-1]["type"] == "next":
            messages.append(await self.next(id))
        return messages

    async def closed(self) -> tuple[int | None, str | None]:
        """Skip messages until the server closes the connection, and return code and reason."""
        with suppress(ConnectionClosed):
            while True:
                await self.connected.recv()
        return self.connected.close_code, self.connected.close_reason


@asynccontextmanager
async def dial(port: int, **options: Any) -> AsyncIterator[Socket]:
    """A connection without connection_init."""
    options = {"subprotocols": [PROTOCOL], "max_size": None, **options}
    path = options.pop("path", "/graphql")
    async with connect(f"ws://127.0.0.1:{port}{path}", **options) as connected:
        yield Socket(connected)


@asynccontextmanager
async def open_socket(port: int, key: str | None = None) -> AsyncIterator[Socket]:
    """An acknowledged connection."""
    async with dial(port) as socket:
        await socket.send(type="connection_init", payload={"Authorization": f"Bearer {key}"} if key else None)
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


def read_events(text: str) -> Iterator[tuple[str, Any]]:
    """Parse the events of a stream with their data, without its comments."""
    for block in filter(None, text.split("\n\n")):
        fields = dict(line.split(": ", 1) for line in block.split("\n") if not line.startswith(":"))
        if fields:
            yield fields["event"], json.loads(fields["data"]) if fields["data"] else None


def last_event(text: str) -> str:
    """Return the data of the last event before the end, as JSON."""
    *events, end = read_events(text)
    assert end == ("complete", None)
    return json.dumps(events[-1][1], separators=(",", ":"))
