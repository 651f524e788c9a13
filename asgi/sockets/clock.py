"""How long connections have been waiting for their clients."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

Connection = TypeVar("Connection")


class Clock(Generic[Connection]):
    """The connections that wait for the same thing, by the time since which they do.

    A dictionary in the order of these times: the longest wait is the first, and finding it takes no time.
    """

    def __init__(self, limit_s: float, now: Callable[[], float]) -> None:
        self._limit_s = limit_s
        self._now = now
        self._since: dict[Connection, float] = {}

    def __contains__(self, connection: Connection) -> bool:
        return connection in self._since

    def start(self, connection: Connection) -> None:
        """Start waiting, again if the connection already waits."""
        self._since.pop(connection, None)
        self._since[connection] = self._now()

    def stop(self, connection: Connection) -> None:
        self._since.pop(connection, None)

    def longest(self, *, except_for: Connection) -> tuple[float, Connection] | None:
        """Return the connection that has been waiting the longest, and since when."""
        return next(((since, each) for each, since in self._since.items() if each is not except_for), None)

    def expired(self) -> Iterator[Connection]:
        """Yield the connections whose time is up, and stop them."""
        until = self._now() - self._limit_s
        while self._since:
            connection, since = next(iter(self._since.items()))
            if since > until:
                return
            del self._since[connection]
            yield connection
