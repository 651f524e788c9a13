"""Connections to a server that are kept for the next query. How many there are, the calls at once decide."""

import threading
from collections.abc import Callable
from typing import Final

from datasource.clickhouse.address import Host, Hosts
from datasource.clickhouse.connection import ServerConnection, is_lost, note_loss

IDLE_CHECK_S: Final = 10.0
"""A connection that was idle for longer is asked whether it still works before it is used."""


class Pool:
    """Idle connections, the one used last on top. Used by many threads."""

    def __init__(
        self, connect: Callable[[Host], ServerConnection], hosts: Hosts, *, idle_check_s: float = IDLE_CHECK_S
    ) -> None:
        self._connect = connect
        self._hosts = hosts
        self._idle_check_s = idle_check_s
        self._idle: list[ServerConnection] = []
        self._is_closed = False
        self._lock = threading.Lock()

    @property
    def idle(self) -> int:
        """How many connections wait for work."""
        return len(self._idle)

    def take(self, *, is_checked: bool) -> ServerConnection:
        """A connection that works, an idle one if there is any. `is_checked`: ask it first, however fresh it is.

        Raises the driver's error of the last host when none can be reached.
        """
        while (connection := self._pop()) is not None:
            if not is_checked and connection.idle_s < self._idle_check_s:
                return connection
            if connection.answers():
                return connection
            connection.close()
        return self._open()

    def give_back(self, connection: ServerConnection) -> None:
        """Keep the connection for the next one, unless a better host is to be used by now."""
        with self._lock:
            if not self._is_closed and connection.host == self._hosts.preferred():
                connection.rest()
                self._idle.append(connection)
                return
        connection.close()

    def drop(self, host: Host) -> None:
        """Forget the idle connections of a host; they are most likely as lost as the one that just was."""
        with self._lock:
            lost = [connection for connection in self._idle if connection.host == host]
            self._idle = [connection for connection in self._idle if connection.host != host]
        for connection in lost:
            connection.close()

    def close(self) -> None:
        """Close the idle ones, and from now on those given back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _pop(self) -> ServerConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self) -> ServerConnection:
        *others, last = self._hosts.in_order()
        for host in others:
            try:
                return self._open_to(host)
            except Exception as failure:
                if not is_lost(failure):
                    raise
        return self._open_to(last)

    def _open_to(self, host: Host) -> ServerConnection:
        try:
            connection = self._connect(host)
        except Exception as failure:
            if is_lost(failure):
                note_loss(failure, host)
                self._hosts.failed(host)
            raise
        self._hosts.answered(host)
        return connection
