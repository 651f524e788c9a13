"""Closes connections whose clients keep the server waiting, and makes room for new ones."""

import asyncio
import math
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Final, Protocol, cast

from uvicorn.server import ServerState

from asgi.sockets.clock import Clock
from settings import Settings

PROGRESS_BYTES: Final = 64 * 1024
"""What a client must read in the time for reading, so that a reader of single bytes does not count as one."""
SWEEP_S: Final = 1.0
SLOW_S: Final = 1.0
"""How long a client has read nothing when its connection may be closed for lack of memory."""
_NO_LINGER: Final = struct.pack("ii", 1, 0)


class Connection(Protocol):
    """A protocol of uvicorn, for HTTP or WebSockets."""

    transport: asyncio.Transport

    def time_out(self) -> None:
        """Close the connection: the client took too long to send."""


@dataclass(frozen=True, slots=True)
class SocketLimits:
    """Limits for the sockets of a process, times in seconds."""

    connections: int
    keep_alive_s: float
    head_s: float
    body_s: float
    send_s: float
    body_bytes: int

    @classmethod
    def from_settings(cls, settings: Settings, connections: int) -> "SocketLimits":
        """The limits of the settings, with as many connections as the process can open."""
        return cls(
            connections=connections,
            keep_alive_s=settings.keep_alive_s,
            head_s=settings.head_timeout_s,
            body_s=settings.body_timeout_s,
            send_s=settings.send_timeout_s,
            body_bytes=settings.max_request_bytes,
        )


class Guard(ServerState):
    """uvicorn's state of a server, which all protocols have, with what each connection waits for.

    A connection that runs a request is on no clock: that time is limited elsewhere.
    """

    def __init__(self, limits: SocketLimits, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.limits: Final = limits
        self.idle: Final = Clock[Connection](limits.keep_alive_s, now)
        """Connections between two requests."""
        self.head: Final = Clock[Connection](limits.head_s, now)
        self.body: Final = Clock[Connection](limits.body_s, now)
        self.guests: Final = Clock[Connection](math.inf, now)
        """WebSockets whose clients have shown no key. graphql/websocket.py limits how long they may be idle."""
        self._now = now
        self._unread: dict[Connection, tuple[float, int]] = {}
        """Connections that cannot send what they have: since when, and how many bytes there were."""
        self._cut: set[Connection] = set()
        """Connections that will be gone in the next round of the event loop."""
        self._next_sweep = 0.0

    @property
    def is_full(self) -> bool:
        """Whether there are more connections than allowed; those beyond are answered with an error."""
        return len(self.connections) - len(self._cut) > self.limits.connections

    def limit_buffers(self, connection: Connection) -> None:
        """Make the operating system drop what it has taken to send, for a client that reads nothing of it."""
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; elsewhere it takes minutes
            milliseconds = max(1, round(self.limits.send_s * 1000))
            accepted = connection.transport.get_extra_info("socket")
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)

    def wait_for_reader(self, connection: Connection) -> None:
        """The client does not read as fast as the server sends."""
        self._unread.setdefault(connection, (self._now(), connection.transport.get_write_buffer_size()))

    def has_read(self, connection: Connection) -> None:
        self._unread.pop(connection, None)

    def forget(self, connection: Connection) -> None:
        """The connection is closed."""
        for clock in (self.idle, self.head, self.body, self.guests):
            clock.stop(connection)
        self._unread.pop(connection, None)
        self._cut.discard(connection)

    def make_room(self, newcomer: Connection) -> None:
        """While there are too many connections, close the one that has kept the server waiting the longest."""
        while self.is_full:
            clocks = (self.idle, self.head, self.body, self.guests)
            waits = [wait for clock in clocks if (wait := clock.longest(except_for=newcomer)) is not None]
            waits += [(since, connection) for connection, (since, _) in islice(self._unread.items(), 1)]
            if not waits:
                return
            _, longest = min(waits, key=lambda wait: wait[0])
            self._abort(longest)

    def relieve(self) -> None:
        """Memory is short: close the connection that has waited longest for its client to read."""
        since, connection = min(
            ((since, connection) for connection, (since, _) in self._unread.items()),
            key=lambda wait: wait[0],
            default=(math.inf, None),
        )
        if connection is not None and self._now() - since >= SLOW_S:
            self._abort(connection)

    def check(self) -> None:
        """Close the connections whose time is up; called several times a second."""
        for clock in (self.idle, self.head):
            for connection in clock.expired():
                if connection.transport.get_write_buffer_size():
                    self.wait_for_reader(connection)  # the answer to the last request is still on its way
                else:
                    connection.time_out()
        for connection in self.body.expired():
            connection.time_out()
        now = self._now()
        for connection, (since, size) in list(self._unread.items()):
            if now - since >= self.limits.send_s:
                self._check_reader(connection, size, now)
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_S
            self._find_unfinished_closes()

    def _check_reader(self, connection: Connection, size: int, now: float) -> None:
        left = connection.transport.get_write_buffer_size()
        if size - left >= PROGRESS_BYTES:
            self._unread[connection] = (now, left)
        else:
            self._abort(connection)

    def _abort(self, connection: Connection) -> None:
        self.forget(connection)
        self._cut.add(connection)
        # Otherwise the operating system keeps what is left to send, for a client that does not read it.
        connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        connection.transport.abort()

    def _find_unfinished_closes(self) -> None:
        # A closed transport sends the rest of its buffer first, however long its client does not read it.
        for connection in self.connections:
            if connection.transport.is_closing():
                self.wait_for_reader(cast(Connection, connection))
