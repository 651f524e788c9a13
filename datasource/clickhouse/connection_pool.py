"""Idle connections to a server. The number of worker threads bounds how many there are."""

import threading
from collections.abc import Callable
from typing import Final

from datasource.clickhouse.address import Host
from datasource.clickhouse.connection import ServerConnection
from datasource.clickhouse.driver_errors import is_lost, log_loss
from datasource.clickhouse.failover import Failover

IDLE_CHECK_S: Final = 10.0
"""A connection that was idle for longer is pinged before it is used."""


class ConnectionPool:
    """A stack of idle connections, the most recently used one on top. Thread-safe."""

    def __init__(
        self,
        connect: Callable[[Host], ServerConnection],
        failover: Failover,
        *,
        idle_check_s: float = IDLE_CHECK_S,
    ) -> None:
        self._connect = connect
        self._failover = failover
        self._idle_check_s = idle_check_s
        self._idle: list[ServerConnection] = []
        self._is_closed = False
        self._lock = threading.Lock()

    @property
    def idle(self) -> int:
        """The number of idle connections."""
        return len(self._idle)

    def acquire(self, *, always_ping: bool) -> ServerConnection:
        """Return an idle connection that works, or open one. `always_ping`: ping even a fresh one first.

        Raises the driver's error for the last host when none can be reached.
        """
        while (connection := self._pop()) is not None:
            if not always_ping and connection.idle_s < self._idle_check_s:
                return connection
            if connection.ping():
                return connection
            connection.close()
        return self._open()

    def release(self, connection: ServerConnection) -> None:
        """Keep the connection for the next statement, unless a better host can be reached by now."""
        with self._lock:
            if not self._is_closed and connection.host == self._failover.preferred():
                connection.mark_idle()
                self._idle.append(connection)
                return
        connection.close()

    def drop(self, host: Host) -> None:
        """Close the idle connections to a host that has just been lost."""
        with self._lock:
            lost = [connection for connection in self._idle if connection.host == host]
            self._idle = [connection for connection in self._idle if connection.host != host]
        for connection in lost:
            connection.close()

    def close(self) -> None:
        """Close the idle connections, and later those that are released."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _pop(self) -> ServerConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _open(self) -> ServerConnection:
        *others, last = self._failover.in_order()
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
                log_loss(failure, host)
                self._failover.mark_down(host)
            raise
        self._failover.mark_up(host)
        return connection
