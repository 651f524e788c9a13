"""One statement on a server: retried when its connection is lost, and ended when it is cancelled."""

import logging
import threading
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from datasource.clickhouse.address import Host
from datasource.clickhouse.connection import NativeRequest, NativeResponse, ServerConnection
from datasource.clickhouse.connection_pool import ConnectionPool
from datasource.clickhouse.driver_errors import WaitStage, is_lost, is_timeout, log_loss, translate_failure
from datasource.clickhouse.errors import cancelled
from datasource.clickhouse.protocol import Timeouts

MAX_ATTEMPTS: Final = 3
_ABORT_AFTER_S: Final = 0.8

logger = logging.getLogger("trendgate.clickhouse")


class NativeJob:
    """A job that runs one statement.

    An idempotent one is retried when the connection is lost before any row has arrived.
    """

    def __init__(
        self,
        pool: ConnectionPool,
        connect: Callable[[Host, Host | None], ServerConnection],
        request: NativeRequest,
        timeouts: Timeouts,
        *,
        is_idempotent: bool,
    ) -> None:
        self._pool = pool
        self._connect = connect
        self._request = request
        self._connecting = WaitStage("connection", timeouts.connect_s)
        self._answering = WaitStage("answer", timeouts.receive_s)
        self._max_attempts = MAX_ATTEMPTS if is_idempotent else 1
        self._id = f"trendgate-{uuid4().hex}"
        self._lock = threading.Lock()
        self._connection: ServerConnection | None = None
        self._query_id = ""
        self._is_stopped = False

    def run(self) -> NativeResponse:
        for attempt in range(1, self._max_attempts + 1):
            self._check_not_stopped()
            try:
                # A statement that cannot be retried must not meet a connection that is dead already.
                connection = self._pool.acquire(always_ping=self._max_attempts == 1)
            except Exception as failure:
                raise translate_failure(failure, self._connecting) from failure
            try:
                return self._run_on(connection, f"{self._id}-{attempt}")
            except Exception as failure:
                self._discard(connection, failure)
                self._check_not_stopped()
                if attempt == self._max_attempts or connection.has_rows or not _is_retryable(failure):
                    raise translate_failure(failure, self._answering, self._request.limits) from failure
        raise AssertionError("the last attempt returns or raises")

    def stop(self, stopping_s: float) -> None:
        """Kill the query on the server. When that fails or takes too long, cut the connection."""
        with self._lock:
            self._is_stopped = True
            connection = self._connection
        if connection is None:  # still connecting, which has a timeout
            return
        if stopping_s >= _ABORT_AFTER_S or not self._kill(connection):
            connection.abort()

    def _run_on(self, connection: ServerConnection, query_id: str) -> NativeResponse:
        self._query_id = query_id
        self._set_connection(connection)
        try:
            self._check_not_stopped()
            response = connection.run(self._request, query_id)
        finally:
            self._set_connection(None)
        self._check_not_stopped()  # `stop` may be about to cut the connection, so it must not go to the pool
        self._pool.release(connection)
        return response

    def _set_connection(self, connection: ServerConnection | None) -> None:
        with self._lock:
            self._connection = connection

    def _discard(self, connection: ServerConnection, failure: Exception) -> None:
        connection.close()
        if is_lost(failure) and not self._is_stopped:
            log_loss(failure, connection.host)
            self._pool.drop(connection.host)

    def _check_not_stopped(self) -> None:
        if self._is_stopped:
            raise cancelled()

    def _kill(self, connection: ServerConnection) -> bool:
        request = NativeRequest(f"KILL QUERY WHERE query_id = '{self._query_id}' ASYNC", {}, {}, ())
        try:
            other = self._connect(connection.host, connection.peer)
        except Exception as failure:
            self._log_failed_kill(connection.host, failure, self._connecting)
            return False
        try:
            other.run(request, f"{self._query_id}-kill")
        except Exception as failure:
            self._log_failed_kill(connection.host, failure, self._answering)
            return False
        finally:
            other.close()
        return True

    def _log_failed_kill(self, host: Host, failure: Exception, stage: WaitStage) -> None:
        logger.warning("cannot kill a query at %s: %s", host, translate_failure(failure, stage))


def _is_retryable(failure: Exception) -> bool:
    # After a timeout the server may still be running the statement, and a retry would double its work.
    return is_lost(failure) and not is_timeout(failure)
