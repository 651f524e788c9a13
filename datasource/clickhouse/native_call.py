"""One statement on its way to a server: on which connection, how often, and how it is ended."""

import logging
import threading
from collections.abc import Callable
from typing import Final
from uuid import uuid4

from datasource.clickhouse.address import Host
from datasource.clickhouse.connection import (
    Question,
    Reply,
    ServerConnection,
    Wait,
    explain,
    is_lost,
    is_silence,
    note_loss,
)
from datasource.clickhouse.failures import translate
from datasource.clickhouse.pool import Pool
from datasource.clickhouse.wire import Timeouts

logger = logging.getLogger("trendgate")

ATTEMPTS: Final = 3
_ABORT_AFTER_S: Final = 0.8


class NativeCall:
    """See Call. A repeatable one is tried again where a connection was lost before any row had arrived."""

    def __init__(
        self,
        pool: Pool,
        connect: Callable[[Host, Host | None], ServerConnection],
        question: Question,
        timeouts: Timeouts,
        *,
        is_repeatable: bool,
    ) -> None:
        self._pool = pool
        self._connect = connect
        self._question = question
        self._to_connect = Wait("connection", timeouts.connect_s)
        self._to_answer = Wait("answer", timeouts.receive_s)
        self._attempts = ATTEMPTS if is_repeatable else 1
        self._id = f"trendgate-{uuid4().hex}"
        self._lock = threading.Lock()
        self._connection: ServerConnection | None = None
        self._query_id = ""
        self._is_stopped = False

    def run(self) -> Reply:
        """See Call.run."""
        for attempt in range(1, self._attempts + 1):
            self._refuse_if_stopped()
            try:
                connection = self._pool.take(is_checked=self._attempts == 1)
            except Exception as failure:
                raise explain(failure, self._to_connect) from failure
            try:
                return self._run_on(connection, f"{self._id}-{attempt}")
            except Exception as failure:
                self._discard(connection, failure)
                self._refuse_if_stopped()
                if attempt == self._attempts or connection.has_begun or not _is_worth_another(failure):
                    raise explain(failure, self._to_answer, self._question.limits) from failure
        raise AssertionError("the last attempt answers or raises")

    def stop(self, asked_s: float) -> None:
        """See Call.stop. The server is told to end the query, and if that does not help, the line is cut."""
        with self._lock:
            self._is_stopped = True
            connection = self._connection
        if connection is None:  # connecting; that ends by itself
            return
        if asked_s >= _ABORT_AFTER_S or not self._kill(connection):
            connection.abort()

    def _run_on(self, connection: ServerConnection, query_id: str) -> Reply:
        self._query_id = query_id
        self._hold(connection)
        try:
            self._refuse_if_stopped()
            reply = connection.run(self._question, query_id)
        finally:
            self._hold(None)
        self._refuse_if_stopped()  # or somebody may cut a connection that is in the pool by then
        self._pool.give_back(connection)
        return reply

    def _hold(self, connection: ServerConnection | None) -> None:
        with self._lock:
            self._connection = connection

    def _discard(self, connection: ServerConnection, failure: Exception) -> None:
        connection.close()
        if is_lost(failure) and not self._is_stopped:
            note_loss(failure, connection.host)
            self._pool.drop(connection.host)

    def _refuse_if_stopped(self) -> None:
        if self._is_stopped:
            raise translate("Code: 394.")

    def _kill(self, connection: ServerConnection) -> bool:
        kill = Question(f"KILL QUERY WHERE query_id = '{self._query_id}' ASYNC", {}, {}, ())
        try:
            other = self._connect(connection.host, connection.peer)
        except Exception as failure:
            logger.warning(
                "a query at %s cannot be ended: %s", connection.host, explain(failure, self._to_connect)
            )
            return False
        try:
            other.run(kill, f"{self._query_id}-kill")
        except Exception as failure:
            logger.warning("a query at %s cannot be ended: %s", connection.host, explain(failure, self._to_answer))
            return False
        finally:
            other.close()
        return True


def _is_worth_another(failure: Exception) -> bool:
    # After a silence the server may still be at work, and would be so twice.
    return is_lost(failure) and not is_silence(failure)
